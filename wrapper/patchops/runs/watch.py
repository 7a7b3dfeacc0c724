# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching a run: its events become progress, notes of transactions, and reasons to end it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ansible_collections.patchops.fleet.plugins.plugin_utils.store import StoreError
from patchops.errors import InputError, PatchOpsError
from patchops.reports.model import check_engine_version
from patchops.runner.cancellation import Act
from patchops.runner.events import Complaint, TaskResult, TaskStarted, parse
from patchops.runner.progress import HostProgress, Progress
from patchops.text import plain


class Observer(Protocol):
    """Who is told of a run; called from the thread that runs it."""

    def started(self, run_id: str, hosts: Sequence[str], resumed: bool) -> None: ...

    def host_changed(self, host: HostProgress, progress: Progress) -> None: ...

    def gate(self, event: TaskResult) -> None: ...

    def notice(self, text: str) -> None: ...

    def stopping(self, act: Act, in_progress: Sequence[str]) -> None: ...


class Watch:
    """What was seen of a run so far.

    `note_transaction` is told host, id and state of each transaction that is heard of; `end` ends the
    playbook. `fatal` is set when the run must not be believed or could not begin.
    """

    def __init__(
        self,
        observer: Observer,
        hosts: Sequence[str],
        note_transaction: Callable[[str, str, str], None],
        end: Callable[[], object],
        document_of: Callable[[str], Mapping[str, object] | None],
    ) -> None:
        self.progress = Progress.of(hosts)
        self.complaints: list[str] = []
        self.fatal: PatchOpsError | None = None
        self._observer, self._note_transaction, self._end = observer, note_transaction, end
        self._document_of = document_of
        self._checked_version = False

    def on_event(self, raw: Mapping[str, object]) -> None:
        """Take one raw event of ansible-runner in."""
        event = parse(raw)
        if isinstance(event, Complaint) and event.level == "error":
            self.complaints.append(plain(event.message))
        elif isinstance(event, TaskStarted):
            self.progress.started(event)
        elif isinstance(event, TaskResult):
            self._on_result(event)

    def announce(self, act: Act) -> None:
        """Tell the observer what a request to stop does, and what it would interrupt."""
        self._observer.stopping(act, self.progress.interrupted_by_an_end())

    @property
    def asked_any_host(self) -> bool:
        return any(host.step != "waiting" or host.outcome_class for host in self.progress.hosts.values())

    def _on_result(self, event: TaskResult) -> None:
        if not event.ours:
            self.complaints.append(plain(f"{event.host}: {event.message}"))
        if event.action == "gate":
            self._observer.gate(event)
            return
        if event.action == "run_plan" and event.outcome_class == "refused":
            self.fatal = InputError(event.message, event.remedy)
        self._check_version(event)
        changed = self.progress.ended(event)
        if changed is None:
            return
        if event.transaction_id and event.transaction_state:
            self._note_transaction(event.host, event.transaction_id, event.transaction_state)
        self._observer.host_changed(changed, self.progress)

    def _check_version(self, event: TaskResult) -> None:
        """End the run at its first document when another engine wrote it; nothing was changed by then."""
        if self._checked_version or not event.ours or event.action != "host_info" or not event.document:
            return
        self._checked_version = True
        # Read from where this run keeps documents: what a result says of a path is opened nowhere.
        try:
            document = self._document_of(event.host)
        except StoreError:
            return
        try:
            if document is not None:
                check_engine_version(document, f"The host document of {event.host}")
        except PatchOpsError as error:
            self.fatal = error
            self._end()
