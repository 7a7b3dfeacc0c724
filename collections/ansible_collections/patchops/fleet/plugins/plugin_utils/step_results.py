# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results that roles leave of the steps they take with a host: one table of public variables.

A role leaves one result for each step, and no other. Ansible overwrites a registered variable with every
task, also with a skipped one, so two steps never share a variable. A test compares the table with the tasks
of roles and playbooks.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class StepResult(NamedTuple):
    """The result of a step.

    `role` and `tasks`: the role and the file of its tasks that leave it; None: the playbooks themselves.
    `action`: whose documented return values it has; None: it has an ``outcome`` alone.
    """

    variable: str
    role: str | None
    tasks: str | None
    action: str | None


# In the order in which the steps are taken.
STEP_RESULTS: Final = {
    "discover": StepResult("patchops_discover_result", "patchops_discover", "main", "host_info"),
    "find": StepResult("patchops_verify_found", "patchops_verify", "find", "transaction_info"),
    "stage": StepResult("patchops_deploy_staged", "patchops_deploy", "stage", "transaction"),
    "gate": StepResult("patchops_gate_result", None, None, "gate"),
    "start": StepResult("patchops_deploy_started", "patchops_deploy", "apply", "transaction"),
    "apply": StepResult("patchops_deploy_applied", "patchops_deploy", "apply", "transaction"),
    "reboot": StepResult("patchops_reboot_result", "patchops_reboot", "main", "reboot"),
    "verify": StepResult("patchops_verify_result", "patchops_verify", "main", "verify"),
    "commit": StepResult("patchops_rollback_committed", "patchops_rollback", "release", "transaction"),
    "unexpected": StepResult("patchops_report_unexpected", "patchops_report", "unexpected", None),
    "revert": StepResult("patchops_rollback_reverted", "patchops_rollback", "revert", "transaction"),
    "leave_kernel": StepResult(
        "patchops_rollback_left_kernel", "patchops_rollback", "leave_kernel", "reboot"
    ),
    "reboot_back": StepResult("patchops_rollback_rebooted", "patchops_rollback", "main", "reboot"),
    "verify_back": StepResult("patchops_rollback_verified", "patchops_rollback", "main", "verify"),
}
