# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the `transaction` and `transaction_info` modules."""

from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils import kept_back_words
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.answer import TransactionReference
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import REFUSED, is_failure, make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.payload import encode
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal, View
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    confirming,
    requests,
    survey,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import (
    summary,
    without_way_back,
)

Result = Dict[str, Any]

_PAST = {states.STAGED: "staged", states.APPLIED: "applied", states.REVERTED: "taken back"}


def reference(record: Optional[survey.Record]) -> Optional[Dict[str, str]]:
    """Return `transaction` of a result: {id, state, journal}."""
    if record is None:
        return None
    found: Dict[str, str] = document(
        TransactionReference(record.directory.id, record.view.state, record.directory.journal)
    )
    return found


def planned(plan: Dict[str, Any], wanted: str, record: Optional[survey.Record] = None) -> Result:
    """Return the answer of check mode."""
    count = len(plan.get("packages", []))
    packages = "1 package" if count == 1 else f"{count} packages"
    message = f"{packages} would be {_PAST.get(wanted, wanted)}; nothing was changed."
    if plan.get("packages"):
        message += without_way_back(plan)
    result = make_result(
        "planned", message, changed=True, plan=plan, transaction=reference(record), way_back=_summary(plan)
    )
    result["diff"] = diff(plan, backwards=wanted == states.REVERTED)
    return result


def refused(error: DriverError, plan: Dict[str, Any]) -> Result:
    """Return the answer for a plan that is not carried out, with what has no way back in it."""
    return make_result(error.code, error.message, error.remedy, transaction=None, way_back=summary(plan))


def would_close(ids: List[str]) -> Result:
    """Return the answer of check mode for `committed`."""
    message = "Would release what is kept for: " + ", ".join(ids) + "; nothing was changed."
    return make_result("planned", message, changed=True, transaction=None)


def nothing_new(plan: Dict[str, Any], request: Dict[str, Any], records: List[survey.Record]) -> Result:
    """Return the answer for an empty plan: there is nothing to do, or what is asked for is kept away."""
    kept = requests.kept_away(request, plan["blocked"])
    if kept:
        return _still_blocked(plan, kept, records)
    same = records and records[-1].request["digest"] == request["digest"]
    details: Result = {"plan": plan, "transaction": reference(records[-1] if same else None)}
    closing = [one for one in plan["held"] if one.get("security")]
    passed_over = [one for one in closing if not kept_back_words.is_intended(one.get("cause"))]
    if passed_over:
        return make_result(
            "security_kept_back",
            f"Nothing was installed: {kept_back_words.describe(closing)}.",
            kept_back_words.remedy(passed_over),
            **details,
        )
    message = "Nothing to install."
    if plan["held"]:
        message += " Left out: " + ", ".join(_left_out(one) for one in plan["held"]) + "."
    return make_result("nothing_to_do", message, **details)


def _left_out(held: Dict[str, Any]) -> str:
    told = held.get("cause") in (None, Cause.HOLD.value)
    return str(held["name"]) if told else "{name} ({reason})".format(**held)


def _still_blocked(plan: Dict[str, Any], kept: List[Dict[str, str]], records: List[survey.Record]) -> Result:
    culprit = kept[-1]["transaction"]
    record = next(one for one in records if one.directory.id == culprit)
    names = ", ".join(sorted({"{name} {version}".format(**one) for one in kept}))
    return make_result(
        "still_blocked",
        f"Nothing was installed: {names} stay blocked since transaction {culprit} was taken back.",
        "Find out what was wrong with them. To have them installed after all, release the block "
        "(the playbook cleanup, or state: committed).",
        plan=plan,
        transaction=reference(record),
    )


def closed(ids: List[str], freed_bytes: int, record: survey.Record) -> Result:
    """Return the answer for `committed`."""
    message = f"Released what was kept for: {', '.join(ids)} ({freed_bytes / (1 << 20):.1f} MiB)."
    return make_result(
        "committed",
        message,
        changed=True,
        transaction=reference(record),
        transactions=ids,
        freed_bytes=freed_bytes,
    )


def confirmed(
    state: StateDirectory, records: List[survey.Record], given_id: Optional[str], done: List[str]
) -> Result:
    """Return the answer for `confirmed`; `done` are the transactions that had waited for it.

    One that was not confirmed in time is told of as it stands.
    """
    wanted = done[-1] if done else given_id
    record = next((one for one in records if one.directory.id == wanted), None)
    if record is None:
        code = "transaction_unknown" if given_id else "nothing_to_do"
        message = (
            f"The host has no transaction {given_id}." if given_id else "Nothing waits for a confirmation."
        )
        return make_result(code, message, transaction=None)
    result = standing(state, record, changed=bool(done))
    if done:
        message = f"Confirmed over a new login: {', '.join(done)}."
        outcome = make_result("confirmed", message, changed=True)
        result.pop("msg", None)
        result.update(outcome)
    return result


def disowned(ids: List[str]) -> Result:
    """Return the answer for `disowned`."""
    message = f"This run lets go of {', '.join(ids)}." if ids else "This run owns no transaction here."
    return make_result("done" if ids else "nothing_to_do", message, transaction=None)


def would_confirm(records: List[survey.Record]) -> Result:
    """Return the answer of check mode for `confirmed`."""
    waiting = [one.directory.id for one in records if one.view.watch]
    message = f"Would confirm: {', '.join(waiting) or 'nothing'}; nothing was changed."
    return make_result("planned", message, changed=bool(waiting), transaction=None)


