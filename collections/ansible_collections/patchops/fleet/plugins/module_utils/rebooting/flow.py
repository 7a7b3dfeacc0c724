# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of a reboot: decide and begin it, and tell later what became of it.

Both calls look at the host first and do what is left, so that a call that was cut off is simply made again.
"""

import os
import subprocess
import time
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_boot_id
from ansible_collections.patchops.fleet.plugins.module_utils.host_document import collect
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.rebooting.record import (
    Record,
    has_rebooted,
    is_under_way,
)
from ansible_collections.patchops.fleet.plugins.module_utils.rebooting.settling import wait_until_started
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.confirming import (
    arm_for_reboot,
    confirm_all,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.services import restart_stale
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.states import IN_PROGRESS
from ansible_collections.patchops.fleet.plugins.module_utils.verification.effect import stale_services

# The answer has to leave the host before its network goes.
_DELAY_SECONDS = 2
_SUBSETS = ("machine", "kernel", "units", "restarts", "reboot")


def begin(
    driver: Driver,
    policy: str,
    restarts_policy: str,
    run_id: str,
    check_mode: bool,
    record: Optional[Record] = None,
) -> Dict[str, Any]:
    """Restart services or order a reboot, as the host needs it and `policy` allows; return the result.

    A result with ``rebooting: true`` says that the host goes down now (or is about to); its
    ``reboot.boot_id`` is the one that has to change.
    """
    record = record or Record()
    note = record.read() or {}
    if is_under_way(note):
        return _rebooting(note["reasons"], "The reboot that was ordered before is under way.")
    document = collect(_SUBSETS, driver, False)
    if document["transactions"] is None:
        return make_result(
            "transaction_state",
            "Not rebooted: whether a transaction is under way can't be read. "
            + "; ".join(
                error["message"] for error in document["errors"] if error["subset"] == "transactions"
            ),
            "Look at /var/lib/patchops/transactions; move a damaged one away when nothing of it runs.",
            reboot=_facts(document),
        )
    live = [one for one in document["transactions"] if one["state"] in IN_PROGRESS]
    if live:
        return make_result(
            "transaction_live",
            f"Not rebooted: transaction {live[0]['id']} is {live[0]['state']} on this host.",
            "Wait for it (transaction_info), or take it back; then reboot.",
            reboot=_facts(document),
        )
    reasons = [reason["detail"] for reason in (document.get("reboot") or {}).get("reasons", [])]
    done_before = has_rebooted(note) and bool(run_id) and note["run_id"] == run_id
    if policy == "always" and not done_before and not reasons:
        reasons = ["asked for"]
    facts = dict(_facts(document), done=done_before, boot_id_changed=done_before)
    stale = stale_services(document.get("restarts")) if restarts_policy == "auto" else []
    restarted: List[str] = []
    if stale and not check_mode and (policy == "never" or not reasons):
        done = restart_stale(driver)
        restarted = done["restarted"]
        reasons += [f"{one['unit']} runs replaced code: {one['reason']}" for one in done["left"]]
    if check_mode and (stale or reasons):
        message = f"Would restart or reboot: {'; '.join(reasons + stale)}."
        return make_result("planned", message, changed=True, reboot=facts)
    if reasons and policy != "never":
        return _order_reboot(document, reasons, run_id, record)
    message = f"Restarted {', '.join(restarted)}." if restarted else "Nothing had to be restarted."
    if reasons:
        message += f" Not rebooted, as asked, although a reboot is required: {'; '.join(reasons)}."
    code = "done" if reasons else "reboot_not_needed"
    return make_result(code, message, changed=bool(restarted), reboot=facts, restarted=restarted)


def end(settle: float, record: Optional[Record] = None) -> Dict[str, Any]:
    """Return what became of the reboot that was ordered; units have `settle` seconds to start."""
    note = (record or Record()).read() or {}
    facts = {"required": True, "done": has_rebooted(note), "boot_id": read_boot_id()}  # type: Dict[str, Any]
    facts.update(boot_id_changed=facts["done"], kernel=running_kernel())
    if not facts["done"]:
        return make_result(
            "reboot_faked",
            "Login works but the host runs in the same boot as before: it did not reboot.",
            "Look at the host's console and log (journalctl -b), reboot it by hand and verify it.",
            reboot=facts,
        )
    facts["reasons"] = note["reasons"]
    stopped = wait_until_started(note["running"], time.monotonic() + settle)
    if note["kernel"] and note["kernel"] != facts["kernel"]:
        return make_result(
            "kernel_not_effective",
            f"The host rebooted into kernel {facts['kernel']}; {note['kernel']} was expected.",
            "Look at the boot loader's default entry and at the console: the new kernel may have failed to "
            "boot.",
            changed=True,
            reboot=facts,
        )
    if stopped:
        names = "; ".join(f"{item['unit']} {item['detail']}" for item in stopped)
        return make_result(
            "verification_failed",
            f"The host rebooted, but units that ran before do not run: {names}.",
            "Look at their logs (journalctl -u UNIT).",
            changed=True,
            reboot=facts,
        )
    return make_result("rebooted", f"Rebooted, kernel {facts['kernel']}.", changed=True, reboot=facts)


def _order_reboot(
    document: Dict[str, Any], reasons: List[str], run_id: str, record: Record
) -> Dict[str, Any]:
    try:
        within = arm_for_reboot(record.state)
    except DriverError as error:
        return make_result(error.code, error.message, error.remedy, reboot=_facts(document))
    running = (document.get("units") or {}).get("running", [])
    record.write(running, _coming_kernel(document), reasons, run_id)
    if _order():
        answer = _rebooting(reasons, f"Rebooting: {'; '.join(reasons)}.")
        return dict(answer, confirm_within=within)
    confirm_all(record.state, "not rebooted", run_id)
    return make_result(
        "reboot_failed",
        "The host could not be told to reboot: neither systemd nor shutdown took the order. It still runs.",
        "Reboot it by hand and verify it.",
        reboot=_facts(document),
    )


def running_kernel() -> str:
    """Return the release of the kernel that runs."""
    return os.uname().release


def _coming_kernel(document: Dict[str, Any]) -> Optional[str]:
    """Return the release that has to run after the reboot, None where the kernel is not the host's own."""
    kernel = document.get("kernel")
    in_container = ((document.get("machine") or {}).get("virtualization") or {}).get("kind") == "container"
    if kernel is None or in_container:
        return None
    found = kernel["default_boot"] or kernel["newest_installed"]
    return str(found) if found else None


