# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of a reboot: decide and begin it, and tell later what became of it.

Both calls look at the host first and do what is left, so that a call that was cut off is simply made again.
"""

import os
import time
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.booting import boot_once
from ansible_collections.patchops.fleet.plugins.module_utils.booting.next_boot import (
    NO_WISHES,
    NextBoot,
    NotFit,
    Wishes,
    settle_boot_loader,
)
from ansible_collections.patchops.fleet.plugins.module_utils.booting.ordering import order_reboot
from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_boot_id
from ansible_collections.patchops.fleet.plugins.module_utils.host_document import collect
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError, Reader
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.reboot_record import (
    Record,
    has_rebooted,
    is_under_way,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.states import IN_PROGRESS
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.confirming import (
    arm_for_reboot,
    confirm_all,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.services import restart_stale
from ansible_collections.patchops.fleet.plugins.module_utils.verification.effect import stale_services
from ansible_collections.patchops.fleet.plugins.module_utils.verification.settling import wait_until_started

_SUBSETS = ("machine", "kernel", "units", "restarts", "reboot")


def begin(
    driver: Reader,
    policy: str,
    restarts_policy: str,
    run_id: str,
    check_mode: bool,
    record: Optional[Record] = None,
    wishes: Wishes = NO_WISHES,
) -> Dict[str, Any]:
    """Restart services or order a reboot, as the host needs it and `policy` allows; return the result.

    With `wishes.kernel` the host is rebooted into that one, whatever `policy` says, unless it runs.

    A result with ``rebooting: true`` says that the host goes down now (or is about to); its
    ``reboot.boot_id`` is the one that has to change.
    """
    record = record or Record()
    note = record.read() or {}
    if is_under_way(note):
        return _rebooting(note["reasons"], "The reboot that was ordered before is under way.")
    document = collect(_SUBSETS, driver, False)
    refusal = _refusal(document) or (None if check_mode else _unsettled(document, record, note))
    if refusal is not None:
        return refusal
    if wishes.kernel and wishes.kernel == (document.get("kernel") or {}).get("running"):
        message = f"Kernel {wishes.kernel} runs already."
        return make_result("reboot_not_needed", message, reboot=_facts(document))
    reasons = [reason["detail"] for reason in (document.get("reboot") or {}).get("reasons", [])]
    if wishes.kernel:
        policy, reasons = "always", [f"kernel {wishes.kernel} is to run"]
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
    if reasons and policy != "never":
        return _reboot(document, reasons, run_id, record, wishes, check_mode)
    if check_mode and (stale or reasons):
        message = f"Would restart or reboot: {'; '.join(reasons + stale)}."
        return make_result("planned", message, changed=True, reboot=facts)
    message = f"Restarted {', '.join(restarted)}." if restarted else "Nothing had to be restarted."
    if reasons:
        message += f" Not rebooted, as asked, although a reboot is required: {'; '.join(reasons)}."
    code = "done" if reasons else "reboot_not_needed"
    return make_result(code, message, changed=bool(restarted), reboot=facts, restarted=restarted)


def _refusal(document: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """Return why the host may not be touched now, None when it may."""
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
    return None


def _unsettled(document: Dict[str, Any], record: Record, note: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """Settle what an earlier reboot left to do; return why that can't be, None when nothing is left."""
    kernel = document.get("kernel")
    try:
        _settle(record, note, [one["release"] for one in kernel["installed"]] if kernel else None)
    except boot_once.BootOrderError as error:
        return _not_fit(document, str(error), "Look at it on the host (grub-editenv list).", None)
    return None


def end(settle: float, record: Optional[Record] = None) -> Dict[str, Any]:
    """Return what became of the reboot that was ordered; units have `settle` seconds to start."""
    record = record or Record()
    note = record.read() or {}
    facts = {"required": True, "done": has_rebooted(note), "boot_id": read_boot_id()}  # type: Dict[str, Any]
    facts.update(boot_id_changed=facts["done"], kernel=running_kernel(), boot_check=note.get("boot_check"))
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
        return _another_kernel(note, facts)
    if stopped:
        names = "; ".join(f"{item['unit']} {item['detail']}" for item in stopped)
        return make_result(
            "verification_failed",
            f"The host rebooted, but units that ran before do not run: {names}.",
            "Look at their logs (journalctl -u UNIT).",
            changed=True,
            reboot=facts,
        )
    try:
        _settle(record, note, None)
    except boot_once.BootOrderError as error:
        return make_result(
            "verification_failed",
            f"Rebooted, kernel {facts['kernel']}, but the boot loader did not take its default back "
            f"({error}): the next boot may be of another kernel.",
            "Put it right on the host (grub-editenv list), then run the same command again.",
            changed=True,
            reboot=facts,
        )
    return make_result("rebooted", f"Rebooted, kernel {facts['kernel']}.", changed=True, reboot=facts)


