# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that both versions of dnf are asked for, with a solver that knows four packages."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import (
    selection as selection_rules,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    planning,
    rpm_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import Offer, Upgrade


def package(
    name: str, version: str, repository: str | None = "updates", **other: Any
) -> rpm_packages.Package:
    values: dict[str, Any] = {
        "name": name,
        "arch": "noarch",
        "version": version,
        "source_rpm": f"{name}-{version}.src.rpm",
        "vendor": "Fedora Project",
        "section": "",
        "repository": repository,
        "recorded": "",
        "manual": True,
        "sha256": "ab" * 32,
        "download_bytes": 10,
        "disk_bytes": 30,
        "installed_at": 0,
        "found": None,
    }
    return rpm_packages.Package(**{**values, **other})


class FourPackages(planning.Solver):
    """bash, curl and vim have an update; nano comes newly. What is named in `broken` has no solution."""

    def __init__(self, holds: tuple[str, ...] = (), broken: tuple[str, ...] = ()) -> None:
        self.arch = "x86_64"
        self.holds = list(holds)
        self.broken = broken
        self.installed = [package(name, "1.0-1", None) for name in ("bash", "curl", "vim")]
        self.offered = [package(name, "1.1-1") for name in ("bash", "curl", "nano", "vim")]
        self.offered += [package("bash", "0.9-1")]
        self.updates = [
            rpm_packages.update_entry(
                self.installed[place], self.offered[at], [], False, self.installed[place].name in holds, None
            )
            for place, at in enumerate((0, 1, 3))
        ]
        for one in self.updates:
            one["security"] = one["name"] != "vim"

    def known(self, name: str, arch: str = "") -> list[rpm_packages.Package]:
        return [one for one in self.installed + self.offered if one.name == name and arch in ("", one.arch)]

    def closes(self, package: rpm_packages.Package) -> bool:
        return True

    def upgrade_all(self, allow_removals: bool) -> Upgrade:
        names = ("bash", "curl", "vim")
        wanted = [one for one in self.offered if one.name in names and one.version == "1.1-1"]
        coming = [one for one in wanted if one.name not in self.holds + list(self.broken)]
        return Upgrade(self._changes(coming), {})

    def install(self, offers: list[Offer], allow_removals: bool) -> list[Change]:
        missing = [one.name for one in offers if one.name in self.broken]
        if missing:
            raise DriverError("unsatisfiable", f"nothing provides what {missing[0]} needs")
        return self._changes([one.found for one in offers])

    def _changes(self, packages: list[rpm_packages.Package]) -> list[Change]:
        present = {one.name: one for one in self.installed}
        return [
            rpm_packages.coming(
                one,
                present.get(one.name),
                Action.UPGRADE if one.name in present else Action.INSTALL,
                False,
                False,
            )
            for one in packages
        ]


def names(plan: dict[str, Any]) -> set[str]:
    return {one["name"] for one in plan["packages"]}


def planned(solver: planning.Solver, selection: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = document(selection_rules.make_plan(solver, selection))
    return made


def named(solver: planning.Solver, *wanted: str) -> dict[str, Any]:
    return planned(solver, {"packages": list(wanted)})


def test_packages_are_asked_for_by_name_by_architecture_and_by_version() -> None:
    plan = named(FourPackages(), "bash", "curl.noarch", "nano=0:1.1-1")
    assert {(one["name"], one["from"], one["to"]) for one in plan["packages"]} == {
        ("bash", "1.0-1", "1.1-1"),
        ("curl", "1.0-1", "1.1-1"),
        ("nano", None, "1.1-1"),
    }
    assert (plan["download_bytes"], plan["disk_bytes"]) == (30, 30)


def test_what_is_there_already_makes_an_empty_plan() -> None:
    assert named(FourPackages(), "bash=1.0-1")["packages"] == []


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("emacs", "package_unknown"),
        ("bash=7-1", "version_unknown"),
        ("bash=0.9-1", "downgrade_needed"),
        ("--nogpgcheck", "bad_arguments"),
        ("bash; reboot", "bad_arguments"),
        ("bash=1.1", "bad_arguments"),
    ],
)
def test_what_can_not_be_had_as_asked_for_is_refused(wanted: str, code: str) -> None:
    with pytest.raises(DriverError) as refused:
        named(FourPackages(), wanted)
    assert refused.value.code == code


def test_a_named_package_that_has_no_solution_is_refused_with_dnfs_own_reason() -> None:
    with pytest.raises(DriverError, match="nothing provides what bash needs") as refused:
        named(FourPackages(broken=("bash",)), "bash", "curl")
    assert refused.value.code == "unsatisfiable"


BROKEN_BASH = {
    "name": "bash",
    "reason": "nothing provides what bash needs",
    "cause": "dependency",
    "security": True,
}


def test_of_security_updates_what_has_no_solution_stays_and_the_rest_comes() -> None:
    plan = planned(FourPackages(broken=("bash",)), {"select": "security"})
    assert names(plan) == {"curl"}
    assert plan["held"] == [BROKEN_BASH]


def test_of_all_updates_what_stays_is_told_with_the_reason() -> None:
    plan = planned(FourPackages(holds=("vim",), broken=("bash",)), {"select": "all"})
    assert names(plan) == {"curl"}
    assert plan["held"] == [
        BROKEN_BASH,
        {"name": "vim", "reason": "held on the host", "cause": "hold"},
    ]


def test_a_patch_set_brings_its_own_versions_of_what_is_installed() -> None:
    members = [
        {"name": name, "arch": "noarch", "version": "1.1-1", "sha256": "ab" * 32} for name in ("bash", "nano")
    ]
    plan = planned(FourPackages(), {"patch_set": {"packages": members}})
    assert names(plan) == {"bash"}


def test_a_member_that_the_repositories_no_longer_have_is_named() -> None:
    members = [{"name": "bash", "arch": "noarch", "version": "1.2-1"}]
    with pytest.raises(DriverError, match=r"bash 1\.2-1") as refused:
        planned(FourPackages(), {"patch_set": {"packages": members}})
    assert refused.value.code == "member_missing"


def test_a_package_without_a_sum_is_not_planned() -> None:
    solver = FourPackages()
    solver.offered = [package("bash", "1.1-1", sha256=None)]
    with pytest.raises(DriverError) as refused:
        named(solver, "bash")
    assert refused.value.code == "repository_unsigned"


def test_a_removal_that_nothing_replaces_needs_leave() -> None:
    removal = rpm_packages.going(package("vim", "1.0-1", None), None, False)
    with pytest.raises(DriverError, match="removal of vim"):
        selection_rules.check_removals([removal], allow_removals=False)
    selection_rules.check_removals([removal], allow_removals=True)
    selection_rules.check_removals([removal._replace(replaced_by="neovim")], allow_removals=False)


def test_an_older_version_beside_a_newer_one_is_a_duplicate_but_for_kernels() -> None:
    twice = [package(name, version, None) for name in ("bash", "kernel") for version in ("1.9-1", "1.10-1")]
    assert rpm_packages.duplicates(twice, {"kernel"}) == [
        {"name": "bash", "arch": "noarch", "version": "1.9-1"}
    ]


@pytest.mark.parametrize(
    ("reason", "manual"),
    [
        ("user", True),
        ("External User", True),
        ("Group", True),
        ("Weak Dependency", False),
        ("dependency", False),
    ],
)
def test_why_a_package_is_there_is_read_from_either_dnfs_words(reason: str, manual: bool) -> None:
    assert rpm_packages.is_manual(reason) is manual
