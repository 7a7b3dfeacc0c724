# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans from what a small pacman answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import (
    selection as selection_rules,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import plan, versions
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.answers import Answer
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import (
    Package,
    package_of,
)

INSTALLED = {"bash": "1-1", "tool": "1-1", "pusher": "1-1", "pushed": "1-1", "old-name": "1-1"}
OFFERED = {"bash": "2-1", "tool": "2-1", "pusher": "2-1", "newdep": "5-1", "new-name": "2-1"}
REPLACES = {"new-name": "old-name"}


def package(name: str, version: str, offered: bool) -> Package:
    fields = {"NAME": [name], "VERSION": [version], "ARCH": ["any"], "SHA256SUM": ["a" * 64], "CSIZE": ["10"]}
    if name in REPLACES:
        fields["REPLACES"] = [REPLACES[name]]
    return package_of(fields, "core" if offered else "")


class SmallPacman:
    """Knows which packages others need, and which have to go for others."""

    def __init__(self) -> None:
        self.holds: set[str] = set()
        self.blocked: set[str] = set()
        self.asked: list[tuple[list[str], set[str], str]] = []

    def host(self) -> plan.Host:
        return plan.Host(
            configuration=Configuration([]),
            installed={name: package(name, version, False) for name, version in INSTALLED.items()},
            offered={name: package(name, version, True) for name, version in OFFERED.items()},
            updates=[
                {
                    "name": name,
                    "arch": "any",
                    "held": name in self.holds,
                    "security": False,
                    "blocked": name in self.blocked,
                }
                for name in ("bash", "old-name", "pusher", "tool")
            ],
            holds=self.holds,
            held_patterns=[],
            kernels={"bash"},
        )

    def answer(self, host: plan.Host, operation: list[str], ignored: Iterable[str], given: str) -> Answer:
        left_out = set(ignored)
        self.asked.append((operation, left_out, given))
        named = {target.partition("/")[2] for target in operation if "/" in target}
        names = {"bash", "tool", "pusher", "new-name"} if operation == ["-Su"] else named
        names -= left_out
        if "old-name" in left_out:
            names.discard("new-name")
        coming = sorted(names | ({"newdep"} if "tool" in names else set()))
        going = [name for name, by in (("old-name", "new-name"), ("pushed", "pusher")) if by in names]
        conflicts = [("pusher", "pushed")] if "pusher" in names else []
        return Answer(
            [f"{name}-{OFFERED[name]}" for name in coming],
            [f"{name}-1-1" for name in going],
            conflicts,
            {},
            None,
        )


@pytest.fixture
def pacman(monkeypatch: pytest.MonkeyPatch) -> SmallPacman:
    small = SmallPacman()
    monkeypatch.setattr(plan, "_ask", small.answer)
    monkeypatch.setattr(versions, "compare", lambda left, right: (left > right) - (left < right))
    return small


def planned(pacman: SmallPacman, selection: dict[str, Any], allow_removals: bool = False) -> dict[str, Any]:
    blocked = [{"name": name, "version": OFFERED[name]} for name in pacman.blocked]
    solver = plan.PacmanSolver(pacman.host())
    made: dict[str, Any] = document(selection_rules.make_plan(solver, selection, allow_removals, blocked))
    return made


def member(name: str, version: str) -> dict[str, str]:
    return {"name": name, "arch": "any", "version": version, "sha256": "a" * 64}


def changes(made: dict[str, Any]) -> set[tuple[str, str, str | None, str | None]]:
    return {(one["name"], one["action"], one["from"], one["to"]) for one in made["packages"]}


def test_everything_but_what_would_have_others_removed(pacman: SmallPacman) -> None:
    made = planned(pacman, {"select": "all"})
    assert changes(made) == {
        ("bash", "upgrade", "1-1", "2-1"),
        ("tool", "upgrade", "1-1", "2-1"),
        ("newdep", "install", None, "5-1"),
        ("new-name", "install", None, "2-1"),
        ("old-name", "remove", "1-1", None),
    }
    assert made["held"] == [
        {"name": "pusher", "reason": "needs the removal of pushed", "cause": "dependency"}
    ]
    assert made["download_bytes"] == 40


