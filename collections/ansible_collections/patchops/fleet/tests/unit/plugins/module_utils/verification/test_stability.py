# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import find_unsteady
from ansible_collections.patchops.fleet.plugins.module_utils.verification.stability import watch

States = dict[str, dict[str, str]]


def unit(
    invocation: str, restarts: int = 0, entered: float = 100.0, active: str = "active"
) -> dict[str, str]:
    return {
        "LoadState": "loaded",
        "ActiveState": active,
        "SubState": "running" if active == "active" else "auto-restart",
        "UnitFileState": "enabled",
        "InvocationID": invocation,
        "NRestarts": str(restarts),
        "ActiveEnterTimestampMonotonic": str(int(entered * 1e6)),
    }


class Host:
    """Answers with one state after the other, and counts the seconds that were waited."""

    def __init__(self, now: float, *states: States) -> None:
        self.now = now
        self.waited = 0.0
        self._states: Iterator[States] = iter(states)

    def look(self, _units: Iterable[str]) -> States:
        return next(self._states)

    def sleep(self, seconds: float) -> None:
        self.waited += seconds
        self.now += seconds

    def watch(self, stable: float = 10.0, at_least: float = 0.0) -> dict[str, str]:
        found = watch(["web.service"], stable, at_least, self.look, self.sleep, lambda: self.now)
        return {one["unit"]: one["detail"] for one in found}


def test_a_unit_that_has_run_for_long_is_not_waited_for() -> None:
    host = Host(1000.0, {"web.service": unit("a")})
    assert host.watch() == {}
    assert host.waited == 0


def test_a_unit_that_was_just_started_is_watched_until_it_has_stayed_up() -> None:
    host = Host(104.0, {"web.service": unit("a")}, {"web.service": unit("a")})
    assert host.watch() == {}
    assert host.waited == 6


def test_a_unit_that_systemd_restarts_while_it_is_watched_does_not_stay_up() -> None:
    host = Host(101.0, {"web.service": unit("a", 2)}, {"web.service": unit("b", 5, 109.0)})
    assert host.watch() == {"web.service": "does not stay up: restarts by systemd while it was watched: 3"}


def test_a_unit_that_is_between_two_starts_at_the_second_look_does_not_stay_up() -> None:
    host = Host(101.0, {"web.service": unit("a")}, {"web.service": unit("", 1, active="activating")})
    assert "web.service" in host.watch()


def test_a_unit_that_somebody_starts_anew_is_watched_again() -> None:
    host = Host(
        101.0,
        {"web.service": unit("a")},
        {"web.service": unit("b", entered=105.0)},
        {"web.service": unit("b", entered=105.0)},
    )
    assert host.watch() == {}
    assert host.waited == 9 + 5


def test_a_unit_that_is_started_anew_each_time_is_named() -> None:
    host = Host(101.0, *({"web.service": unit(str(n), entered=101.0 + 10 * n)} for n in range(4)))
    assert host.watch() == {"web.service": "was started anew each time it was looked at"}


def test_checks_are_given_the_whole_time_even_where_no_unit_is_young() -> None:
    host = Host(1000.0, {"web.service": unit("a")}, {"web.service": unit("a")})
    assert host.watch(at_least=10.0) == {}
    assert host.waited == 10


def test_a_unit_that_was_restarted_again_and_again_lately_was_unsteady_before() -> None:
    states = {
        "loops.service": unit("a", 40, 98.0),
        "recovered.service": unit("b", 40, 10.0),
        "once.service": unit("c", 1, 99.0),
        "old-systemd.service": {"ActiveState": "active"},
    }
    assert find_unsteady(states, 100.0) == ["loops.service"]
