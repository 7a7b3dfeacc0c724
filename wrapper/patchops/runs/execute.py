# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a request: look first, put it on record, start, watch, report."""

from __future__ import annotations

import datetime
import json
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from patchops.errors import InputError, OutcomeUnknownError, PatchOpsError
from patchops.paths import DataDirectory
from patchops.reports.model import Report, check_engine_version, read_report
from patchops.reports.page import write_page
from patchops.reports.salvage import salvaged_report
from patchops.runner import environment, fence, process
from patchops.runner.cancellation import Act, Cancellation, signals_request
from patchops.runner.events import Complaint, TaskResult, TaskStarted, parse
from patchops.runner.inventory import absolute_sources, resolve_hosts
from patchops.runner.process import AttemptFiles, Launch
from patchops.runner.progress import HostProgress, Progress
from patchops.runs.conditions import Condition
from patchops.runs.former import settle
from patchops.runs.outcome import Verdict, judge
from patchops.runs.records import closing
from patchops.runs.request import RunRequest, check_ansible_options
from patchops.store.database import open_database
from patchops.store.ledger import Ledger, NewRun, WrapperProcess
from patchops.text import plain


class Observer(Protocol):
    """Who watches a run; called from the thread that runs it."""

    def started(self, run_id: str, hosts: Sequence[str], resumed: bool) -> None: ...

    def host_changed(self, host: HostProgress, progress: Progress) -> None: ...

    def gate(self, event: TaskResult) -> None: ...

    def notice(self, text: str) -> None: ...

    def stopping(self, act: Act, in_progress: Sequence[str]) -> None: ...


@dataclass(frozen=True)
class RunResult:
    """A finished run: the document as it was written, the same as read, and where the page is."""

    run_id: str
    document: dict[str, Any]
    report: Report
    verdict: Verdict
    page: Path
    log: Path


def execute(
    request: RunRequest, data: DataDirectory, observer: Observer, conditions: Sequence[Condition] = ()
) -> RunResult:
    """Run `request` to its report.

    Raises InputError, FenceError or OutcomeUnknownError before anything was started, PatchOpsError when the
    playbook could not run at all.
    """
    check_ansible_options(request.ansible_options)
    sources = absolute_sources(request.inventories)
    collections = environment.collections_root()
    settings = environment.build(os.environ, request.pass_env, collections)
    data.make()
    hosts = resolve_hosts(
        sources, request.pattern, settings, request.vault_secrets, request.vault_options, data.root
    )
    ledger = Ledger(open_database(data.database))
    inventory = ",".join(sources)
    settle(ledger, inventory, hosts, request.changes_hosts, observer.notice, _now)
    return _Run(request, data, observer, ledger, sources, settings, hosts, inventory).carry_out(conditions)


