# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans from what a small apt says: it knows three packages and their dependencies."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import (
    selection as selection_rules,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import commands, plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result

# name: (installed, versions that are served, what the newest needs at its newest, what it removes)
WORLD: dict[str, tuple[str | None, list[str], list[str], list[str]]] = {
    "bash": ("1", ["1", "2"], [], []),
    "libx": ("1", ["1", "2", "3"], [], []),
    "tool": ("1", ["1", "2"], ["libx"], []),
    "greedy": ("1", ["1", "2"], [], ["bash"]),
    "grown": ("1", ["1", "2"], ["newdep"], []),
    "newdep": (None, ["5"], [], []),
}
SECURITY = ("bash", "tool")


class SmallApt:
    """Answers what plan.py asks of apt."""

    def __init__(self) -> None:
        self.holds: set[str] = set()
        self.blocked: set[str] = set()
        self.sha256 = "a" * 64

    def host(self) -> plan.Host:
        installed = {
            f"{name}:amd64": {"name": name, "arch": "amd64", "version": entry[0]}
            for name, entry in WORLD.items()
            if entry[0]
        }
        updates = [
            {
                "name": name,
                "arch": "amd64",
                "installed": entry[0],
                "candidate": entry[1][-1],
                "origin": "Debian",
                "suite": "stable-security",
                "security": name in SECURITY,
                "held": name in self.holds,
                "blocked": name in self.blocked,
                "source": name,
            }
            for name, entry in WORLD.items()
            if entry[0]
        ]
        return plan.Host("amd64", installed, self.holds, updates, {})

    def apt_get(self, arguments: list[str], timeout: float = 300) -> Result:
        wanted = dict(word.split("=") for word in arguments if "=" in word)
        if "upgrade" in arguments or "dist-upgrade" in arguments:
            removing = "dist-upgrade" in arguments
            wanted = {
                name: entry[1][-1]
                for name, entry in WORLD.items()
                if entry[0] and name not in self.holds and (removing or not entry[3])
            }
        lines: dict[str, str] = {}
        for name, version in wanted.items():
            if version not in WORLD[name][1]:
                return Result(100, "", f"E: Version '{version}' for '{name}' was not found")
            if version == WORLD[name][1][-1]:
                for needed in WORLD[name][2]:
                    lines[needed] = self._line(needed, wanted.get(needed, WORLD[needed][1][-1]))
                for removed in WORLD[name][3]:
                    lines[removed] = f"Remv {removed} [{WORLD[removed][0]}]"
            lines.setdefault(name, self._line(name, version))
        return Result(0, "\n".join(lines.values()), "")

    def apt_cache_show(self, specs: list[str]) -> str:
        shown = []
        for spec in specs:
            name, _sign, version = spec.partition("=")
            entry = WORLD.get(name)
            if entry and (version or entry[1][-1]) in entry[1]:
                shown.append(
                    f"Package: {name}\nVersion: {version or entry[1][-1]}\nArchitecture: amd64\n"
                    f"Filename: x\nSize: 10\nInstalled-Size: 2\nSHA256: {self.sha256}\n"
                )
        return "\n".join(shown)

    def _line(self, name: str, version: str) -> str:
        before = f" [{WORLD[name][0]}]" if WORLD[name][0] else ""
        return f"Inst {name}{before} ({version} Debian:12/stable [amd64])"


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> SmallApt:
    small = SmallApt()
    monkeypatch.setattr(commands, "apt_get", small.apt_get)
    monkeypatch.setattr(commands, "apt_cache_show", small.apt_cache_show)
    monkeypatch.setattr(commands, "is_older", lambda version, other: version < other)
    return small


