# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ctrl-C means: first drain, then a warning that names what would be interrupted, then the end.

Signal handlers only count; `poll`, called by ansible-runner twice a second, decides. So nothing is printed
or waited for inside a handler.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import FrameType


class Act(Enum):
    """What a further request does."""

    DRAIN = "drain"
    WARN = "warn"
    END = "end"


def next_act(requests: int, drains: bool) -> Act:
    """The meaning of request number `requests` (from 1).

    A playbook that changes nothing has nothing to drain.
    """
    if not drains or requests >= 3:
        return Act.END
    return Act.DRAIN if requests == 1 else Act.WARN


@dataclass
class Cancellation:
    """Counts requests to stop and carries each out once.

    `announce` is told each act before it happens; `end` ends the playbook's processes; `drain_file` is what
    the gate before each batch looks for. `deadline` (monotonic seconds) ends the run as a third request
    would.
    """

    drains: bool
    drain_file: Path
    announce: Callable[[Act], None]
    end: Callable[[], object]
    clock: Callable[[], float]
    deadline: float | None = None
    requests: int = 0
    handled: int = 0
    deadline_passed: bool = False
    ended: bool = False

    def request(self) -> None:
        self.requests += 1

    def poll(self) -> bool:
        """Carry out what was asked since the last call.

        Always False: ansible-runner's own cancel kills, ours ends.
        """
        while self.handled < self.requests and not self.ended:
            self.handled += 1
            self._act(next_act(self.handled, self.drains))
        if self.deadline is not None and self.clock() > self.deadline and not self.ended:
            self.deadline_passed = True
            self._act(Act.END)
        return False

    def _act(self, act: Act) -> None:
        self.announce(act)
        if act is Act.DRAIN:
            self.drain_file.touch(mode=0o600)
        elif act is Act.END:
            self.ended = True
            self.end()

    @property
    def requested(self) -> bool:
        return self.requests > 0


@contextmanager
def signals_request(cancellation: Cancellation) -> Iterator[None]:
    """Let SIGINT and SIGTERM count as requests, and SIGHUP as nothing: a lost terminal must not end a run."""

    def count(_number: int, _frame: FrameType | None) -> None:
        cancellation.request()

    former = {
        signal.SIGINT: signal.signal(signal.SIGINT, count),
        signal.SIGTERM: signal.signal(signal.SIGTERM, count),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
