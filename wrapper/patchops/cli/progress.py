# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees while a run goes on.

On a terminal a bar and lines, elsewhere lines only; always on stderr.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from patchops.runner.cancellation import Act
from patchops.runner.events import TaskResult
from patchops.runner.progress import HostProgress, Progress
from patchops.text import plain

_STYLES = {
    "ok": "green",
    "refused": "yellow",
    "skipped": "dim",
    "not_started": "dim",
}
_MARKS = {"ok": "✓", "refused": "!", "reverted": "↺"}
_SCALE = 1000


class RunView:
    """Shows a run; use it as a context manager around the run. `title` stands before the bar."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._bar: Bar | None = None
        self._task = TaskID(0)
        if console.is_terminal:
            self._bar = Bar(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.fields[state]}", markup=False),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task(title, total=_SCALE, state="looking at the inventory")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def started(self, run_id: str, hosts: Sequence[str], resumed: bool) -> None:
        verb = "taken up again" if resumed else "started"
        self._line(Text(f"{self._title}: run {run_id} {verb}, {len(hosts)} hosts"))
        self._show_state(f"0 of {len(hosts)} hosts")

    def host_changed(self, host: HostProgress, progress: Progress) -> None:
        width = max((len(name) for name in progress.hosts), default=0)
        style = _STYLES.get(host.outcome_class, "red")
        line = Text().append(_MARKS.get(host.outcome_class, "✗"), style=style)
        line.append(f" {plain(host.host, 80).ljust(min(width, 40))}")
        line.append(f"  {plain(host.step, 20):<9}", style="dim")
        line.append(f"  {plain(host.message, 300)}")
        self._line(line)
        reached = sum(1 for each in progress.hosts.values() if each.fraction >= 1.0)
        self._show_state(f"{reached} of {len(progress.hosts)} hosts", progress.fraction)

    def gate(self, event: TaskResult) -> None:
        is_open = event.result.get("open") is True
        reason = plain(event.result.get("reason") or event.summary, 300)
        line = Text().append("□ " if is_open else "■ ", style="cyan" if is_open else "yellow")
        line.append(f"gate {'open' if is_open else 'closed'}" + (f": {reason}" if reason else ""))
        self._line(line)

    def notice(self, text: str) -> None:
        self._line(Text(plain(text), style="yellow"))

    def stopping(self, act: Act, in_progress: Sequence[str]) -> None:
        text = _stop_text(act, ", ".join(plain(name, 80) for name in in_progress))
        self._line(Text(text, style="bold yellow"))

    def _line(self, line: Text) -> None:
        # soft_wrap: one line stays one line, also in a narrow terminal or a log.
        self._console.print(line, soft_wrap=True)

    def _show_state(self, state: str, fraction: float = 0.0) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=int(fraction * _SCALE), state=state)


def _stop_text(act: Act, under_way: str) -> str:
    if act is Act.DRAIN:
        return (
            "Stopping before the next batch; the batch in progress is finished first."
            " Ctrl-C again says what ending now would interrupt."
        )
    if act is Act.END:
        return "Ending the playbook." + (f" Transactions go on on {under_way}." if under_way else "")
    if under_way:
        interrupted = (
            f"the run while transactions are under way on {under_way}. They go on there,"
            " but nobody verifies them or takes them back until you run the same command again."
        )
    else:
        interrupted = "no transaction, but hosts of this batch would not be verified."
    return f"Ending now would interrupt {interrupted} Ctrl-C once more ends the run."
