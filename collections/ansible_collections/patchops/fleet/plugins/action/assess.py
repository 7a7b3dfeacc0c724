# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assess the hosts of the play on the controller, from what discovery stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.payload import encode
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import (
    AdvisoryDatabase,
    DatabaseError,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import (
    DueLedger,
    LedgerError,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.failures import failures_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import (
    Assessment,
    FleetAssessor,
    HostInput,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import currency_line
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import (
    VariableError,
    host_facts,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.shared_packages import SharedPackages
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError, read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import (
    read_file,
    read_host,
    shaped,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import IdentityError, Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import variable
from ansible_collections.patchops.fleet.plugins.plugin_utils.play_hosts import host_knobs, inventory_of_hosts
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import PolicyError, load_policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import (
    LATEST_FINDINGS,
    DocumentStore,
    StoreError,
    host_findings_key,
    open_store,
    patch_set_key,
    read_host_document,
)

_KNOBS = ("patchops_exposure", "patchops_exposed_since", "patchops_criticality", "group_names")
_MAX_ARTIFACT = 256 * 1024
# Of the largest fleets.
_MOST_OF_A_REPORT = 1 << 30
_BAD_INPUT = (
    DatabaseError,
    DocumentError,
    IdentityError,
    LedgerError,
    PolicyError,
    StoreError,
    VariableError,
)


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs once for the run; connects to no host."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _spec, arguments = self.validate_argument_spec(
            {
                "database": {"type": "path", "required": True},
                "hosts": {"type": "list", "elements": "str"},
                "policy": {"type": "path"},
                "ledger": {"type": "path"},
                "report": {"type": "path"},
                "include_installed": {"type": "bool", "default": False},
                "most_urgent": {"type": "int", "default": 20},
                "stats": {"type": "bool", "default": False},
            }
        )
        check = bool(self._task.check_mode)
        try:
            settings = variable(self, task_vars, "patchops_document_store")
            store = open_store(settings, SharedPackages().loads)
            policy = load_policy(arguments["policy"]) if arguments["policy"] else Policy()
            names = arguments["hosts"] or task_vars["ansible_play_hosts_all"]
            inventory = inventory_of_hosts(task_vars, names)
            hosts = self._hosts(names, task_vars, store, inventory)
            assessment = self._assess(arguments, policy, hosts, task_vars, check, inventory)
        except _BAD_INPUT as error:
            return make_result("bad_arguments", f"Not assessed: {error}.", "Correct it and run it again.")
        result = _result(assessment, arguments["most_urgent"])
        if not check:
            _keep(assessment, store, result)
            if arguments["stats"]:
                result["ansible_stats"] = _artifact(assessment, result["patch_set"])
        return result

    def _hosts(
        self, names: list[str], task_vars: Mapping[str, Any], store: DocumentStore, inventory: Inventory
    ) -> Iterator[HostInput]:
        for name in names:
            knobs = host_knobs(task_vars, name, _KNOBS)
            facts = host_facts(name, knobs.get("group_names", ()), knobs, inventory.key)
            try:
                document = read_host_document(store, facts.key)
                if document is not None:
                    document = read_host(document, facts.key)
            except (DocumentError, StoreError) as error:
                yield HostInput(facts, None, f"its last scan can't be used: {plain(error)}")
            else:
                yield HostInput(facts, document)

    def _assess(
        self,
        arguments: Mapping[str, Any],
        policy: Policy,
        hosts: Iterable[HostInput],
        task_vars: Mapping[str, Any],
        check: bool,
        inventory: Inventory,
    ) -> Assessment:
        now = datetime.now(timezone.utc)
        run_id = variable(self, task_vars, "patchops_run_id")
        report = _report(arguments["report"])
        with ExitStack() as opened:
            database = opened.enter_context(AdvisoryDatabase.open(Path(arguments["database"])))
            ledger = None
            if arguments["ledger"]:
                ledger = opened.enter_context(DueLedger.open(arguments["ledger"]))
            assessor = FleetAssessor(
                Matcher(database, now=now), database, policy, now, ledger, failures_of(report, inventory.key)
            )
            assessment = assessor.assess(hosts, run_id, arguments["include_installed"])
            if check and ledger is not None:
                ledger.discard()
        return assessment


def _report(path: str | None) -> dict[str, Any]:
    """The report of an earlier run, {} when none is named; raises DocumentError."""
    if path is None:
        return {}
    try:
        data = read_file(Path(path), _MOST_OF_A_REPORT)
    except OSError as error:
        raise DocumentError(f"the report {path} can't be read: {error.strerror}") from None
    if len(data) > _MOST_OF_A_REPORT:
        raise DocumentError(f"the report {path} is larger than {_MOST_OF_A_REPORT} bytes")
    where = f"the report {path}"
    return shaped(read_document(data, "patchops.report", where), "patchops.report", where)


def _result(assessment: Assessment, most_urgent: int) -> dict[str, Any]:
    """The task's result: counts and the most urgent findings. The rest is in the documents."""
    document = assessment.document
    totals = document["totals"]
    open_findings = [
        finding for finding in document["findings"] if finding["urgency_group"] not in ("closed", "accepted")
    ]
    shown = ("host", "advisory", "cves", "package", "installed", "fixed", "state", "due", "rank_reason")
    number = totals["compliant_as_judged"]
    as_judged = f"{number} compliant as far as judged, " if number else ""
    return make_result(
        "done",
        f"{totals['hosts']} hosts: {totals['compliant']} compliant, {as_judged}"
        f"{totals['accepted']} accepted, "
        f"{totals['not_compliant']} not compliant, {totals['unknown']} unknown; "
        f"{totals['overdue']} findings overdue. {currency_line(document['intelligence'])}",
        totals=totals,
        intelligence=document["intelligence"],
        hosts={
            row["host"]: {key: row[key] for key in ("status", "overdue", "approved")}
            for row in document["hosts"]
        },
        most_urgent=[{key: finding[key] for key in shown} for finding in open_findings[:most_urgent]],
        waiver_notices=document["waiver_notices"],
        patch_set_id=assessment.patch_set["id"],
        patch_set=encode(assessment.patch_set),
        document=None,
        patch_set_document=None,
    )


def _keep(assessment: Assessment, store: DocumentStore, result: dict[str, Any]) -> None:
    """Keep the documents; what could not be kept becomes a warning, the answer is in the result anyway."""
    try:
        for host, document in assessment.host_documents.items():
            store.write(host_findings_key(host), document)
        result["patch_set_document"] = store.write(
            patch_set_key(assessment.patch_set["id"]), assessment.patch_set
        )
        result["document"] = store.write(LATEST_FINDINGS, assessment.document)
    except StoreError as error:
        result.setdefault("warnings", []).append(str(error))


def _artifact(assessment: Assessment, encoded: str) -> dict[str, Any]:
    """The artifact of this job: a later job of the workflow deploys the patch set in it."""
    document = assessment.document
    rides = bool(assessment.patch_set["platforms"]) and len(encoded) <= _MAX_ARTIFACT
    run = {
        "run_id": document["run_id"],
        "report": {"result": "done", "totals": document["totals"]},
        "patch_set": encoded if rides else None,
        "patch_set_id": document["patch_set_id"] if rides else None,
    }
    return {"data": {"patchops_run": run}, "per_host": False, "aggregate": False}
