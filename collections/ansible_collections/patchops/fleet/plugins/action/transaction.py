# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a transaction on a host, attach to it over as many connections as it takes, and say how it ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.operations import table
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import named, plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.connection_failures import TRANSIENT
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import IdentityError
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import (
    Answer,
    call,
    call_until,
    reset_connection,
    variable,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.ownership import Phase, claim_arguments
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import (
    PatchSetAltered,
    PatchSetError,
    select_platform,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_signature import (
    PatchSetNotTrusted,
    check_signature,
    signers_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_source import load_patch_set

_KIND = "patchops.transaction"
_DEFAULT_TIMEOUT = 3600.0
_DEFAULT_CONFIRM_SECONDS = int(table.find("transaction").arguments["confirm_within"]["default"])
# Planning reads repositories over lines of any speed, and waits for locks.
_START_LIMIT = 1500.0
# The connection broke while the worker was being started: is the host back soon, one more call tells.
_START_AGAIN_SECONDS = 120.0
# One call waits this long on the host: each costs both sides the start of a module. ssh notices a connection
# that is lost meanwhile by its own questions.
_QUESTION_SECONDS = 60
_QUESTION_LIMIT = 100.0
# The pause where a host says before its time that it goes on; doubled each time. An honest host does
# that when a worker ends; one that lies could keep the controller busy for hours.
_EARLY_PAUSE = 1.0
# A worker that died is started again this often; after that something kills it on purpose.
_RESUMES = 3
# What a login that an update has broken says too; the host takes such an update back by itself.
_LOCKED_OUT = TRANSIENT | {"become_failed", "python_missing", "python_unsupported"}
# For the host to take a change back that nobody could confirm, once the time for it is over.
_TAKING_BACK_SECONDS = 900.0
_COMING_TO = ("outcome", "summary", "failed", "changed")
_MOST_NAMED = 10
_LONGEST_PATH = 300
_SELECTIONS = ("packages", "patch_set", "select", "supersede_staged", "refresh")


class ActionModule(ActionBase):  # type: ignore[misc]
    """The controller's half of transaction."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        arguments = dict(self._task.args)
        phase: Phase = "staged" if arguments.get("state") == "staged" else "changed"
        try:
            self._claim = claim_arguments(self, task_vars, phase)
        except IdentityError as error:
            return make_result("bad_arguments", f"{error}. Nothing was asked.", transaction=None)
        arguments = {**self._claim, **arguments}
        wait = boolean(arguments.get("wait", True), strict=False)
        timeout = float(arguments.get("timeout") or _DEFAULT_TIMEOUT)
        arguments.update(wait=wait, timeout=int(min(timeout, _QUESTION_SECONDS)))
        refusal = self._resolve_patch_set(arguments, task_vars)
        if refusal is not None:
            return refusal
        if arguments.get("state") in ("confirmed", "committed"):
            reset_connection(self)  # either says that one can log in
        answer = self._start(arguments, task_vars)
        if wait and (_is_to_be_attended(answer, arguments["state"]) or _is_to_be_confirmed(answer)):
            return self._attend(answer, arguments, task_vars, timeout)
        return answer.result

    def _resolve_patch_set(
        self, arguments: dict[str, Any], task_vars: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Put the host's part in the place of a whole patch set; return a refusal, or None."""
        if arguments.get("patch_set") is None:
            return None
        try:
            document = load_patch_set(arguments["patch_set"])
            signers = signers_of(
                variable(self, task_vars, "patchops_allowed_signers"),
                variable(self, task_vars, "patchops_revoked_signers"),
            )
            if signers is not None:
                check_signature(document, signers)
        except PatchSetNotTrusted as error:
            return make_result("patch_set_not_trusted", f"{error}. Nothing was changed.", transaction=None)
        except PatchSetAltered as error:
            return make_result("patch_set_tampered", f"{error} Nothing was changed.", transaction=None)
        except (PatchSetError, DocumentError) as error:
            return make_result("document_invalid", f"{error}. Nothing was changed.", transaction=None)
        platform = arguments.get("platform")
        if not platform:
            asked = call(self, "transaction_info", {}, task_vars)
            if asked.unreachable or "platform" not in asked.result:
                return asked.result
            platform = str(asked.result["platform"])
        part = select_platform(document, platform)
        if part is None:
            host = str(task_vars.get("inventory_hostname", "The host"))
            return make_result(
                "platform_missing",
                f"{host} is {plain(platform, 80)}; the patch set {document['id'][:12]} has "
                f"{named(sorted(document['platforms']), _MOST_NAMED) or 'no platform'}. Nothing was changed.",
                "Prove a set on a host of this platform.",
                transaction=None,
            )
        arguments["patch_set"] = {"id": document["id"], **part}
        return None

    def _start(self, arguments: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Answer:
        answer = call(self, "transaction", arguments, task_vars, kind=_KIND, acts=True, limit=_START_LIMIT)
        if answer.code == "confirmation_pending":
            # An earlier run was cut off before it could: that this one can log in anew says the same.
            self._call_confirmed({}, task_vars, _START_AGAIN_SECONDS)
            answer = call(
                self, "transaction", arguments, task_vars, kind=_KIND, acts=True, limit=_START_LIMIT
            )
        if answer.code != "connection_lost":
            return answer
        # The same call again attaches to what the lost one began.
        again = call_until(
            self,
            "transaction",
            arguments,
            task_vars,
            kind=_KIND,
            acts=True,
            deadline=min(_START_AGAIN_SECONDS, float(arguments.get("timeout") or _DEFAULT_TIMEOUT)),
            limit=_START_LIMIT,
        )
        return _perhaps_begun(again, task_vars) if again.unreachable else again

    def _attend(
        self, started: Answer, arguments: dict[str, Any], task_vars: Mapping[str, Any], timeout: float
    ) -> dict[str, Any]:
        ends = time.monotonic() + timeout
        answer, last, resumes, confirmed = started, started, 0, False
        goal = str(arguments["state"])
        within = _confirm_seconds(arguments)
        transaction_id = started.result["transaction"]["id"]
        pace = _Pace()
        while True:
            if answer.result.get("live"):
                left = ends - time.monotonic()
                if left <= 0:
                    return _given_up(last, started, task_vars, timeout, within)
                seconds = max(1, min(_QUESTION_SECONDS, int(left)))
                pace.asks(seconds)
                answer = self._ask(transaction_id, seconds, left, task_vars, _transient(last))
                if answer.unreachable:
                    return _given_up(last, started, task_vars, timeout, within, answer)
                last = answer if "transaction" in answer.result else last
                if answer.result.get("live"):
                    pace.keep()
            elif resumes < _RESUMES and _is_to_be_attended(answer, goal):
                # By its id: what was selected is frozen in the transaction.
                again = {key: value for key, value in arguments.items() if key not in _SELECTIONS}
                answer = self._start({**again, "id": transaction_id}, task_vars)
                resumes += 1
            elif _is_to_be_confirmed(answer) and not confirmed:
                confirmed = True
                answer = self._confirm(answer, task_vars, within)
                if answer.unreachable:
                    return _given_up(last, started, task_vars, timeout, within, answer)
            else:
                return _final(answer, started)

    def _confirm(self, applied: Answer, task_vars: Mapping[str, Any], longest: int) -> Answer:
        """Log in anew and tell the host so. Where nobody can, wait until it has taken the change back.

        `longest`: seconds that this call asked for. A host that names more is not waited for any longer.
        """
        within = min(applied.result["confirm"]["within"], longest)
        of = {"id": applied.result["transaction"]["id"]}
        answer = self._call_confirmed(of, task_vars, within + _TAKING_BACK_SECONDS)
        if answer.code != "confirmed":
            return answer
        # The confirmation is a detail; what the call came to is what was applied.
        result = {**answer.result, **{key: applied.result.get(key) for key in _COMING_TO}}
        return Answer(result, answer.document)

    def _call_confirmed(self, of: Mapping[str, Any], task_vars: Mapping[str, Any], deadline: float) -> Answer:
        return call_until(
            self,
            "transaction",
            {**of, **self._claim, "state": "confirmed"},
            task_vars,
            deadline=deadline,
            kind=_KIND,
            acts=True,
            limit=_QUESTION_LIMIT,
            transient=_LOCKED_OUT,
            # Where Python itself came broken, the host takes that back.
            crash_patience=deadline,
        )

    def _ask(
        self,
        transaction_id: str,
        seconds: int,
        left: float,
        task_vars: Mapping[str, Any],
        transient: frozenset[str],
    ) -> Answer:
        return call_until(
            self,
            "transaction_info",
            {"id": transaction_id, "wait_seconds": seconds, **_owner(self._claim)},
            task_vars,
            deadline=left,
            kind=_KIND,
            acts=True,
            limit=_QUESTION_LIMIT,
            fresh=False,
            transient=transient,
        )


class _Pace:
    """Keeps questions apart, whenever the host answers them."""

    def __init__(self) -> None:
        self._pause = _EARLY_PAUSE
        self._due = 0.0

    def asks(self, seconds: float) -> None:
        """Note that the host is asked to answer within `seconds`, sooner only when something has ended."""
        self._due = time.monotonic() + seconds

    def keep(self) -> None:
        """Wait where the host said before its time that it goes on."""
        early = self._due - time.monotonic()
        if early <= _EARLY_PAUSE:
            self._pause = _EARLY_PAUSE
            return
        time.sleep(min(self._pause, early))
        self._pause *= 2


def _confirm_seconds(arguments: Mapping[str, Any]) -> int:
    """Return for how long a host may wait for its confirmation, as this call asks for it.

    An earlier call may have had the host wait where this one asks for none.
    """
    return int(arguments.get("confirm_within") or 0) or _DEFAULT_CONFIRM_SECONDS


def _owner(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {key: claim[key] for key in ("run_id", "claim")}


def _transient(last: Answer) -> frozenset[str]:
    return _LOCKED_OUT if (last.result.get("confirm") or {}).get("state") else TRANSIENT


def _is_to_be_confirmed(answer: Answer) -> bool:
    return bool((answer.result.get("confirm") or {}).get("state") == "pending")


def _is_to_be_attended(answer: Answer, goal: str) -> bool:
    """Tell whether it goes on, or stands short of its goal: a dead worker, or another call's nearer goal."""
    if answer.result.get("live") or answer.result.get("interrupted"):
        return True
    state = (answer.result.get("transaction") or {}).get("state")
    return goal == "applied" and state == "staged" and answer.code == "staged"


def _final(answer: Answer, started: Answer) -> dict[str, Any]:
    result = dict(answer.result)
    result.pop("transactions", None)
    if not result.get("plan"):
        result["plan"] = started.result.get("plan")
    if "diff" in started.result:
        result["diff"] = started.result["diff"]
    result["changed"] = bool(started.result["changed"]) and result["outcome"]["class"] != "refused"
    return result


def _perhaps_begun(answer: Answer, task_vars: Mapping[str, Any]) -> Answer:
    """Say of a host that went away during the first call that it may have heard it."""
    host = str(task_vars.get("inventory_hostname", "the host"))
    return Answer(
        make_result(
            "outcome_unknown",
            f"{host} can't be asked any more ({_why(answer)}); it went away while the transaction was "
            "started, which may have begun.",
            "If it has, it goes on by itself. Run the same command again: it attaches, or begins.",
            changed=True,
            transaction=None,
            plan=None,
            document=None,
        )
    )


def _why(answer: Answer) -> str:
    """Return why a host could not be asked; that this one question changed nothing is of no interest here."""
    return str(answer.result["outcome"]["message"]).partition("; ")[0]


def _given_up(
    last: Answer,
    started: Answer,
    task_vars: Mapping[str, Any],
    timeout: float,
    longest: int,
    answer: Answer | None = None,
) -> dict[str, Any]:
    host = str(task_vars.get("inventory_hostname", "the host"))
    known = last.result["transaction"]
    confirm = last.result.get("confirm") or {}
    alone = "The transaction goes on by itself."
    if confirm.get("state") == "pending":
        within = min(confirm["within"], longest)
        alone = f"Unless somebody logs in anew within {within} seconds, the host goes back by itself."
    journal = plain(known["journal"], _LONGEST_PATH)
    remedy = f"{alone} Run the same command again to attach to it, or read {journal} on the host."
    seen = f"transaction {known['id']} was {known['state']} when it was last seen"
    more = {"changed": True, "transaction": known, "plan": started.result.get("plan"), "document": None}
    if answer is None:
        message = f"{host}: {seen}, and {timeout:.0f} seconds are over."
        return make_result("still_running", message, remedy, **more)
    message = f"{host} can't be asked any more ({_why(answer)}); {seen}."
    return make_result("outcome_unknown", message, remedy, **more)
