# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Due dates that the rings of a cycle can't meet, because the rings before the last one soak too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency import ssvc
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.rules import (
    Rule,
    SeverityRule,
    TableRule,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span
from patchops.policy.model import Cycle
from patchops.policy.part import Part, shown


def check_due_dates(part: Part, cycle: Cycle, rules: Sequence[Rule], today: date) -> None:
    """Warn of each ring that begins too late for a due date, counted from the cycle's start."""
    if cycle.install.kind in ("cves", "packages"):
        return
    late = timedelta()
    for number, ring in enumerate(cycle.rings):
        missed = [f"{span} ({what})" for what, span in _spans(rules) if span.after(today) - today < late]
        if missed:
            part.findings.warn(
                f"{part.at('rings')}[{number}]",
                f"{ring.name} begins {shown(late)} after the start at the earliest: too late for what is due "
                f"within {', '.join(dict.fromkeys(missed))}",
                "shorten the soaks before it, or patch such findings by a cycle of their own",
            )
            return
        late += ring.soak


def _spans(rules: Sequence[Rule]) -> Iterator[tuple[str, Span]]:
    for rule in rules:
        if isinstance(rule, SeverityRule):
            yield from ((f"{rule.name}, {severity}", span) for severity, span in rule.within.items())
        elif isinstance(rule, TableRule):
            for row in ssvc.table().values():
                if row.span is not None:
                    yield rule.name, row.span
