# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the fault matrix: what breaks, and what comes of it."""

from __future__ import annotations

import markup
from tests.faults.matrix import EVERYTHING, FORMER, PLANNED, REPRESENTATIVE, ROWS, UNFINISHED, Row, manager_of

_INTRODUCTION = f"""\
# Faults and what comes of them

Each row is a test on real hosts: something breaks, the call ends with an outcome, the fault goes away, and
the same call comes again. Then nothing is half installed, the host lets its administrator in, and its
packages, read from outside of it, are exactly the planned ones or exactly the former ones.

`make faults` runs all rows on {" and ".join(EVERYTHING)}, and those that depend on the package manager most
on {" and ".join(REPRESENTATIVE)} too. `make test` has the rows that name a distribution in the last column,
and its conformance suite the most frequent faults on every distribution of the lab.

Packages: *{FORMER}* are those before the call, *{PLANNED}* those of the plan. *{UNFINISHED}* says that the
caller can't know; the second call ends what the first one began.
"""


def fault_table() -> str:
    """Return the page."""
    header = [
        "fault",
        "when",
        "on",
        "outcome",
        "packages",
        "the second call",
        "packages then",
        "in `make test`",
    ]
    rows = [line for row in ROWS for line in _lines(row)]
    impossible = [
        f"- {row.fault}: not with {', '.join(sorted(row.not_on))}, {reason}."
        for row in ROWS
        for reason in sorted(set(row.not_on.values()))
    ]
    return "\n\n".join(
        [_INTRODUCTION.strip(), markup.table(header, rows), "## What can't happen", "\n".join(impossible)]
    )


def _lines(row: Row) -> list[list[str]]:
    """Return a line for each thing that comes of the fault, with the package managers to which it does."""
    managers: dict[str, list[str]] = {}
    lines = []
    for release in row.releases():
        managers.setdefault(manager_of(release), []).append(release)
    # By their codes and then as the row has them: a set's own order differs from run to run.
    outcomes = dict.fromkeys(row.expected_on(releases[0]) for releases in managers.values())
    for expected in sorted(outcomes, key=lambda one: one.code):
        on = [name for name, releases in managers.items() if row.expected_on(releases[0]) == expected]
        quick = sorted(row.quick & {release for name in on for release in managers[name]})
        lines.append(
            [
                row.fault,
                row.when,
                ", ".join(sorted(on)),
                " or ".join(f"`{code}`" for code in expected.codes)
                if expected.code
                else "(the caller is dead)",
                expected.packages,
                " or ".join(f"`{code}`" for code, _packages in expected.ends),
                " or ".join(packages for _code, packages in expected.ends),
                ", ".join(quick),
            ]
        )
    return lines
