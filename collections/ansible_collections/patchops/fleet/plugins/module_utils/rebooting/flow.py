# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of a reboot: decide and begin it, and tell later what became of it.

Both calls look at the host first and do what is left, so that a call that was cut off is simply made again.
"""

import subprocess
import time
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_boot_id
from ansible_collections.patchops.fleet.plugins.module_utils.host_document import collect
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver
from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.rebooting import restarts
from ansible_collections.patchops.fleet.plugins.module_utils.rebooting.record import (
    Record,
    has_rebooted,
    is_under_way,
)
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
    live = [one for one in document["transactions"] or [] if one["state"] in IN_PROGRESS]
    if live:
        return make_result(
            "transaction_live",
            f"Not rebooted: transaction {live[0]['id']} is {live[0]['state']} on this host.",
            "Wait for it (transaction_info), or take it back; then reboot.",
            reboot=_facts(document),
        )
    reasons = _reasons(document, policy)
    done_before = has_rebooted(note) and bool(run_id) and note["run_id"] == run_id
    if policy == "always" and not done_before and not reasons:
        reasons = ["asked for"]
    if policy == "never" or not reasons or (policy == "always" and done_before):
        return _restart(document, restarts_policy, check_mode, done_before)
    if check_mode:
        return make_result(
            "planned", f"Would reboot: {'; '.join(reasons)}.", changed=True, reboot=_facts(document)
        )
    running = (document.get("units") or {}).get("running", [])
    record.write(running, _coming_kernel(document), reasons, run_id)
    if not _order():
        return make_result(
            "reboot_failed",
            "The host could not be told to reboot: neither systemd nor shutdown took the order. It still "
            "runs.",
            "Reboot it by hand and verify it.",
            reboot=_facts(document),
        )
    return _rebooting(reasons, f"Rebooting: {'; '.join(reasons)}.")


def end(settle: float, record: Optional[Record] = None) -> Dict[str, Any]:
    """Return what became of the reboot that was ordered; units have `settle` seconds to start."""
    note = (record or Record()).read() or {}
    facts = {"required": True, "done": has_rebooted(note), "boot_id": read_boot_id()}  # type: Dict[str, Any]
    facts.update(boot_id_changed=facts["done"], kernel=run(["uname", "-r"]).stdout.strip())
    if not facts["done"]:
        return make_result(
            "reboot_faked",
            "Login works but the host runs in the same boot as before: it did not reboot.",
            "Look at the host's console and log (journalctl -b), reboot it by hand and verify it.",
            reboot=facts,
        )
    facts["reasons"] = note["reasons"]
    stopped = restarts.wait_until_started(note["running"], time.monotonic() + settle)
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


def _restart(document: Dict[str, Any], policy: str, check_mode: bool, done_before: bool) -> Dict[str, Any]:
    units = restarts.restartable(stale_services(document.get("restarts"))) if policy == "auto" else []
    facts = dict(_facts(document), done=done_before, boot_id_changed=done_before)
    if facts["required"] and not units:
        message = f"Not rebooted, as asked, although a reboot is required: {'; '.join(facts['reasons'])}."
        return make_result("done", message, reboot=facts, restarted=[])
    if not units:
        return make_result("reboot_not_needed", "Nothing had to be restarted.", reboot=facts, restarted=[])
    if check_mode:
        return make_result(
            "planned", f"Would restart {', '.join(units)}.", changed=True, reboot=facts, restarted=units
        )
    restarts.restart(units)
    return make_result(
        "reboot_not_needed", f"Restarted {', '.join(units)}.", changed=True, reboot=facts, restarted=units
    )


def _reasons(document: Dict[str, Any], policy: str) -> List[str]:
    """Return why a reboot is required: what the host says, and services that only a reboot renews."""
    reasons = [reason["detail"] for reason in (document.get("reboot") or {}).get("reasons", [])]
    stale = stale_services(document.get("restarts"))
    stuck = [name for name in stale if name not in restarts.restartable(stale)]
    if stuck and policy == "auto" and not reasons:
        reasons.append(f"{', '.join(stuck)}: can't be restarted safely and runs replaced code")
    return reasons


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
