# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify a host: its packages, the units that ran before, the user's checks, and what is in effect."""

import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import UnitsError, collect_units
from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json
from ansible_collections.patchops.fleet.plugins.module_utils.host_document import SUBSETS, collect
from ansible_collections.patchops.fleet.plugins.module_utils.host_summary import count_pending
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Reader
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
    valid_id,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.reboot_record import (
    Record,
    has_rebooted,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import fencing, ownership
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.confirming import confirm_all
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.survey import (
    SurveyError,
    read_plan,
)
from ansible_collections.patchops.fleet.plugins.module_utils.verification.checks import run_checks
from ansible_collections.patchops.fleet.plugins.module_utils.verification.effect import (
    expected_packages,
    judge_effect,
    wrong_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.verification.settling import wait_until_started
from ansible_collections.patchops.fleet.plugins.module_utils.verification.stability import watch
from ansible_collections.patchops.fleet.plugins.module_utils.verification.units import find_failed, show_units

# Sub states of services, sockets and timers that are doing what they are there for.
_AT_WORK = ("running", "listening", "waiting")

# Who calls: the run, and its fencing token.
Caller = NamedTuple("Caller", [("claim", ownership.Claim), ("fence", Optional[int])])
NOBODY = Caller(ownership.NOBODY, None)


def verify(
    driver: Reader,
    packages: List[Dict[str, Any]],
    checks: List[Dict[str, Any]],
    transaction_id: Optional[str],
    settle: float,
    keep: bool,
    state: Optional[StateDirectory] = None,
    caller: Caller = NOBODY,
    stable: float = 0.0,
) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Return (result, host document).

    `packages`: [{name, arch, version or None for not installed}]. `settle`: how long units and checks may
    take to come up, in seconds; `stable`: how long they have to stay up then. `keep`: note on the host that
    the transaction was proven, and confirm what waits for somebody who can log in. What the caller's run
    owns is renewed, and let go of once it is proven; what another run owns is not proven by this one.
    Raises DriverError for a stale fencing token.
    """
    directory = state or StateDirectory()
    if keep:
        fencing.look(directory, caller.fence)
        _renew(directory, caller.claim)
    transaction = _transaction(directory, transaction_id)
    record = Record(directory)
    deadline = time.monotonic() + settle
    before = _units_before(transaction, record)
    stopped = wait_until_started(before["running"], deadline)
    checked = run_checks(checks, deadline)
    watched = [unit for unit in before["running"] if unit not in before["unsteady"]]
    if before["known"]:
        watched += _started_with(driver, transaction, before["running"])
    # A check that passes once is not a state either: it has to hold when the units have proven to stay up.
    unstable = watch(watched, stable, stable if checks and before["known"] else 0.0)
    known = {item["unit"] for item in stopped}
    stopped += [item for item in unstable if item["unit"] not in known]
    if stable and all(finding["ok"] for finding in checked):
        checked = run_checks(checks, time.monotonic())
    findings = [{"check": f"unit {item['unit']}", "ok": False, "detail": item["detail"]} for item in stopped]
    document = collect(SUBSETS, driver, False)
    if before["known"]:
        told = before["failed"] + [item["unit"] for item in stopped]
        failed = [unit for unit in (document.get("units") or {}).get("failed", []) if unit not in told]
        findings += [
            {"check": f"unit {item['unit']}", "ok": False, "detail": f"{item['detail']}, had not before"}
            for item in find_failed(failed, show_units(failed))
        ]
    proven_before = transaction is not None and os.path.exists(transaction.proof)
    plan: Dict[str, Any] = {}
    if transaction is not None and not packages and not proven_before:
        # An earlier call was cut off behind this transaction, and the present one knows its id alone.
        plan = read_plan(transaction) or {}
        packages = expected_packages(plan, *_standing(transaction))
    findings = wrong_packages(packages, document.get("packages")) + findings + checked
    theirs = _of_another(directory, caller.claim, transaction)
    result = _judge(findings, document, len(packages), len(before["running"]), theirs)
    result.update(proven_before=proven_before, plan=plan)
    if keep and not result["failed"]:
        result["confirmed"] = _note(directory, caller, transaction, record)
    return result, document


def _note(
    directory: StateDirectory, caller: Caller, transaction: Optional[TransactionDirectory], record: Record
) -> List[str]:
    """Note on the host that it is as it should be; return the transactions that waited for a confirmation."""
    if caller.fence is None and not os.path.isdir(directory.root):
        return []  # nothing was ever changed here
    with fencing.admitted(directory, caller.fence, fencing.PATIENCE):
        record.close()
        try:
            if transaction is not None:
                ownership.prove(directory, caller.claim, transaction.id)
            return confirm_all(directory, "verify")
        except SurveyError:
            return []  # damaged: their own calls say so


def _of_another(
    directory: StateDirectory, claim: ownership.Claim, transaction: Optional[TransactionDirectory]
) -> Optional[ownership.Held]:
    try:
        return ownership.of_another(directory, claim, transaction.id) if transaction else None
    except SurveyError:
        return None  # damaged, or not root: their own calls say so


def _renew(directory: StateDirectory, claim: ownership.Claim) -> None:
    try:
        ownership.renew(directory, claim)
    except SurveyError:
        return  # damaged, or not root: their own calls say so


def _started_with(
    driver: Reader, transaction: Optional[TransactionDirectory], before: List[str]
) -> List[str]:
    """Return the services of the transaction's packages that run now and did not before."""
    plan = read_plan(transaction) if transaction is not None else None
    changed = {change["name"] for change in (plan or {}).get("packages", ())}
    try:
        running = (collect_units() or {}).get("running", [])
    except UnitsError:
        return []  # the host document says that systemd does not answer
    files = {
        unit: state.get("FragmentPath", "")
        for unit, state in show_units(set(running) - set(before)).items()
        if state.get("FragmentPath")
    }
    owners = driver.owners(sorted(files.values())) if files and changed else {}
    return sorted(unit for unit, path in files.items() if owners.get(path) in changed)


def _judge(
    findings: List[Dict[str, Any]],
    document: Dict[str, Any],
    packages: int,
    units: int,
    theirs: Optional[ownership.Held],
) -> Dict[str, Any]:
    effective, reasons = judge_effect(document.get("reboot"), document.get("restarts"))
    bad = [finding for finding in findings if not finding["ok"]]
    updates = document.get("updates")
    details: Dict[str, Any] = {
        "verification": {"ok": not bad, "checks": findings},
        "effective": effective,
        "effective_reasons": reasons,
        "pending": None if updates is None else count_pending(updates),
        "security_source": document.get("security_source"),
    }
    if bad:
        told = "; ".join(f"{finding['check']}: {finding['detail']}" for finding in bad[:5])
        return make_result(
            "verification_failed",
            f"Verification failed: {told}{'; ...' if len(bad) > 5 else '.'}",
            "Look at the logs of what is named (journalctl -u UNIT).",
            **details,
        )
    effect = {"yes": "in effect", "no": "not in effect: " + "; ".join(reasons), "unknown": "effect unknown"}
    message = f"Verified: {packages} packages, {units} units, {len(findings)} checks; {effect[effective]}."
    if theirs is not None:
        message += f" Transaction {theirs.id} is not proven by that. {ownership.belonging(theirs)}"
    return make_result("verified", message, **details)


def _transaction(directory: StateDirectory, transaction_id: Optional[str]) -> Optional[TransactionDirectory]:
    if not transaction_id or not valid_id(transaction_id):
        return None
    found = directory.transaction(transaction_id)
    return found if os.path.isdir(found.path) else None


def _standing(transaction: TransactionDirectory) -> Tuple[str, Optional[str]]:
    view = Journal(transaction.journal).view()
    return view.state, view.host_state


def _units_before(transaction: Optional[TransactionDirectory], record: Record) -> Dict[str, Any]:
    """Return {running, failed, unsteady, known} from before the change, else from before the reboot."""
    if transaction is not None:
        try:
            units = read_json(transaction.way_back_state)["units"]
            running = [unit for unit, state in units["active"].items() if state in _AT_WORK]
            return {
                "running": running,
                "failed": list(units["failed"]),
                # Noted since verification looks at it; an older transaction has none.
                "unsteady": list(units.get("unsteady", ())),
                "known": True,
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # staged without a way back, or on a host without systemd
    note = record.read()
    if note is not None and has_rebooted(note) and not note["proven"]:
        return {"running": list(note["running"]), "failed": [], "unsteady": [], "known": False}
    return {"running": [], "failed": [], "unsteady": [], "known": False}