def changes(made: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    return [(one["name"], one["from"], one["to"]) for one in made["packages"]]


def held(made: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["reason"] for one in made["held"]}


def member(name: str, version: str, sha256: str = "a" * 64) -> dict[str, str]:
    return {"name": name, "arch": "amd64", "version": version, "sha256": sha256}


def make(apt: SmallApt, selection: dict[str, Any], allow_removals: bool = False) -> dict[str, Any]:
    solver = plan.AptSolver(apt.host())
    made: dict[str, Any] = document(selection_rules.make_plan(solver, selection, allow_removals))
    return made


def test_everything_means_new_dependencies_but_no_removal(apt: SmallApt) -> None:
    made = make(apt, {"select": "all"})
    assert changes(made) == [
        ("bash", "1", "2"),
        ("grown", "1", "2"),
        ("libx", "1", "3"),
        ("newdep", None, "5"),
        ("tool", "1", "2"),
    ]
    assert held(made) == {"greedy": "needs the removal of bash"}


def test_removals_come_when_they_are_allowed(apt: SmallApt) -> None:
    made = make(apt, {"packages": ["greedy"]}, allow_removals=True)
    assert changes(made) == [("bash", "1", None), ("greedy", "1", "2")]
    assert [one["action"] for one in made["packages"]] == ["remove", "upgrade"]


def test_security_takes_only_security_updates_and_what_they_need(apt: SmallApt) -> None:
    made = make(apt, {"select": "security"})
    assert changes(made) == [("bash", "1", "2"), ("libx", "1", "3"), ("tool", "1", "2")]


def test_what_needs_a_held_package_is_left_out_with_it(apt: SmallApt) -> None:
    apt.holds = {"libx"}
    made = make(apt, {"select": "security"})
    assert changes(made) == [("bash", "1", "2")]
    assert held(made) == {"tool": "needs a change of held libx"}


def test_a_held_package_that_is_named_is_left_out_too(apt: SmallApt) -> None:
    apt.holds = {"bash"}
    made = make(apt, {"packages": ["bash"]})
    assert (changes(made), held(made)) == ([], {"bash": "held on the host"})


def test_what_is_blocked_is_not_planned(apt: SmallApt) -> None:
    apt.blocked = {"bash"}
    assert ("bash", "1", "2") not in changes(make(apt, {"select": "security"}))


def test_a_version_can_be_named(apt: SmallApt) -> None:
    assert changes(make(apt, {"packages": ["libx=2"]})) == [("libx", "1", "2")]


def test_what_is_there_already_needs_no_change(apt: SmallApt) -> None:
    assert changes(make(apt, {"packages": ["libx=1"]})) == []


@pytest.mark.parametrize(
    ("package", "code", "named"),
    [
        ("nosuch", "package_unknown", "nosuch"),
        ("libx=9", "version_unknown", "libx"),
        ("libx=0", "downgrade_needed", "libx=0 (installed: 1)"),
        ("greedy", "removals_needed", "bash"),
        ("a;rm -rf", "bad_arguments", "a;rm -rf"),
        ("bash-", "bad_arguments", "bash-"),
    ],
)
def test_what_can_not_be_had_is_refused_by_name(apt: SmallApt, package: str, code: str, named: str) -> None:
    with pytest.raises(DriverError) as refused:
        make(apt, {"packages": [package]})
    assert refused.value.code == code
    assert named in refused.value.message


def test_sizes_and_checksums_come_from_the_index(apt: SmallApt) -> None:
    made = make(apt, {"packages": ["bash"]})
    assert (made["download_bytes"], made["disk_bytes"]) == (10, 0)
    assert made["packages"][0]["sha256"] == "a" * 64


def test_an_index_without_checksums_is_refused(apt: SmallApt) -> None:
    apt.sha256 = ""
    with pytest.raises(DriverError, match="no SHA-256 for bash 2"):
        make(apt, {"packages": ["bash"]})


def test_a_set_installs_its_versions_and_nothing_newer(apt: SmallApt) -> None:
    selection = {"patch_set": {"id": "x", "packages": [member("libx", "2")]}}
    assert changes(make(apt, selection)) == [("libx", "1", "2")]


def test_a_set_brings_its_own_dependency_only_where_it_is_needed(apt: SmallApt) -> None:
    needed = {"patch_set": {"id": "x", "packages": [member("grown", "2"), member("newdep", "5")]}}
    alone = {"patch_set": {"id": "x", "packages": [member("newdep", "5")]}}
    assert changes(make(apt, needed)) == [("grown", "1", "2"), ("newdep", None, "5")]
    assert changes(make(apt, alone)) == []


def test_a_set_never_downgrades(apt: SmallApt) -> None:
    selection = {"patch_set": {"id": "x", "packages": [member("libx", "0")]}}
    assert changes(make(apt, selection)) == []


@pytest.mark.parametrize(
    ("members", "code", "named"),
    [
        ([member("libx", "7")], "member_missing", "libx 7"),
        ([member("bash", "2", "b" * 64)], "member_changed", "bash 2"),
        ([member("grown", "2")], "not_in_patch_set", "newdep 5 (amd64)"),
    ],
)
def test_a_set_that_can_not_be_had_is_refused_by_name(
    apt: SmallApt, members: list[dict[str, str]], code: str, named: str
) -> None:
    with pytest.raises(DriverError) as refused:
        make(apt, {"patch_set": {"id": "x", "packages": members}})
    assert refused.value.code == code
    assert named in refused.value.message
