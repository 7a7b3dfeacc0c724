# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the core of rollouts takes: a whole simulated rollout, and one tick in the middle of it.

    python wrapper/benchmarks/rollout_core.py [--hosts 100000] [--rings 20]

Figures are CPU of this process; the ratio is to a fleet of a tenth of the size.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from datetime import datetime, timedelta, timezone

from patchops.calendars.schedule import ALWAYS
from patchops.policy.model import Amount, Cycle, Ring
from patchops.rollout.advance import advance
from patchops.rollout.begin import Placed, new_rollout
from patchops.rollout.events import Tick
from patchops.rollout.simulate import simulate
from patchops.rollout.states import Kind
from patchops.rollout.view import Cell, RolloutView

START = datetime(2026, 6, 9, 20, 0, tzinfo=timezone.utc)
PLATFORMS = 5
ROUNDS = 5
TICKS = 10_000


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100_000)
    parser.add_argument("--rings", type=int, default=20)
    arguments = parser.parse_args()
    small = _simulated(arguments.hosts // 10, arguments.rings)
    large = _simulated(arguments.hosts, arguments.rings)
    print(f"a whole rollout of {arguments.hosts} hosts in {arguments.rings} rings: {large:.2f} s")
    print(f"  {large / small:.1f} times that of a tenth of the hosts")
    small, large = (_tick(hosts, arguments.rings) for hosts in (arguments.hosts // 10, arguments.hosts))
    print(f"a tick in which nothing changed: {large * 1e6:.0f} microseconds, {large / small:.1f} times")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def _rollout(hosts: int, rings: int) -> RolloutView:
    sizes = (Amount(10, percent=True), Amount(100, percent=True))
    policies = tuple(Ring(f"ring-{number}", "all", timedelta(hours=1), sizes) for number in range(rings))
    each = hosts // rings // PLATFORMS
    placed = [
        Placed(ring, Kind.COUNTED, Cell("always", f"platform-{platform}"), each)
        for ring in range(rings)
        for platform in range(PLATFORMS)
    ]
    cycle = Cycle("bench", "prod", "all", policies)
    return new_rollout("bench", cycle, START, placed, {"always": ALWAYS})


def _simulated(hosts: int, rings: int) -> float:
    view = _rollout(hosts, rings)
    spent = []
    for _ in range(ROUNDS):
        before = time.process_time()
        course = simulate(view, START + timedelta(days=365))
        spent.append(time.process_time() - before)
        if course.ends is None:
            raise SystemExit("the simulated rollout did not end")
    return statistics.median(spent)


def _tick(hosts: int, rings: int) -> float:
    view = advance(_rollout(hosts, rings), (Tick(),), START).view
    before = time.process_time()
    for _ in range(TICKS):
        advance(view, (Tick(),), START)
    return (time.process_time() - before) / TICKS


if __name__ == "__main__":
    main()
