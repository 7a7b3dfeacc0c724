# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.process import TIMED_OUT, Result
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import inhibit, services
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import FakeDriver

LISTED = """\
ssh.service loaded active running OpenBSD Secure Shell server
nginx.service loaded failed failed A web server
setup.service loaded active exited Sets up something
user@0.service loaded active running User Manager
session-3.scope loaded active running Session 3
patchops-t1.service loaded active running PatchOps transaction
apt-daily.timer loaded active waiting Daily apt download
"""
FILES = """\
ssh.service enabled enabled
nginx.service disabled enabled
old.service masked enabled
getty@.service static -
"""


def states(active: dict[str, str], failed: tuple[str, ...] = (), **enabled: str) -> dict[str, Any]:
    return {
        "active": active,
        "failed": list(failed),
        "enabled": {f"{unit}.service": how for unit, how in enabled.items()},
    }


def test_what_can_not_be_looked_into_is_left_for_a_reboot(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_owners: Any) -> Any:
        raise PermissionError(13, "Permission denied", "/proc/7/maps")

    monkeypatch.setattr(services, "has_systemd", lambda: True)
    monkeypatch.setattr(services, "collect_restarts", refuse)
    done = services.restart_stale(FakeDriver())
    assert (done["restarted"], done["failed"]) == ([], [])
    assert "/proc/7/maps" in done["left"][0]["reason"]


def test_units_are_read_and_sessions_left_out() -> None:
    assert services.parse_states(LISTED, FILES) == {
        "active": {"ssh.service": "running", "setup.service": "exited", "apt-daily.timer": "waiting"},
        "failed": ["nginx.service"],
        "enabled": {"ssh.service": "enabled", "nginx.service": "disabled", "old.service": "masked"},
    }


def test_what_ran_before_and_does_not_any_more_is_started() -> None:
    before = states({"a.service": "running", "b.service": "running"})
    assert services.to_start(before, states({"b.service": "running"})) == ["a.service"]


def test_what_had_finished_by_itself_is_left_alone() -> None:
    assert services.to_start(states({"setup.service": "exited"}), states({})) == []


def test_what_had_finished_and_has_failed_since_is_started() -> None:
    now = states({}, failed=("setup.service",))
    assert services.to_start(states({"setup.service": "exited"}), now) == ["setup.service"]


def test_what_did_not_run_before_is_left_alone() -> None:
    assert services.to_start(states({}), states({"new.service": "running"})) == []


def test_what_starts_at_boot_now_and_did_not_before_is_switched_off() -> None:
    assert services.to_switch(states({}, a="disabled"), states({}, a="enabled")) == [["disable", "a.service"]]


def test_what_a_change_switched_is_told_and_what_is_new_is_not() -> None:
    before, after = states({}, a="disabled", b="enabled"), states({}, a="enabled", b="enabled", c="enabled")
    assert services.switched(before, after) == {"a.service": "enabled"}


@pytest.mark.parametrize(
    ("found", "decided"),
    [
        ({"a": "enabled", "b": "enabled"}, []),  # as the change left it
        ({"a": "enabled", "b": "disabled"}, ["b.service"]),
        ({"a": "disabled", "b": "enabled"}, ["a.service"]),
        ({"a": "enabled", "b": "masked"}, ["b.service"]),
    ],
)
def test_what_somebody_switched_after_a_change_is_told_from_what_the_change_made(
    found: dict[str, str], decided: list[str]
) -> None:
    before = states({}, a="disabled", b="enabled")
    assert services.decided_since(before, {"a.service": "enabled"}, states({}, **found)) == decided


def test_a_unit_that_was_masked_or_is_new_is_left_alone() -> None:
    assert services.to_switch(states({}, a="masked"), states({}, a="enabled", b="enabled")) == []


