# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out one call of the `transaction` module: decide, plan, create, start a worker, report."""

import os
import shutil
from typing import Any, ContextManager, Dict, List, Optional, cast

from ansible_collections.patchops.fleet.plugins.module_utils.files import sync_directory, write_json
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import (
    reboot_record as reboot_note,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import Lock, LockTimeout
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    answers,
    confirming,
    detach,
    fencing,
    irreversible,
    ownership,
    planning,
    preflight,
    pruning,
    requests,
    running_kernel,
    survey,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.access import needs_confirmation
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import (
    lift_block,
    release_files,
)

Result = Dict[str, Any]

# What a worker is told by the call that starts it.
_SETTINGS = (
    "lock_timeout",
    "restart_services",
    "run_id",
    "snapshot",
    "way_back_limit",
    "confirm_within",
    "access_packages",
)
# What has been planned for this call: plan, None before planning.
_Plan = Optional[Dict[str, Any]]


class Call:
    """One call. `options`: the module's arguments; `selection` None when the call names none."""

    def __init__(
        self,
        state: StateDirectory,
        driver: Driver,
        options: Dict[str, Any],
        selection: Optional[Dict[str, Any]],
        machine_id: str,
    ) -> None:
        self.state = state
        self.driver = driver
        self.options = options
        self.machine_id = machine_id
        self.claim = ownership.read_claim(options.get("claim"), options["run_id"])
        self.request: Optional[Dict[str, Any]] = None
        if selection is not None:
            self.request = requests.make_request(
                selection,
                options["allow_removals"],
                options["way_back"],
                options["generation"],
                options["way_back_classes"],
                options["without_snapshot"],
            )

    def run(self) -> Result:
        """Act and return the module's result. Raises DriverError for a refusal."""
        fencing.look(self.state, self.options["fence"])
        if self.options["state"] == "confirmed":
            return self._confirm()
        if self.options["state"] == "disowned":
            with self._admitted():
                return answers.disowned(ownership.disown(self.state, self.claim, "the run has ended"))
        if self.options["state"] in (states.STAGED, states.APPLIED):
            self._watch_again()
        plan: _Plan = None
        if self._decide(survey.read_records(self.state)).action == requests.CREATE:
            # Outside of the lock: a slow mirror must not keep another call from attaching.
            plan = self._plan()
        with self._admitted():
            records = survey.read_records(self.state)
            decision = self._decide(records)
            self._become_owner(decision, records)
            result = self._act(decision, records, plan)
            if self.options["state"] == states.COMMITTED:
                self._sweep()
                self._forget_reboot()
            pruning.prune(self.state, records)
        return self._followed(result) if self.options["wait"] and result.get("live") else result

    def _admitted(self) -> ContextManager[None]:
        return fencing.admitted(self.state, self.options["fence"], self.options["lock_timeout"])

    def _confirm(self) -> Result:
        given = self.options["id"]
        done = []
        with self._admitted():
            for record in survey.read_records(self.state):
                named = given in (None, "", record.directory.id)
                if named and confirming.confirm(record.directory, "login", self.options["run_id"]):
                    done.append(record.directory.id)
        return answers.confirmed(self.state, survey.read_records(self.state), given, done)

    def _watch_again(self) -> None:
        """See to it that somebody takes back what waits for its confirmation."""
        for record in survey.read_records(self.state):
            confirming.ensure_watched(self.state, record.directory, record.view)

    def preview(self) -> Result:
        """Return what `run` would do; touches nothing."""
        fencing.look(self.state, self.options["fence"])
        if self.options["state"] == "confirmed":
            return answers.would_confirm(survey.read_records(self.state))
        if self.options["state"] == "disowned":
            return answers.disowned([])
        records = survey.read_records(self.state)
        decision = self._decide(records)
        if decision.action == requests.CREATE:
            plan = self._plan()
            return self._needless(plan, records) or answers.planned(plan, self.options["state"])
        if decision.action == requests.RETURN:
            return self._return(decision, records)
        chosen = [one for one in records if one.directory.id in decision.ids]
        if decision.action == requests.CLOSE:
            return answers.would_close([one.directory.id for one in chosen])
        return answers.planned(survey.read_plan(chosen[0].directory) or {}, self.options["state"], chosen[0])

    def _decide(self, records: List[survey.Record]) -> requests.Decision:
        decision = requests.decide(
            self.options["state"],
            self.options["id"],
            self.request,
            survey.known(self.state, records),
            self.options["supersede_staged"],
        )
        self._check_owner(decision, records)
        if decision.action == requests.REFUSE:
            raise DriverError(decision.code, decision.message, decision.remedy)
        if decision.action in (requests.CREATE, requests.LAUNCH):
            confirming.check_others(records, decision.ids, self.options["state"])
        if decision.action == requests.LAUNCH and self.options["state"] == states.REVERTED:
            running_kernel.check(self.driver, self.state.transaction(decision.ids[0]))
        return decision

    def _check_owner(self, decision: requests.Decision, records: List[survey.Record]) -> None:
        if self.claim.take_over:
            return
        held = ownership.read_held(records, ownership.read_clock())
        digest = self.request["digest"] if self.request is not None else None
        blocking = ownership.in_the_way(self.claim, self.options["state"], decision, digest, held)
        if blocking:
            raise ownership.refusal(blocking[-1])

    def _become_owner(self, decision: requests.Decision, records: List[survey.Record]) -> None:
        """Note whose transactions those are that this call acts on: what is not proven has an owner."""
        clock, state = ownership.read_clock(), self.options["state"]
        digest = self.request["digest"] if self.request is not None else None
        held = ownership.read_held(records, clock)
        mine = {one.id for one in ownership.joined(self.claim, state, decision, digest, held)}
        if decision.action in (requests.LAUNCH, requests.ATTACH):
            mine.update(decision.ids)
        same = [one for one in records if digest is not None and one.request["digest"] == digest]
        if decision.action in (requests.RETURN, requests.CREATE) and same:
            # A run that was cut off behind the change: this one has it to prove.
            newest, view = same[-1].directory, same[-1].view
            stands = view.state == states.APPLIED or states.is_live(view.state, view.host_state)
            mine.update([newest.id] if stands and not os.path.exists(newest.proof) else [])
        for name in mine:
            ownership.note(self.state.transaction(name), self.claim, clock)

    def _plan(self) -> Dict[str, Any]:
        request = cast(Dict[str, Any], self.request)  # who names no selection is not told to create
        records = survey.read_records(self.state)
        plan = planning.make_plan(self.driver, request, records, self.options["refresh"])
        plan["confirm"] = needs_confirmation(
            plan, request["way_back"], self.options["confirm_within"], self.options["access_packages"]
        )
        return plan

    def _needless(self, plan: Dict[str, Any], records: List[survey.Record]) -> Optional[Result]:
        """Return the answer where a plan leads to no transaction, None where it does."""
        request = cast(Dict[str, Any], self.request)
        if not plan["packages"]:
            return answers.nothing_new(plan, request, records)
        refusal = irreversible.missing_snapshot(
            plan, request, self.options["snapshot"], irreversible.NOT_STAGED
        )
        return answers.refused(refusal, plan) if refusal else None

    def _act(self, decision: requests.Decision, records: List[survey.Record], plan: _Plan) -> Result:
        if decision.action == requests.RETURN:
            return self._return(decision, records)
        if decision.action == requests.CLOSE:
            return self._close(decision.ids, records)
        if decision.action == requests.CREATE:
            plan = self._plan() if plan is None else plan
            needless = self._needless(plan, records)
            if needless:
                return needless
            # Not their count: a directory that somebody deleted gives no number back.
            earlier = records[-1].request["number"] if records else 0
            transaction_id = self.options["id"] or requests.transaction_id(
                self.machine_id, cast(Dict[str, Any], self.request), earlier
            )
            # First these: cut off in between, the call can be made again. Two live ones would keep it out.
            for replaced in decision.ids:
                _supersede(self.state, replaced, transaction_id)
            self._create(plan, transaction_id, earlier + 1)
            self._launch(transaction_id)
        else:
            transaction_id = decision.ids[0]
            if decision.action == requests.LAUNCH:
                self._launch(transaction_id)
        return self._started(transaction_id)

    def _launch(self, transaction_id: str) -> None:
        settings = {key: self.options[key] for key in _SETTINGS}
        directory = self.state.transaction(transaction_id)
        detach.launch(self.state, directory, self.options["state"], settings)

    def _create(self, plan: Dict[str, Any], transaction_id: str, number: int) -> None:
        directory = self.state.transaction(transaction_id)
        # Complete before it has its name: a crash leaves a draft that nobody reads and the next call sweeps.
        draft = os.path.join(self.state.transactions, ".draft")
        shutil.rmtree(draft, ignore_errors=True)
        os.mkdir(draft, 0o700)
        request = cast(Dict[str, Any], self.request)
        kept = dict(request, number=number, run_id=self.options["run_id"])
        write_json(os.path.join(draft, "request.json"), kept)
        write_json(os.path.join(draft, "plan.json"), plan)
        Journal(os.path.join(draft, "journal.jsonl")).enter(states.STAGING, id=transaction_id)
        ownership.note(TransactionDirectory(draft), self.claim, ownership.read_clock())
        os.rename(draft, directory.path)
        sync_directory(self.state.transactions)

    def _started(self, transaction_id: str) -> Result:
        return answers.standing(self.state, _record(self.state, transaction_id), changed=True)

    def _followed(self, result: Result) -> Result:
        """Return where a transaction stands after waiting with its worker; others may call meanwhile."""
        directory = self.state.transaction(result["transaction"]["id"])
        # What was loaded for the plan need not take up memory while the worker's package manager is at work.
        self.driver.forget()
        survey.follow(self.state, directory, self.options["timeout"])
        return answers.standing(self.state, _record(self.state, directory.id), result["changed"])

    def _return(self, decision: requests.Decision, records: List[survey.Record]) -> Result:
        record = next((one for one in records if one.directory.id in decision.ids), None)
        return answers.already(self.state, record, decision, self.options["state"])

    def _close(self, ids: List[str], records: List[survey.Record]) -> Result:
        chosen = [one for one in records if one.directory.id in ids]
        if any(one.view.state == states.FAILED and one.view.host_state != states.FORMER for one in chosen):
            preflight.check_clean(self.driver)
        freed = sum(one.directory.kept_bytes() for one in chosen)
        try:
            with Lock(self.state.lock, self.options["lock_timeout"]):
                _check_unchanged(self.state, chosen)
                for one in chosen:
                    self._close_one(one)
                if all(one in chosen or one.view.state in states.CLOSED for one in records):
                    self.driver.released()
        except LockTimeout:
            raise DriverError(
                "transaction_live", "A worker is at work on this host.", "Wait for it, then call again."
            )
        return answers.closed(ids, freed, _record(self.state, ids[-1]))

    def _close_one(self, record: survey.Record) -> None:
        journal, directory = Journal(record.directory.journal), record.directory
        confirming.confirm(directory, "committed", self.options["run_id"])
        lift_block(self.driver, directory)
        _release(record)
        staged = record.view.state in (states.STAGING, states.STAGED)
        journal.enter(states.DISCARDED if staged else states.COMMITTED)

    def _sweep(self) -> None:
        """Delete what is left of closed transactions: the call that closed one may have been killed."""
        for record in survey.read_records(self.state):
            if record.view.state in states.CLOSED:
                _release(record)

    def _forget_reboot(self) -> None:
        """Drop the note about the last reboot once no transaction is open that it could prove."""
        if all(one.view.state in states.CLOSED for one in survey.read_records(self.state)):
            reboot_note.Record(self.state).forget()


def _supersede(state: StateDirectory, replaced: str, by: str) -> None:
    directory = state.transaction(replaced)
    Journal(directory.journal).enter(states.SUPERSEDED, by=by)
    release_files(directory)


def _check_unchanged(state: StateDirectory, chosen: List[survey.Record]) -> None:
    """Raise DriverError when a watchdog did something to a transaction while we waited for the lock."""
    for one in chosen:
        now = Journal(one.directory.journal).view()
        if now.seq != one.view.seq:
            raise DriverError(
                "transaction_live",
                f"Transaction {one.directory.id} has become {now.state} meanwhile. Nothing was released.",
                "Look at what became of it (transaction_info), then call again.",
            )


def _release(record: survey.Record) -> None:
    try:
        release_files(record.directory)
    except OSError as error:
        raise DriverError(
            "not_released",
            f"What transaction {record.directory.id} keeps can't be deleted: {error}. "
            f"It stays {record.view.state}.",
            f"Find out what keeps the files in {record.directory.path}, then call again.",
        )


def _record(state: StateDirectory, transaction_id: str) -> survey.Record:
    return next(one for one in survey.read_records(state) if one.directory.id == transaction_id)


def read_machine_id() -> str:
    """Return the host's machine-id, empty where there is none."""
    try:
        with open("/etc/machine-id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""