def _another_kernel(note: Dict[str, Any], facts: Dict[str, Any]) -> Dict[str, Any]:
    message = f"The host rebooted into kernel {facts['kernel']}; {note['kernel']} was expected."
    remedy = "Look at the boot loader's default entry and at the console: the new kernel may not have booted."
    if note.get("fallback"):
        message += (
            f" {note['kernel']} was to be started once and did not come up, so the host fell back; "
            f"{facts['kernel']} is what it boots until that is settled."
        )
        remedy = (
            f"Look at the console for why. Then take the update back, or try again with the module's "
            f"kernel: {note['kernel']}."
        )
    return make_result("kernel_not_effective", message, remedy, changed=True, reboot=facts)


def _settle(record: Record, note: Dict[str, Any], kernels: Optional[List[str]]) -> None:
    """Have the boot loader forget what it was told for a boot that is over; raises BootOrderError.

    `kernels`: the installed ones, None where they are not known.
    """
    if note.get("kernel") and has_rebooted(note) and settle_boot_loader(note.get("fallback"), kernels):
        record.settle_fallback()


def _reboot(
    document: Dict[str, Any],
    reasons: List[str],
    run_id: str,
    record: Record,
    wishes: Wishes,
    check_mode: bool,
) -> Dict[str, Any]:
    """Order a reboot that the host is fit for."""
    try:
        boot = NextBoot(document, wishes)
        boot.decide()
        if check_mode:
            message = f"Would reboot: {'; '.join(reasons)}."
            facts = dict(_facts(document), boot_check=boot.checked)
            return make_result("planned", message, changed=True, reboot=facts)
        return _order_reboot(document, reasons, run_id, record, boot)
    except NotFit as error:
        why, remedy = _with_last_try(record, str(error), error.remedy)
        return _not_fit(document, why, remedy, error.checked)
    except boot_once.BootOrderError as error:
        return _not_fit(document, f"The boot loader took no order: {error}.", "Look at it on the host.", None)


def _with_last_try(record: Record, why: str, remedy: str) -> Tuple[str, str]:
    """Return message and remedy, with those for a kernel that did not come up when it was tried before."""
    pending = (record.read() or {}).get("fallback")
    if not pending:
        return why, remedy
    kernel = pending["kernel"]
    return (
        f"{why} {kernel} did not come up when it was tried, and the former kernel is the default since then.",
        f"Take the update back, or try again with the module's kernel: {kernel}. {remedy}",
    )


def _not_fit(
    document: Dict[str, Any], why: str, remedy: str, checked: Optional[Dict[str, Any]]
) -> Dict[str, Any]:
    facts = dict(_facts(document), boot_check=checked)
    state = f"Kernel {facts['kernel']} runs on"
    if facts["reasons"]:
        state += f"; what is installed is not in effect: {'; '.join(facts['reasons'])}"
    return make_result("boot_check_failed", f"Not rebooted. {why} {state}.", remedy, reboot=facts)


def _order_reboot(
    document: Dict[str, Any], reasons: List[str], run_id: str, record: Record, boot: NextBoot
) -> Dict[str, Any]:
    try:
        within = arm_for_reboot(record.state)
    except DriverError as error:
        return make_result(error.code, error.message, error.remedy, reboot=_facts(document))
    before = record.read() or {}
    running = (document.get("units") or {}).get("running", [])
    fallback = boot.fallback(before.get("fallback"))
    try:
        record.write(running, boot.expected, reasons, run_id, boot.checked, fallback)
    except OSError:
        # Without a reboot there is nothing new to confirm, and the host would take back what works.
        confirm_all(record.state, "not rebooted", run_id)
        raise
    try:
        boot.prepare()
        ordered = order_reboot()
    except boot_once.BootOrderError:
        confirm_all(record.state, "not rebooted", run_id)
        record.restore(before)
        raise
    if ordered:
        answer = _rebooting(reasons, f"Rebooting: {'; '.join(reasons)}.")
        answer["reboot"].update(boot_check=boot.checked, former_kernel=boot.behind)
        return dict(answer, confirm_within=within)
    confirm_all(record.state, "not rebooted", run_id)
    # Nothing is under way: the next call orders it anew.
    record.restore(before)
    return make_result(
        "reboot_failed",
        "The host could not be told to reboot: neither systemd nor shutdown took the order. It still runs.",
        "Reboot it by hand and verify it.",
        reboot=_facts(document),
    )


def running_kernel() -> str:
    """Return the release of the kernel that runs."""
    return os.uname().release


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