def test_stale_units_are_restarted_and_dangerous_ones_left(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    stale = ["cron.service", "dbus.service", "init.scope", "session-1.scope", "ssh.service", None]

    def run(argv: list[str], timeout: float = 60) -> Result:
        commands.append(argv)
        return Result(1 if "cron.service" in argv else 0, "", "")

    monkeypatch.setattr(services, "has_systemd", lambda: True)
    monkeypatch.setattr(services, "collect_restarts", lambda owners: [{"unit": unit} for unit in stale])
    monkeypatch.setattr(services, "run", run)
    assert services.restart_stale(FakeDriver()) == {
        "restarted": ["init.scope", "ssh.service"],
        "failed": ["cron.service"],
        "left": [{"unit": "dbus.service", "reason": "restarting it would cut logins or the network"}],
    }
    assert commands == [
        ["systemctl", "try-restart", "cron.service"],
        ["systemctl", "daemon-reexec"],
        ["systemctl", "try-restart", "ssh.service"],
    ]


class HangingSystemd:
    """Every command lasts as long as it may; nothing that was stopped starts."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.tried: list[str] = []

    def monotonic(self) -> float:
        return self.seconds

    def run(self, argv: list[str], timeout: float = 60) -> Result:
        self.seconds += timeout
        self.tried.append(" ".join(argv[1:]))
        return Result(TIMED_OUT, "", "")


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> HangingSystemd:
    hanging = HangingSystemd()
    monkeypatch.setattr(services, "has_systemd", lambda: True)
    monkeypatch.setattr(services, "run", hanging.run)
    monkeypatch.setattr(services, "time", hanging)
    return hanging


def test_a_systemd_that_hangs_takes_minutes_and_not_an_hour(systemd: HangingSystemd) -> None:
    units = [f"unit{number:02}.service" for number in range(20)]
    restored = services.restore(states(dict.fromkeys(units, "running")))
    assert restored == {"started": [], "switched": [], "failed": units[:2], "untried": units[2:]}
    assert systemd.seconds <= 600 + 2 * 60
    assert systemd.tried[-4:-2] == ["reset-failed unit01.service", "start unit01.service"]
    assert services.told(restored) == (
        " Units that ran before and did not start: unit00.service, unit01.service."
        " Units that were not started or switched as before, because systemd took 600 seconds for the others:"
        " " + ", ".join(units[2:]) + ". See what it waits for (systemctl list-jobs)."
    )


def test_what_could_not_be_switched_in_time_is_told_and_not_called_switched(
    systemd: HangingSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = [f"unit{number:02}" for number in range(10)]
    monkeypatch.setattr(services, "unit_states", lambda: states({}, **dict.fromkeys(units, "enabled")))
    restored = services.restore(states({}, **dict.fromkeys(units, "disabled")))
    assert restored["switched"] == [f"{unit}.service" for unit in units[:8]]
    assert restored["untried"] == ["unit08.service", "unit09.service"]


def test_what_was_not_tried_and_runs_all_the_same_is_no_concern(
    systemd: HangingSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = [f"unit{number}.service" for number in range(5)]
    seen = iter([states({}), states({"unit4.service": "running"})])
    monkeypatch.setattr(services, "unit_states", lambda: next(seen))
    restored = services.restore(states(dict.fromkeys(units, "running")))
    assert restored["started"] == ["unit4.service"]
    assert (restored["failed"], restored["untried"]) == (
        ["unit0.service", "unit1.service"],
        ["unit2.service", "unit3.service"],
    )


def test_stale_units_for_which_no_time_was_left_wait_for_a_reboot(
    systemd: HangingSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = [{"unit": f"unit{number}.service"} for number in range(6)]
    monkeypatch.setattr(services, "collect_restarts", lambda owners: stale)
    done = services.restart_stale(FakeDriver())
    assert done["failed"] == ["unit0.service", "unit1.service", "unit2.service", "unit3.service"]
    assert done["left"][1] == {
        "unit": "unit5.service",
        "reason": "not tried: systemd took 600 seconds for the others",
    }
    assert systemd.seconds == 600


def test_of_the_daemons_for_access_only_those_that_were_tried_are_named(systemd: HangingSystemd) -> None:
    before = states(
        dict.fromkeys(["ssh.service", "sshd.service", "NetworkManager.service", "wickedd.service"], "running")
    )
    assert services.restart_access(before) == ["NetworkManager.service", "wickedd.service", "ssh.service"]


def test_timers_and_idle_daemons_of_updaters_are_stopped_and_workers_are_not() -> None:
    units = [
        {"unit": "apt-daily.timer", "active": True},
        {"unit": "apt-daily-upgrade.timer", "active": False},
        {"unit": "apt-daily-upgrade.service", "active": True},
        {"unit": "packagekit.service", "active": True},
    ]
    assert inhibit.units_to_stop([{"name": "x", "units": units}]) == ["apt-daily.timer", "packagekit.service"]