def test_a_kernel_is_said_to_be_one(pacman: SmallPacman) -> None:
    made = planned(pacman, {"select": "all"})
    assert [one["name"] for one in made["packages"] if one.get("kernel")] == ["bash"]


def test_a_replacement_names_what_replaces(pacman: SmallPacman) -> None:
    made = planned(pacman, {"select": "all"})
    assert next(one for one in made["packages"] if one["name"] == "old-name")["replaced_by"] == "new-name"


def test_removals_that_were_allowed_are_planned(pacman: SmallPacman) -> None:
    made = planned(pacman, {"select": "all"}, allow_removals=True)
    assert ("pushed", "remove", "1-1", None) in changes(made)
    assert made["held"] == []


def test_what_is_held_or_was_taken_back_is_left_out(pacman: SmallPacman) -> None:
    pacman.holds, pacman.blocked = {"bash"}, {"tool"}
    made = planned(pacman, {"select": "all"}, allow_removals=True)
    assert {"bash", "tool"} & {one["name"] for one in made["packages"]} == set()
    assert made["held"] == [{"name": "bash", "reason": "held on the host", "cause": "hold"}]


def test_security_updates_can_not_be_chosen_and_that_is_not_nothing_to_do(pacman: SmallPacman) -> None:
    with pytest.raises(DriverError, match="don't say which updates") as raised:
        planned(pacman, {"select": "security"})
    assert raised.value.code == "security_unknown"
    assert "select: all" in raised.value.remedy


def test_a_named_package_comes_with_what_it_needs(pacman: SmallPacman) -> None:
    made = planned(pacman, {"packages": ["tool"]})
    assert {one["name"] for one in made["packages"]} == {"tool", "newdep"}
    assert pacman.asked[-1][0] == ["-S", "--needed", "core/tool"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nothere", "package_unknown"),
        ("bash=9-1", "version_unknown"),
        ("--root=/x", "bad_arguments"),
        ("core/bash", "bad_arguments"),
        ("bash=1 2", "bad_arguments"),
        ("pusher", "removals_needed"),
    ],
)
def test_what_can_not_be_had_is_refused(pacman: SmallPacman, name: str, code: str) -> None:
    with pytest.raises(DriverError) as raised:
        planned(pacman, {"packages": [name]})
    assert raised.value.code == code


def test_a_named_package_that_is_held_or_current_asks_pacman_for_nothing(pacman: SmallPacman) -> None:
    pacman.holds = {"bash"}
    made = planned(pacman, {"packages": ["bash", "tool=1-1"]})
    assert made["packages"] == []
    assert made["held"] == [{"name": "bash", "reason": "held on the host", "cause": "hold"}]
    assert pacman.asked == []


def test_a_named_package_that_needs_a_change_of_a_held_one_is_left_out_with_the_reason(
    pacman: SmallPacman,
) -> None:
    pacman.holds = {"newdep"}
    made = planned(pacman, {"packages": ["tool"]})
    assert made["packages"] == []
    assert made["held"] == [{"name": "tool", "reason": "needs a change of held newdep", "cause": "hold"}]


def test_members_that_the_repositories_dropped_are_missing(pacman: SmallPacman) -> None:
    members = [member("bash", "1.5-1"), member("absent", "1-1")]
    with pytest.raises(DriverError, match=r"no longer have: bash 1\.5-1") as raised:
        planned(pacman, {"patch_set": {"id": "x", "packages": members}})
    assert raised.value.code == "member_missing"


def test_members_that_are_installed_or_older_are_done(pacman: SmallPacman) -> None:
    members = [member("bash", "1-1"), member("tool", "2-1"), member("newdep", "5-1")]
    made = planned(pacman, {"patch_set": {"id": "x", "packages": members}})
    assert {one["name"] for one in made["packages"]} == {"tool", "newdep"}