def _facts(document: Dict[str, Any]) -> Dict[str, Any]:
    reboot = document.get("reboot") or {"required": None, "reasons": []}
    return {
        "required": reboot["required"],
        "reasons": [reason["detail"] for reason in reboot["reasons"]],
        "done": False,
        "boot_id_changed": False,
        "boot_id": read_boot_id(),
        "kernel": (document.get("kernel") or {}).get("running"),
    }


def _rebooting(reasons: List[str], message: str) -> Dict[str, Any]:
    facts = {"required": True, "reasons": reasons, "done": False, "boot_id": read_boot_id()}
    return make_result("started", message, changed=True, rebooting=True, reboot=facts)


def _order() -> bool:
    """Have the host reboot in a moment; return whether somebody took the order."""
    answer = run(
        [
            "systemd-run",
            "--collect",
            "--quiet",
            f"--on-active={_DELAY_SECONDS}",
            "--timer-property=AccuracySec=100ms",
            "systemctl",
            "reboot",
        ]
    )
    if answer.rc == 0:
        return True
    try:
        # Without systemd. A session of its own: it has to outlive the login that this call came by.
        subprocess.Popen(
            ["/bin/sh", "-c", 'sleep "$0"; exec shutdown -r now', str(_DELAY_SECONDS)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
    except OSError:
        return False
    return True
