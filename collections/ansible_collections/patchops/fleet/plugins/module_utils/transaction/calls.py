# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out one call of the `transaction` module: decide, plan, create, start a worker, report."""

import os
import shutil
from typing import Any, Dict, List, Optional, cast

from ansible_collections.patchops.fleet.plugins.module_utils.facts.os_release import read_os_release
from ansible_collections.patchops.fleet.plugins.module_utils.files import sync_directory, write_json
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    answers,
    detach,
    preflight,
    requests,
    states,
    survey,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import release_files
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.lock import (
    Lock,
    LockTimeout,
    pass_fence,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.paths import StateDirectory

Result = Dict[str, Any]

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
        self.request: Optional[Dict[str, Any]] = None
        if selection is not None:
            self.request = requests.make_request(
                selection, options["allow_removals"], options["way_back"], options["generation"]
            )

    def run(self) -> Result:
        """Act and return the module's result. Raises DriverError for a refusal."""
        plan: _Plan = None
        if self._decide(survey.read_records(self.state)).action == requests.CREATE:
            # Outside of the lock: a slow mirror must not keep another call from attaching.
            plan = self._plan()
        self.state.make()
        try:
            with Lock(self.state.calls_lock, self.options["lock_timeout"]):
                self._check_fence()
                records = survey.read_records(self.state)
                decision = self._decide(records)
                result = self._act(decision, records, plan)
        except LockTimeout:
            raise DriverError(
                "lock_held",
                f"Another call has been at work on this host for {self.options['lock_timeout']} seconds.",
                "Wait for it, then call again.",
            )
        return self._followed(result) if self.options["wait"] and result.get("live") else result

    def preview(self) -> Result:
        """Return what `run` would do; touches nothing."""
        records = survey.read_records(self.state)
        decision = self._decide(records)
        if decision.action == requests.CREATE:
            plan = self._plan()
            if not plan["packages"]:
                return answers.nothing_new(plan, cast(Dict[str, Any], self.request), records)
            return answers.planned(plan, self.options["state"])
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
        if decision.action == requests.REFUSE:
            raise DriverError(decision.code, decision.message, decision.remedy)
        return decision

    def _check_fence(self) -> None:
        newer = pass_fence(self.state.fence, self.options["fence"])
        if newer is not None:
            raise DriverError(
                "stale_fence",
                f"This call carries fencing token {self.options['fence']}; the host has seen {newer}.",
                "A newer attempt has taken over; look at it instead of trying again.",
            )

    def _plan(self) -> Dict[str, Any]:
        """Return the plan for the request, with what holds and blocks keep out of it. Changes nothing."""
        request = cast(Dict[str, Any], self.request)  # who names no selection is not told to create
        preflight.check_clean(self.driver)
        errors = self.driver.refresh() if self.options["refresh"] else []
        preflight.check_repositories(self.driver.repositories(), errors)
        plan = self.driver.plan(request["selection"], {"allow_removals": self.options["allow_removals"]})
        plan["blocked"] = [
            dict(one, transaction=record.directory.id)
            for record in survey.read_records(self.state)
            for one in record.view.blocked
        ]
        plan["platform"] = platform(self.driver)
        if plan["packages"]:
            preflight.check_space(self.driver, preflight.staging_needs(plan, self.options["way_back"]))
        return plan

    def _act(self, decision: requests.Decision, records: List[survey.Record], plan: _Plan) -> Result:
        if decision.action == requests.RETURN:
            return self._return(decision, records)
        if decision.action == requests.CLOSE:
            return self._close(decision.ids, records)
        if decision.action == requests.CREATE:
            plan = self._plan() if plan is None else plan
            if not plan["packages"]:
                return answers.nothing_new(plan, cast(Dict[str, Any], self.request), records)
            transaction_id = self._create(plan, len(records))
            for replaced in decision.ids:
                _supersede(self.state, replaced, transaction_id)
            self._launch(transaction_id)
        else:
            transaction_id = decision.ids[0]
            if decision.action == requests.LAUNCH:
                self._launch(transaction_id)
        return self._started(transaction_id)

    def _launch(self, transaction_id: str) -> None:
        settings = {key: self.options[key] for key in ("lock_timeout", "restart_services", "run_id")}
        directory = self.state.transaction(transaction_id)
        detach.launch(self.state, directory, self.options["state"], settings)

    def _create(self, plan: Dict[str, Any], earlier: int) -> str:
        request = cast(Dict[str, Any], self.request)
        transaction_id = self.options["id"] or requests.transaction_id(self.machine_id, request, earlier)
        directory = self.state.transaction(transaction_id)
        # Complete before it has its name: a crash leaves a draft that nobody reads and the next call sweeps.
        draft = os.path.join(self.state.transactions, ".draft")
        shutil.rmtree(draft, ignore_errors=True)
        os.mkdir(draft, 0o700)
        kept = dict(
            request,
            number=earlier + 1,
            run_id=self.options["run_id"],
        )
        write_json(os.path.join(draft, "request.json"), kept)
        write_json(os.path.join(draft, "plan.json"), plan)
        Journal(os.path.join(draft, "journal.jsonl")).enter(states.STAGING, id=transaction_id)
        os.rename(draft, directory.path)
        sync_directory(self.state.transactions)
        return transaction_id

    def _started(self, transaction_id: str) -> Result:
        return answers.standing(self.state, _record(self.state, transaction_id), changed=True)

    def _followed(self, result: Result) -> Result:
        """Return where a transaction stands after waiting with its worker; others may call meanwhile."""
        directory = self.state.transaction(result["transaction"]["id"])
        survey.follow(self.state, directory, self.options["timeout"])
        return answers.standing(self.state, _record(self.state, directory.id), result["changed"])

    def _return(self, decision: requests.Decision, records: List[survey.Record]) -> Result:
        record = next((one for one in records if one.directory.id in decision.ids), None)
        return answers.already(self.state, record, decision)

    def _close(self, ids: List[str], records: List[survey.Record]) -> Result:
        chosen = [one for one in records if one.directory.id in ids]
        if any(one.view.state == states.FAILED and one.view.host_state != states.FORMER for one in chosen):
            preflight.check_clean(self.driver)
        try:
            with Lock(self.state.lock, self.options["lock_timeout"]):
                for one in chosen:
                    self._close_one(one)
        except LockTimeout:
            raise DriverError(
                "transaction_live", "A worker is at work on this host.", "Wait for it, then call again."
            )
        return answers.closed(ids, _record(self.state, ids[-1]))

    def _close_one(self, record: survey.Record) -> None:
        journal, directory = Journal(record.directory.journal), record.directory
        if record.view.blocked:
            self.driver.unblock(directory.id)
            journal.append("unblocked", versions=record.view.blocked)
        release_files(directory)
        staged = record.view.state in (states.STAGING, states.STAGED)
        journal.enter(states.DISCARDED if staged else states.COMMITTED)


def platform(driver: Driver) -> str:
    """Return the key of the host's platform in a patch set: ``debian-12-amd64``."""
    release = read_os_release()
    return "{}-{}-{}".format(
        release.get("ID", "unknown"), release.get("VERSION_ID", ""), driver.platform_arch()
    )


def _supersede(state: StateDirectory, replaced: str, by: str) -> None:
    directory = state.transaction(replaced)
    Journal(directory.journal).enter(states.SUPERSEDED, by=by)
    release_files(directory)


def _record(state: StateDirectory, transaction_id: str) -> survey.Record:
    return next(one for one in survey.read_records(state) if one.directory.id == transaction_id)


def read_machine_id() -> str:
    """Return the host's machine-id, empty where there is none."""
    try:
        with open("/etc/machine-id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""