def already(
    state: StateDirectory, record: Optional[survey.Record], decision: requests.Decision, wanted: str
) -> Result:
    """Return the answer where the transaction is `wanted` already."""
    if record is None:
        return make_result("nothing_to_do", decision.message, transaction=None)
    if decision.code:
        return make_result(decision.code, decision.message, decision.remedy, transaction=reference(record))
    if record.view.state in (states.STAGED, states.APPLIED):
        record = _as_when_it_became_so(record)
    result = standing(state, record, changed=False)
    if wanted == states.REVERTED and result["outcome"]["code"] == "not_confirmed":
        # However the host came to take it back, this call asks for it.
        result.pop("msg", None)
        result.update(make_result("taken_back", result["summary"]))
    return result


def _as_when_it_became_so(record: survey.Record) -> survey.Record:
    """Return a record without what an attempt to take it further was refused for: that may be gone."""
    entries = Journal(record.directory.journal).entries()
    entered = [one for one in entries if one.get("state") == record.view.state][-1]
    return record._replace(view=record.view._replace(outcome=entered["outcome"]))


def standing(state: StateDirectory, record: survey.Record, changed: bool) -> Result:
    """Return where a transaction stands; while a worker is at work the outcome is `started`."""
    view, directory = record.view, record.directory
    alive = survey.is_alive(state, directory, view)
    plan = survey.read_plan(directory) or {}
    more: Dict[str, Any] = {
        "transaction": reference(record),
        "live": alive,
        "goal": view.goal,
        "host_state": view.host_state,
        "plan": plan,
        "way_back": _summary(plan),
        "services": _services(directory),
        "confirm": confirming.standing(plan, Journal(directory.journal).entries(), view),
        "diff": diff(plan, backwards=view.goal == states.REVERTED or view.state == states.REVERTED),
    }
    if alive:
        return make_result("started", f"Transaction {directory.id} is {view.state}.", changed=changed, **more)
    more["patchops_payload"] = encode(survey.document(record))
    if view.goal is not None or _stands_still(view):
        result = make_result(
            "outcome_unknown",
            f"The worker of transaction {directory.id} died while it was {view.state}, or could not go on.",
            "Call again with the same arguments: it goes on from there.",
            changed=changed,
            **more,
        )
        result["interrupted"] = True
        return result
    outcome = view.outcome or {"class": "ok", "code": "done", "message": f"It is {view.state}.", "remedy": ""}
    result = make_result("done", outcome["message"], outcome.get("remedy", ""), **more)
    result.update(
        outcome=dict(outcome, remedy=outcome.get("remedy", "")),
        failed=is_failure(outcome),
        changed=changed and outcome["class"] != "refused",
    )
    if result["failed"]:
        result["msg"] = " ".join(part for part in (outcome["message"], outcome.get("remedy", "")) if part)
    return result


def _stands_still(view: View) -> bool:
    """Tell whether a change is half done, and the last attempt to go on was refused (a held lock, say)."""
    refused = view.outcome is not None and view.outcome["class"] == REFUSED
    return refused and view.state in (states.APPLYING, states.REVERTING)


def _summary(plan: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    return summary(plan) if plan.get("packages") else None


def _services(directory: TransactionDirectory) -> Optional[Dict[str, Any]]:
    """Return {restarted, failed, left} of the units that executed replaced files, None before that step."""
    steps = [one for one in Journal(directory.journal).entries() if one.get("step") == "restarts"]
    return {key: steps[-1][key] for key in ("restarted", "failed", "left")} if steps else None


def diff(plan: Dict[str, Any], backwards: bool = False) -> Dict[str, str]:
    """Return {before, after} of the packages that change, one ``name:arch version`` a line."""
    sides = [
        "".join(
            "{}:{} {}\n".format(one["name"], one["arch"], one[side])
            for one in plan.get("packages", [])
            if one[side]
        )
        for side in ("from", "to")
    ]
    if backwards:
        sides.reverse()
    return {"before": sides[0], "after": sides[1]}


def inform(
    state: StateDirectory, given_id: Optional[str], wait_seconds: float, platform: Optional[str]
) -> Result:
    """Return what `transaction_info` says; raises SurveyError for damaged files."""
    records = survey.read_records(state)
    kept = [one for one in records if one.view.state not in states.CLOSED]
    host: Dict[str, Any] = {
        "transactions": [_listed(one) for one in kept],
        "platform": platform,
        "kept_bytes": state.kept_bytes(),
    }
    record = next((one for one in records if one.directory.id == given_id), None)
    if given_id is None and kept:
        record = kept[-1]
    if record is None:
        code = "transaction_unknown" if given_id else "nothing_to_do"
        message = f"The host has no transaction {given_id}." if given_id else "The host keeps no transaction."
        return make_result(code, message, transaction=None, **host)
    view = survey.follow(state, record.directory, wait_seconds) if wait_seconds > 0 else record.view
    return dict(standing(state, record._replace(view=view), changed=False), **host)


def _listed(record: survey.Record) -> Dict[str, Any]:
    view = record.view
    return {
        "id": record.directory.id,
        "state": view.state,
        "host_state": view.host_state,
        "created_at": view.created_at,
        "updated_at": view.updated_at,
        "superseded_by": view.superseded_by,
        "kept_bytes": record.directory.kept_bytes(),
        "request": {key: record.request[key] for key in ("digest", "generation", "way_back")},
    }