class _Run:
    """One attempt in progress: what it needs and what was seen of it."""

    def __init__(
        self,
        request: RunRequest,
        data: DataDirectory,
        observer: Observer,
        ledger: Ledger,
        sources: Sequence[str],
        settings: Mapping[str, str],
        hosts: Sequence[str],
        inventory: str,
    ) -> None:
        resumed = ledger.resumable(request.digest) if request.changes_hosts else None
        self._resumed = resumed is not None
        self._request, self._data, self._observer, self._ledger = request, data, observer, ledger
        self._sources, self._settings, self._hosts, self._inventory = sources, settings, hosts, inventory
        self.run_id = resumed or new_run_id(request.playbook)
        number = ledger.attempts_of(self.run_id) + 1
        self._files = AttemptFiles(data.run(self.run_id) / f"attempt-{number}")
        self._progress = Progress.of(hosts)
        self._complaints: list[str] = []
        self._fatal: PatchOpsError | None = None
        self._checked_version = False
        self._attempt = 0
        self._cancellation = Cancellation(
            drains=request.changes_hosts,
            drain_file=self._files.drain,
            announce=self._announce,
            end=lambda: _end(self._files),
            clock=time.monotonic,
            deadline=None
            if request.deadline_seconds is None
            else time.monotonic() + request.deadline_seconds,
        )

    def carry_out(self, conditions: Sequence[Condition]) -> RunResult:
        self._files.root.mkdir(mode=0o700, parents=True)
        self._report_path.unlink(missing_ok=True)
        self._write_variables()
        started_at = _now()
        self._attempt = self._ledger.begin(
            NewRun(
                run_id=self.run_id,
                playbook=self._request.playbook,
                inventory=self._inventory,
                pattern=self._request.pattern,
                digest=self._request.digest,
                changes_hosts=self._request.changes_hosts,
                check_mode=self._request.check,
                hosts=self._hosts,
            ),
            str(self._files.root),
            WrapperProcess(os.getpid(), fence.started_ticks(os.getpid())),
            started_at,
        )
        self._observer.started(self.run_id, self._hosts, self._resumed)
        with signals_request(self._cancellation):
            ended = process.run(self._launch(), self._files, self._on_event, self._cancellation.poll)
        return self._finish(ended, started_at, conditions)

    def _launch(self) -> Launch:
        request = self._request
        options = ["-e", f"@{self._files.variables}"]
        for value in request.extra_vars:
            options += ["-e", value]
        options += ["--check"] if request.check else []
        options += ["--diff"] if request.diff else []
        options += [*request.vault_options, *request.connection_options, *request.ansible_options]
        return Launch(
            playbook=f"patchops.fleet.{request.playbook}",
            inventories=self._sources,
            options=options,
            environment=self._settings,
            working_directory=request.working_directory,
            secrets=request.secrets,
        )

    def _write_variables(self) -> None:
        """The variables of this run, in a file: arguments are visible to every user of the machine."""
        pattern = self._request.pattern
        variables = {
            **self._request.variables,
            # A playbook's `hosts` takes no @file, which a limit may be.
            "patchops_hosts": ",".join(self._hosts) if "@" in pattern else pattern,
            "patchops_run_id": self.run_id,
            "patchops_document_store": {"kind": "directory", "path": str(self._data.documents)},
            "patchops_drain_file": str(self._files.drain),
        }
        self._files.variables.touch(mode=0o600)
        self._files.variables.write_text(json.dumps(variables, indent=1), encoding="utf-8")

    def _on_event(self, raw: Mapping[str, object]) -> None:
        event = parse(raw)
        if isinstance(event, Complaint) and event.level == "error":
            self._complaints.append(plain(event.message))
        elif isinstance(event, TaskStarted):
            self._progress.started(event)
        elif isinstance(event, TaskResult):
            self._on_result(event)

    def _on_result(self, event: TaskResult) -> None:
        if not event.ours:
            self._complaints.append(plain(f"{event.host}: {event.message}"))
        if event.action == "gate":
            self._observer.gate(event)
            return
        if event.action == "rollout_plan" and event.outcome_class == "refused":
            self._fatal = InputError(event.message, event.remedy)
        self._check_version(event)
        changed = self._progress.ended(event)
        if changed is None:
            return
        if event.transaction_id and event.transaction_state and not self._request.check:
            self._ledger.note_transaction(
                self._attempt, event.host, event.transaction_id, event.transaction_state, _now()
            )
        self._observer.host_changed(changed, self._progress)

    def _check_version(self, event: TaskResult) -> None:
        """End the run at its first document when another engine wrote it; nothing was changed by then."""
        if self._checked_version or event.action != "host_info" or not event.document:
            return
        self._checked_version = True
        path = Path(event.document)
        try:
            check_engine_version(json.loads(path.read_bytes()), f"The host document {path}")
        except PatchOpsError as error:
            self._fatal = error
            _end(self._files)

    def _announce(self, act: Act) -> None:
        self._observer.stopping(act, self._progress.interrupted_by_an_end())

    def _finish(
        self, ended: process.Ended, started_at: datetime.datetime, conditions: Sequence[Condition]
    ) -> RunResult:
        finished_at = _now()
        document = _read_json(self._report_path)
        salvaged = document is None or self._fatal is not None
        if document is None or self._fatal is not None:
            document = salvaged_report(
                {"run_id": self.run_id, "playbook": self._request.playbook, "started_at": _stamp(started_at)},
                list(self._progress.hosts.values()),
                _stamp(finished_at),
                self._request.check,
                self._request.changes_hosts,
            )
        report = read_report(document, "The report of this run")
        verdict = self._verdict(report, salvaged, ended, conditions)
        folder = self._data.run(self.run_id)
        _write_json(folder / "report.json", document)
        write_page(report, folder / "report.html")
        self._ledger.close(self._attempt, closing(report, verdict, ended.returncode), finished_at)
        for error in ended.handler_errors[:1]:
            self._observer.notice(f"Progress was not shown in full, a defect: {plain(error)}")
        if self._fatal is not None:
            raise self._fatal
        if salvaged and not self._cancellation.requested and not self._touched_any_host():
            raise InputError(
                f"The playbook did not run: {self._why_no_report(ended)}",
                f"No host was touched. All that Ansible printed is in {self._files.log}.",
            )
        return RunResult(
            run_id=self.run_id,
            document=document,
            report=report,
            verdict=verdict,
            page=folder / "report.html",
            log=self._files.log,
        )

    def _verdict(
        self, report: Report, salvaged: bool, ended: process.Ended, conditions: Sequence[Condition]
    ) -> Verdict:
        if self._fatal is not None:
            return Verdict("failed", self._fatal.exit_code, self._fatal.message)
        return judge(
            report,
            salvaged=salvaged,
            interrupted=self._cancellation.requested,
            why_salvaged=self._why_no_report(ended),
            conditions=conditions,
        )

    def _touched_any_host(self) -> bool:
        return any(host.step != "waiting" or host.outcome_class for host in self._progress.hosts.values())

    def _why_no_report(self, ended: process.Ended) -> str:
        if self._cancellation.deadline_passed:
            return "The deadline passed; the playbook was ended. Transactions go on on the hosts."
        if self._complaints:
            return self._complaints[-1]
        printed = _last_line(self._files.log)
        return f"ansible-playbook ended with {ended.returncode} and wrote no report. {printed}".rstrip()

    @property
    def _report_path(self) -> Path:
        return self._data.documents / "runs" / self.run_id / "report.json"


def new_run_id(playbook: str) -> str:
    """A run id that sorts by time and says what ran: `20261122-101500-patch-3f9a`."""
    return f"{_now():%Y%m%d-%H%M%S}-{playbook}-{secrets.token_hex(2)}"


def _end(files: AttemptFiles) -> None:
    if not process.end(files):
        raise OutcomeUnknownError("The playbook's processes do not end.", f"Look at who holds {files.lock}.")


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _stamp(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((plain(line) for line in reversed(lines) if line.strip()), "")


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
