# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What measurements come to: medians, ratios round by round, and the table of both. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """What one run took: seconds by the clock and of CPU time on the controller, and bytes over ssh."""

    wall: float
    cpu: float
    bytes: int = 0


@dataclass(frozen=True)
class Spread:
    """The least, the middle and the greatest of some figures."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Return the spread of at least one figure."""
        known = sorted(values)
        return cls(known[0], statistics.median(known), known[-1])


@dataclass(frozen=True)
class Row:
    """What a contender took: seconds over all hosts, and of CPU time and megabytes over ssh a host."""

    label: str
    wall: Spread
    cpu: Spread
    cpu_per_host: float
    megabytes_per_host: float


@dataclass(frozen=True)
class Ratio:
    """How many times the second contender's time the first one took, round by round."""

    first: str
    second: str
    wall: Spread
    cpu: Spread


@dataclass(frozen=True)
class Result:
    """What a part of the benchmark came to, and under which conditions."""

    title: str
    hosts: int
    runs: int
    forks: int
    load: tuple[float, float]
    rows: tuple[Row, ...]
    ratios: tuple[Ratio, ...]


def document(results: Iterable[Result]) -> dict[str, Any]:
    """Return results as plain data."""
    return {"parts": [asdict(result) for result in results]}


def rows(samples: Mapping[str, Sequence[Sample]], hosts: int) -> tuple[Row, ...]:
    """Return a row for each contender, in their order."""
    return tuple(_row(label, taken, hosts) for label, taken in samples.items())


def ratio(samples: Mapping[str, Sequence[Sample]], first: str, second: str) -> Ratio:
    """Compare two contenders: the samples of one round stand beside one another, then their spread is taken.

    What slows a whole round down, say another program, so falls out of the ratio.
    """
    pairs = list(zip(samples[first], samples[second], strict=True))
    return Ratio(
        first,
        second,
        wall=Spread.of(one.wall / other.wall for one, other in pairs),
        cpu=Spread.of(one.cpu / other.cpu for one, other in pairs),
    )


def table(result: Result) -> str:
    """Return the result for people."""
    before, after = result.load
    compared = [(f"{one.first} / {one.second}", _cell(one.wall), _cell(one.cpu)) for one in result.ratios]
    heading = ("seconds", "wall", "controller CPU", "CPU a host", "ssh MB a host")
    lines = [
        result.title,
        f"{result.hosts} hosts, {result.forks} forks, runs of each: {result.runs}; "
        f"load of this machine {before:.1f} before, {after:.1f} after; median (least-most)",
        "",
        *_aligned(heading, [_cells(row) for row in result.rows]),
        "",
        *_aligned(("ratios, round by round", "wall", "controller CPU"), compared),
    ]
    return "\n".join(lines)


def _row(label: str, taken: Sequence[Sample], hosts: int) -> Row:
    cpu = Spread.of(sample.cpu for sample in taken)
    sent = Spread.of(sample.bytes for sample in taken)
    wall = Spread.of(sample.wall for sample in taken)
    return Row(label, wall, cpu, cpu.median / hosts, sent.median / hosts / 1_000_000)


def _cells(row: Row) -> tuple[str, ...]:
    a_host = (f"{row.cpu_per_host:.2f}", f"{row.megabytes_per_host:.2f}")
    return (row.label, _cell(row.wall), _cell(row.cpu), *a_host)


def _cell(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f}-{spread.high:.2f})"


def _aligned(heading: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(heading, *cells, strict=True)]
    return [
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in (heading, *cells)
    ]
