# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scan can be asked to fail on, beyond hosts that failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from patchops.assessment.assess import assess, keep, policy_of
from patchops.assessment.failures import failed_updates
from patchops.assessment.hosts import inventory_facts, with_documents
from patchops.errors import InputError
from patchops.paths import DataDirectory
from patchops.reports.model import Report
from patchops.store.state import host_documents, promised, run_owner

# Says in one sentence why a finished run does not pass, or "".
Condition = Callable[[Report], str]


def missing(report: Report) -> str:
    """Pending updates of any kind."""
    lacking = [host.host for host in report.hosts if host.pending_total]
    return f"Updates are pending on {', '.join(lacking)}." if lacking else ""


def overdue(
    inventories: Sequence[str],
    pattern: str,
    vault_password_files: Sequence[str],
    policy_file: Path | None,
    data: DataDirectory,
    inventory_name: str | None = None,
) -> Condition:
    """Findings past their due date by the policy, assessed from what the scan stored.

    Raises InputError at once where there is no advisory database or the policy can't be read.
    """
    database = data.advisories
    if not database.is_file():
        raise InputError(
            f"--fail-on overdue needs an advisory database; there is none at {database}.",
            "Make it with `patchops feeds update`, or `patchops feeds import`.",
        )
    policy = policy_of(policy_file)

    def condition(report: Report) -> str:
        facts = inventory_facts(inventories, pattern, vault_password_files, inventory_name)
        hosts = with_documents(facts, host_documents(data))
        failed = failed_updates(data.store, run_owner(data))
        assessment = assess(hosts, database, policy, datetime.now(UTC), promised(data), failed)
        keep(assessment, data)
        late = [str(row["host"]) for row in assessment.document["hosts"] if row["overdue"]]
        return f"Updates are overdue on {', '.join(late)}; see `patchops findings`." if late else ""

    return condition
