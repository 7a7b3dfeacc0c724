# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of an attempt: its report, or one made of what was seen; the verdict; the page; the record."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchops.errors import PatchOpsError
from patchops.reports.model import Report, read_report
from patchops.reports.page import write_page
from patchops.reports.salvage import salvaged_report
from patchops.runner.cancellation import Cancellation
from patchops.runner.process import Ended
from patchops.runs.attempt import Attempt
from patchops.runs.conditions import Condition
from patchops.runs.outcome import Verdict, complete, judge
from patchops.runs.watch import Watch
from patchops.text import plain


@dataclass(frozen=True)
class RunResult:
    """A finished run: the document as it was written, the same as read, and where the page is."""

    run_id: str
    document: dict[str, Any]
    report: Report
    verdict: Verdict
    page: Path
    log: Path


def conclude(
    attempt: Attempt,
    watch: Watch,
    ended: Ended,
    cancellation: Cancellation,
    conditions: Sequence[Condition],
    started_at: datetime.datetime,
    finished_at: datetime.datetime,
) -> RunResult:
    """Write report and page and say how the run came out.

    Sets `watch.fatal` when the report is another engine's.
    """
    document = None if watch.fatal else _read(attempt, watch)
    salvaged = document is None
    if document is None:
        document = salvaged_report(
            {
                "run_id": attempt.run_id,
                "playbook": attempt.request.playbook,
                "started_at": _stamp(started_at),
            },
            list(watch.progress.hosts.values()),
            _stamp(finished_at),
            attempt.request.check,
            attempt.request.changes_hosts,
        )
    report = read_report(document, "The report of this run")
    if watch.fatal is not None:
        verdict = Verdict("failed", watch.fatal.exit_code, watch.fatal.message)
    else:
        verdict = judge(
            report,
            salvaged=salvaged,
            interrupted=cancellation.requested,
            why_salvaged=why_no_report(attempt, watch, ended, cancellation),
            conditions=conditions,
        )
        if not salvaged:
            verdict = complete(verdict, report, attempt.hosts)
    page = attempt.data.page(attempt.run_id)
    _write_json(attempt.data.report(attempt.run_id), document)
    write_page(report, page)
    return RunResult(attempt.run_id, document, report, verdict, page, attempt.files.log)


def why_no_report(attempt: Attempt, watch: Watch, ended: Ended, cancellation: Cancellation) -> str:
    """What kept the playbook from reporting, in Ansible's words where there are some."""
    if cancellation.deadline_passed:
        return "The deadline passed; the playbook was ended. Transactions go on on the hosts."
    if watch.complaints:
        return watch.complaints[-1]
    printed = _last_line(attempt.files.log)
    return f"ansible-playbook ended with {ended.returncode} and wrote no report. {printed}".rstrip()


def _read(attempt: Attempt, watch: Watch) -> dict[str, Any] | None:
    """The engine's report when there is one that can be believed."""
    try:
        document = json.loads(attempt.engine_report.read_bytes())
        read_report(document, f"The report {attempt.engine_report}")
    except (OSError, ValueError, RecursionError):
        return None
    except PatchOpsError as error:
        watch.fatal = error
        return None
    return document if isinstance(document, dict) else None


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((plain(line) for line in reversed(lines) if line.strip()), "")


def _stamp(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
