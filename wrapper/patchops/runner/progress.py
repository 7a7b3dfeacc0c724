# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each host of a run stands, as told by its events. Pure: events in, states out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from patchops.runner.events import TaskResult, TaskStarted

IN_PROGRESS = frozenset({"staging", "applying", "reverting"})
# Our other actions (plan, gate, seal, report) run on the controller, for a host that stands for all.
_ON_HOSTS = frozenset({"host_info", "transaction", "transaction_info", "reboot", "verify"})
_STEPS = {"host_info": "scanned", "reboot": "reboot", "verify": "verified"}
_FRACTIONS = {
    "scanned": 0.1,
    "staging": 0.1,
    "staged": 0.4,
    "applying": 0.5,
    "applied": 0.7,
    "reboot": 0.9,
    "reverting": 0.9,
    "verified": 1.0,
    "reverted": 1.0,
    "committed": 1.0,
}
_SETTLED = frozenset({"refused", "failed", "reverted", "unreachable", "unknown"})


@dataclass(frozen=True)
class HostProgress:
    """One host: the last step that ended there, how, and what is under way."""

    host: str
    step: str = "waiting"
    outcome_class: str = ""
    code: str = ""
    message: str = ""
    remedy: str = ""
    transaction_id: str | None = None
    transaction_state: str | None = None
    changing: bool = False

    @property
    def fraction(self) -> float:
        """How far the host is on its way through a patch run, 0 to 1."""
        return 1.0 if self.outcome_class in _SETTLED else _FRACTIONS.get(self.step, 0.0)

    @property
    def transaction_in_progress(self) -> bool:
        return self.changing or self.transaction_state in IN_PROGRESS


@dataclass
class Progress:
    """All hosts of a run; hosts that were not asked for (localhost) are left out."""

    hosts: dict[str, HostProgress] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[str]) -> Progress:
        return cls({name: HostProgress(name) for name in names})

    def started(self, event: TaskStarted) -> None:
        """Note that a task of ours runs on the host."""
        known = self.hosts.get(event.host)
        if known is not None:
            self.hosts[event.host] = replace(known, changing=event.action == "transaction")

    def ended(self, event: TaskResult) -> HostProgress | None:
        """Take a result in; the host's new state if it differs from its former one in more than words."""
        known = self.hosts.get(event.host)
        if known is None or (event.ours and event.action not in _ON_HOSTS):
            return None
        if event.outcome_class in ("skipped", "not_started"):
            return None
        now = replace(
            known,
            step=_step(event) or known.step,
            outcome_class=event.outcome_class,
            code=event.code,
            message=event.message or event.summary,
            remedy=event.remedy,
            transaction_id=event.transaction_id or known.transaction_id,
            transaction_state=event.transaction_state or known.transaction_state,
            changing=False,
        )
        self.hosts[event.host] = now
        changed = (now.step, now.outcome_class) != (known.step, known.outcome_class)
        return now if changed else None

    @property
    def fraction(self) -> float:
        """How far the fleet is, 0 to 1."""
        return sum(host.fraction for host in self.hosts.values()) / len(self.hosts) if self.hosts else 1.0

    def interrupted_by_an_end(self) -> list[str]:
        """Hosts where a transaction is under way now."""
        return sorted(name for name, host in self.hosts.items() if host.transaction_in_progress)


def _step(event: TaskResult) -> str | None:
    if event.action in ("transaction", "transaction_info"):
        return event.transaction_state or "asked"
    return _STEPS.get(event.action)
