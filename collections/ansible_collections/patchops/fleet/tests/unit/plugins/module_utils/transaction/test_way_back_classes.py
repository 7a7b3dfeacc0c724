# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils import package_managers
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import (
    CLASSES,
    classify,
    parse_rules,
    summary,
    told,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_table import FAMILIES, TABLE

MANAGERS = sorted(FAMILIES)
PATTERNS = sorted({one for entry in TABLE for patterns in entry.patterns.values() for one in patterns})

names = st.one_of(
    st.sampled_from([pattern.replace("[0-9]", "1").replace("*", "x") for pattern in PATTERNS]),
    st.from_regex(r"[a-z][a-z0-9+.-]{1,20}", fullmatch=True),
)


def change(name: str, before: str | None = "1", after: str | None = "2", **more: Any) -> dict[str, Any]:
    return {"name": name, "arch": "amd64", "from": before, "to": after, **more}


def class_of(name: str, manager: str = "apt", **more: Any) -> str:
    [one] = classify([change(name)], parse_rules(more.pop("rules", [])), manager, more.pop("kernels", []))
    return str(one["way_back"])


def kernel(release: str, package: str, version: str) -> dict[str, Any]:
    return {"release": release, "package": package, "version": version}


@pytest.mark.parametrize(
    ("manager", "name"),
    [
        ("apt", "postgresql-15"),
        ("apt", "mariadb-server-10.11"),
        ("apt", "slapd"),
        ("dnf", "postgresql-server"),
        ("dnf5", "postgresql15-server"),
        ("dnf", "openldap-servers"),
        ("dnf", "389-ds-base"),
        ("zypper", "openldap2"),
        ("zypper", "mariadb"),
        ("pacman", "postgresql"),
        ("apt", "influxdb2"),
    ],
)
def test_databases_and_directories_want_a_snapshot(manager: str, name: str) -> None:
    assert class_of(name, manager) == "snapshot_only"


@pytest.mark.parametrize(
    ("manager", "name"),
    [
        ("apt", "shim-signed"),
        ("apt", "grub-efi-amd64-signed"),
        ("apt", "grub2-common"),
        ("apt", "intel-microcode"),
        ("apt", "firmware-linux-free"),
        ("apt", "dpkg"),
        ("apt", "libapt-pkg6.0"),
        ("dnf", "shim-x64"),
        ("dnf", "microcode_ctl"),
        ("dnf", "libdnf"),
        ("dnf", "rpm"),
        ("zypper", "libzypp"),
        ("zypper", "ucode-intel"),
        ("pacman", "pacman"),
        ("pacman", "intel-ucode"),
    ],
)
def test_boot_loaders_microcode_firmware_and_the_package_manager_only_go_forward(
    manager: str, name: str
) -> None:
    assert class_of(name, manager) == "forward_only"


@pytest.mark.parametrize(
    ("manager", "name"),
    [
        ("apt", "libc6"),
        ("apt", "openssl"),
        ("apt", "systemd"),
        ("apt", "postgresql-client-15"),
        ("apt", "postgresql-common"),
        ("apt", "libpq5"),
        ("apt", "mariadb-client"),
        ("apt", "libdpkg-perl"),
        ("dnf", "glibc"),
        ("dnf", "grubby"),
        ("dnf", "postgresql"),
        ("dnf", "openldap"),
        ("zypper", "openldap2-client"),
        ("pacman", "glibc"),
    ],
)
def test_what_has_no_data_and_no_boot_sector_goes_back(manager: str, name: str) -> None:
    assert class_of(name, manager) == "revertible"


def test_a_new_kernel_goes_back() -> None:
    kernels = [kernel("6.1.0-1-amd64", "linux-image-6.1.0-1-amd64", "6.1.1-1")]
    [new] = classify([change("linux-image-6.1.0-2-amd64", None, "6.1.2-1")], [], "apt", kernels)
    assert new["way_back"] == "revertible"


def test_a_lone_kernel_that_is_overwritten_wants_a_snapshot() -> None:
    lone = kernel("6.1.0-1-amd64", "linux-image-6.1.0-1-amd64", "1")
    [one] = classify([change("linux-image-6.1.0-1-amd64")], [], "apt", [lone])
    assert (one["way_back"], "only kernel" in one["way_back_reason"]) == ("snapshot_only", True)


def test_an_overwritten_kernel_goes_back_while_another_one_can_be_booted() -> None:
    kernels = [kernel("6.6.1-lts", "linux-lts", "6.6.1"), kernel("6.9.1-arch1", "linux", "1")]
    assert class_of("linux", "pacman", kernels=kernels) == "revertible"


def test_two_kernels_that_are_overwritten_at_once_want_a_snapshot() -> None:
    kernels = [kernel("6.6.1-lts", "linux-lts", "1"), kernel("6.9.1-arch1", "linux", "1")]
    judged = classify([change("linux"), change("linux-lts")], [], "pacman", kernels)
    assert [one["way_back"] for one in judged] == ["snapshot_only", "snapshot_only"]


def test_what_is_replaced_goes_the_way_of_what_replaces_it() -> None:
    changes = [change("oldgrub", "1", None, replaced_by="grub2-pc"), change("grub2-pc", None, "2")]
    assert [one["way_back"] for one in classify(changes, [], "dnf", [])] == ["forward_only", "forward_only"]


def test_the_first_rule_that_fits_decides() -> None:
    rules = [
        {"packages": ["apt"], "class": "revertible"},
        {"packages": ["*"], "class": "snapshot_only", "reason": "an appliance"},
    ]
    assert class_of("apt", rules=rules) == "revertible"
    [one] = classify([change("vim")], parse_rules(rules), "apt", [])
    assert (one["way_back"], one["way_back_reason"]) == ("snapshot_only", "an appliance")


@given(st.lists(names, max_size=8), st.sampled_from([*MANAGERS, "unheard-of"]), st.data())
def test_every_change_has_one_class_and_a_reason_where_it_does_not_go_back(
    some: list[str], manager: str, data: st.DataObject
) -> None:
    wanted = data.draw(st.lists(st.sampled_from(CLASSES), min_size=len(some), max_size=len(some)))
    rules = [
        {"packages": [name], "class": one}
        for name, one in zip(some, wanted, strict=True)
        if data.draw(st.booleans())
    ]
    judged = classify([change(name) for name in some], parse_rules(rules), manager, [])
    assert [one["name"] for one in judged] == some
    assert all(one["way_back"] in CLASSES for one in judged)
    assert all((one["way_back_reason"] is None) == (one["way_back"] == "revertible") for one in judged)
    told_of = summary({"packages": judged})
    assert told_of["revertible"] + len(told_of["snapshot_only"]) + len(told_of["forward_only"]) == len(some)


@given(names, st.sampled_from(MANAGERS), st.sampled_from(CLASSES), st.booleans())
def test_a_rule_of_the_user_always_wins_over_the_table(
    name: str, manager: str, wanted: str, is_kernel: bool
) -> None:
    kernels = [kernel("1", name, "1")] if is_kernel else []
    rules = [{"packages": [name.replace("[", "[[]")], "class": wanted}]
    assert class_of(name, manager, rules=rules, kernels=kernels) == wanted


@pytest.mark.parametrize("make", [make for _program, make in package_managers._DRIVERS])
def test_the_table_knows_the_packages_of_every_package_manager(make: Callable[[], Driver]) -> None:
    assert make().name in FAMILIES


def test_no_pattern_of_the_table_is_said_twice() -> None:
    for entry in TABLE:
        for family, patterns in entry.patterns.items():
            assert len(set(patterns)) == len(patterns), (entry.way_back, family)
            assert not [
                one for one in patterns for other in patterns if one != other and fnmatchcase(one, other)
            ], (entry.reason, family)


def test_names_are_told_by_class() -> None:
    judged = classify([change("dpkg"), change("apt"), change("slapd"), change("vim")], [], "apt", [])
    assert (
        told([one for one in judged if one["name"] != "vim"])
        == "slapd (snapshot_only); apt, dpkg (forward_only)"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("apt", "'apt' is not a list of rules"),
        (["apt"], "[0]: 'apt' is not a rule with packages and class"),
        ([{"packages": "apt", "class": "revertible"}], "[0].packages: 'apt' is not a list"),
        ([{"packages": [], "class": "revertible"}], "[0].packages: [] is not a list"),
        ([{"packages": ["apt", 7], "class": "revertible"}], "[0].packages[1]: 7 is not a package name"),
        (
            [{"packages": ["a"], "class": "revertible"}, {"packages": ["b"], "class": "forward"}],
            "[1].class: 'forward' is none of revertible, snapshot_only, forward_only",
        ),
        ([{"packages": ["a"]}], "[0].class: None is none of"),
        ([{"packages": ["a"], "class": "revertible", "why": "x"}], "[0].why: unknown key"),
        ([{"packages": ["a"], "class": "revertible", "reason": 1}], "[0].reason: 1 is not a text"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_with_its_place(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_rules(value)
