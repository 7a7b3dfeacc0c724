# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed list of outcomes that modules and actions report.

A code belongs to exactly one class, so that who reads a result can decide by class and explain by code.
"""

from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.answer import answer_of
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.outcome import Outcome, OutcomeClass
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document

OK = OutcomeClass.OK.value
REFUSED = OutcomeClass.REFUSED.value
FAILED = OutcomeClass.FAILED.value
REVERTED = OutcomeClass.REVERTED.value
UNREACHABLE = OutcomeClass.UNREACHABLE.value
UNKNOWN = OutcomeClass.UNKNOWN.value
SKIPPED = OutcomeClass.SKIPPED.value
NOT_STARTED = OutcomeClass.NOT_STARTED.value

CLASSES = {
    OK: "Done, or nothing was left to do.",
    REFUSED: "Nothing on the host was changed.",
    FAILED: "Something was changed; the state the host is in is known and named.",
    REVERTED: "The change was taken back; the host has its former packages, but for those that are named.",
    UNREACHABLE: "The host could not be asked; nothing was changed by this call.",
    UNKNOWN: "The state of the host could not be learned.",
    SKIPPED: "Left out on purpose.",
    NOT_STARTED: "The run ended before the host's turn.",
}

# code: (class, what it means). Part of the interface: codes are added, never renamed.
CODES = {
    # done
    "done": (OK, "The call did what it was asked for."),
    "nothing_to_do": (OK, "The host is already as asked."),
    "collected": (OK, "The host document is complete."),
    "collected_partly": (OK, "The host document was made; its errors name what could not be read."),
    "planned": (OK, "Check mode: the plan was made and nothing was changed."),
    "started": (OK, "The transaction runs on the host; nobody waits for it."),
    "staged": (OK, "Everything that the transaction needs is on the host."),
    "applied": (OK, "The planned packages are installed."),
    "taken_back": (OK, "The transaction was reverted as asked."),
    "taken_back_partly": (OK, "What packages take back was reverted as asked, the others stay."),
    "committed": (OK, "The way back was released."),
    "confirmed": (OK, "Somebody logged in anew: the host doesn't take the change back by itself."),
    "rebooted": (OK, "The host rebooted, with proof."),
    "reboot_not_needed": (OK, "Nothing on the host asks for a reboot."),
    "verified": (OK, "Versions, units and checks are as they should be, over a new connection."),
    "gate_open": (OK, "The batch may start."),
    "sealed": (OK, "The patch set has its id."),
    "reported": (OK, "The report was written."),
    # refused
    "bad_arguments": (REFUSED, "The arguments contradict one another or are incomplete."),
    "document_invalid": (REFUSED, "A document is damaged, too new, or of the wrong kind."),
    "engine_mismatch": (REFUSED, "A document was made by another version of the engine."),
    "unsupported_platform": (REFUSED, "No driver knows the package manager of the host."),
    "not_root": (REFUSED, "The module was not run as root."),
    "interrupted_packages": (REFUSED, "An earlier change of packages was interrupted."),
    "no_exec": (REFUSED, "The scripts of packages can't run: they lie on a file system mounted noexec."),
    "read_only": (REFUSED, "A file system that packages are written to is mounted read-only."),
    "no_space": (REFUSED, "A file system has too little room."),
    "lock_held": (REFUSED, "Another program holds the package manager's lock."),
    "repository_unreadable": (REFUSED, "A repository could not be read."),
    "repository_expired": (REFUSED, "A repository's signed index is past its date."),
    "repository_unsigned": (REFUSED, "A repository's signature is missing or bad."),
    "not_in_patch_set": (REFUSED, "The plan needs a package that is not in the patch set."),
    "member_missing": (REFUSED, "The repositories no longer have a member of the patch set."),
    "member_changed": (REFUSED, "A member of the patch set has other bytes than those proven."),
    "platform_missing": (REFUSED, "The patch set holds nothing for the platform of this host."),
    "package_unknown": (REFUSED, "A package that was named is not known to the host."),
    "version_unknown": (REFUSED, "A version that was named is not known to the host."),
    "downgrade_needed": (REFUSED, "A version that was named is older than the installed one."),
    "patch_set_not_trusted": (REFUSED, "No signature of the patch set is one that the controller accepts."),
    "patch_set_tampered": (REFUSED, "The patch set's id is not the digest of its content."),
    "external_change": (REFUSED, "Somebody else changed the packages of the transaction since."),
    "unsatisfiable": (REFUSED, "The package manager finds no consistent plan."),
    "security_kept_back": (REFUSED, "The package manager passes over the security updates that are left."),
    "removals_needed": (REFUSED, "The plan would remove packages, and that was not allowed."),
    "plan_changed": (REFUSED, "What would be done is no longer what was planned."),
    "download_failed": (REFUSED, "A package could not be downloaded."),
    "checksum_mismatch": (REFUSED, "A package has other bytes than its signed index says."),
    "no_way_back": (REFUSED, "The material to put a package back could not be secured."),
    "way_back_limit": (REFUSED, "What transactions keep on the host would take more room than they may."),
    "snapshot_missing": (REFUSED, "Only a snapshot takes some of the packages back, and none was named."),
    "forward_only": (REFUSED, "Packages that were changed can't be taken back by packages."),
    "kernel_removal": (REFUSED, "The plan would remove the running kernel or the last other one."),
    "way_back_damaged": (REFUSED, "The material of the way back is incomplete or altered."),
    "transaction_live": (REFUSED, "Another transaction is not ended."),
    "transaction_unknown": (REFUSED, "The host knows no such transaction."),
    "transaction_state": (REFUSED, "The transaction's state doesn't allow this step."),
    "newer_transaction": (REFUSED, "A newer transaction builds on this one."),
    "owned_by_another": (REFUSED, "Another run changed the host and has not proven it yet."),
    "stale_fence": (REFUSED, "A newer attempt has taken over."),
    "fence_damaged": (REFUSED, "The host's note of the newest fencing token can't be read."),
    "confirmation_pending": (REFUSED, "The host still waits for the confirmation of an earlier change."),
    "watchdog_failed": (REFUSED, "Nobody would take the change back if it locked its administrator out."),
    "detach_failed": (REFUSED, "The transaction could not be started in the background."),
    "kernel_runs": (REFUSED, "The kernel that would be removed is the running one."),
    "proofs_differ": (REFUSED, "Hosts of one platform proved different packages; there is no one patch set."),
    "facts_refused": (REFUSED, "Facts of the host set variables of PatchOps, which facts may not."),
    "same_machine": (REFUSED, "Another host of the run says that it is the same running machine."),
    "gate_closed": (REFUSED, "A window, freeze or budget keeps the batch from starting."),
    # failed
    "install_failed": (FAILED, "The package manager failed while it installed."),
    "revert_failed": (FAILED, "The package manager failed while it put packages back."),
    "forward_only_failed": (FAILED, "An update without a way back failed; a person has to go on from here."),
    "not_released": (FAILED, "What a transaction keeps on the host could not be deleted."),
    "state_mixed": (FAILED, "The host has neither its former nor the planned packages."),
    "boot_check_failed": (FAILED, "What the host would boot is not fit; it was not rebooted."),
    "reboot_failed": (FAILED, "The host did not come back as expected from its reboot."),
    "reboot_faked": (FAILED, "Login works again, but the host did not reboot."),
    "kernel_not_effective": (FAILED, "The host rebooted into another kernel than expected."),
    "verification_failed": (FAILED, "Versions, units or checks are not as they should be."),
    "not_effective": (FAILED, "Installed, but not in effect."),
    "hook_failed": (FAILED, "A hook failed."),
    "internal_error": (FAILED, "A defect of the engine; the message says what is known."),
    "run_failed": (FAILED, "The run ended, and hosts of it were refused, failed or lost."),
    "run_stopped": (FAILED, "A gate ended the run before every batch was started."),
    "updates_missing": (FAILED, "Updates are pending, and the run was told to fail on that."),
    # reverted
    "rolled_back": (REVERTED, "The update was bad and was taken back."),
    "rolled_back_partly": (REVERTED, "The update was bad; what packages take back is back, the others stay."),
    "still_blocked": (REVERTED, "What was asked for was taken back earlier, and stays blocked."),
    "not_confirmed": (REVERTED, "Nobody could log in and confirm the change; the host took it back itself."),
    "install_taken_back": (REVERTED, "The package manager failed, and the former packages are back."),
    # unreachable
    "unreachable": (UNREACHABLE, "No connection could be made."),
    "connection_refused": (UNREACHABLE, "Nothing listens where the host should."),
    "connection_timeout": (UNREACHABLE, "The host did not answer in time."),
    "connection_lost": (UNREACHABLE, "The connection broke during the call."),
    "name_unresolved": (UNREACHABLE, "The host's name has no address."),
    "host_key_changed": (UNREACHABLE, "The host presents another host key than the known one."),
    "host_key_unknown": (UNREACHABLE, "The host's key is not known on the controller."),
    "authentication_failed": (UNREACHABLE, "The host refused the login."),
    "become_failed": (UNREACHABLE, "The login works, but becoming root failed."),
    "python_missing": (UNREACHABLE, "No usable Python was found on the host."),
    "python_unsupported": (UNREACHABLE, "The host's Python is too old for this ansible-core."),
    "controller_failed": (UNREACHABLE, "The controller could not make the call; the host was not asked."),
    "no_temporary_space": (UNREACHABLE, "The host has no room or right for temporary files."),
    # unknown
    "outcome_unknown": (UNKNOWN, "The host was touched and can't be asked what became of it."),
    "module_crashed": (UNKNOWN, "The module ended without a readable answer."),
    "answer_invalid": (UNKNOWN, "The host's answer is not what an answer may be, so nothing of it was used."),
    "security_unknown": (UNKNOWN, "The host's source of security updates can't be believed."),
    "updates_unknown": (UNKNOWN, "A repository could not be read; what it offers is not known."),
    "run_unknown": (UNKNOWN, "The run ended, and the state of some of its hosts could not be learned."),
    "still_running": (UNKNOWN, "The transaction had not ended when the time to wait was over."),
    # left out
    "skipped": (SKIPPED, "Left out on purpose."),
    "not_started": (NOT_STARTED, "The run ended before the host's turn."),
}


def make_outcome(code: str, message: str, remedy: str = "") -> Dict[str, str]:
    """Return the `outcome` of a result: class, code, message and remedy, all strings.

    Raises KeyError for a code that is not on the list.
    """
    made: Dict[str, str] = document(_outcome(code, message, remedy))
    return made


def is_failure(outcome: Dict[str, str]) -> bool:
    """Tell whether a result with this outcome carries ``failed: true``."""
    return OutcomeClass(outcome["class"]).is_failure


def make_result(
    code: str, message: str, remedy: str = "", changed: bool = False, **more: Any
) -> Dict[str, Any]:
    """Return what every module and action returns: changed, outcome, summary, failed, and what is given."""
    result: Dict[str, Any] = document(answer_of(_outcome(code, message, remedy), changed))
    result.update(more)
    return result


def _outcome(code: str, message: str, remedy: str) -> Outcome:
    return Outcome(OutcomeClass(CODES[code][0]), code, message, remedy)
