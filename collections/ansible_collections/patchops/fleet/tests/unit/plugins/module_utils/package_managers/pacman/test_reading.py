# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import pacman
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import (
    kernels,
    lists,
    locks,
    package_files,
    repositories,
    updates,
    versions,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import (
    Package,
    package_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result

CORE = {
    "id": "core",
    "servers": ["https://user:pw@mirror.example/core/os/x86_64"],
    "checks": ["PackageRequired", "PackageTrustedOnly", "DatabaseOptional"],
}
UNSIGNED = """\
error: failed retrieving file 'core.db.sig' from mirror.example : The requested URL returned error: 404
error: failed to synchronize all databases (unable to lock database)
"""


def package(name: str, version: str = "1-1", **fields: list[str]) -> Package:
    return package_of({"NAME": [name], "VERSION": [version], "ARCH": ["any"], **fields}, "core")


def test_patterns_hold_packages_and_groups() -> None:
    installed = [package("linux"), package("linux-lts"), package("bash"), package("gimp", GROUPS=["desktop"])]
    assert updates.held_names(installed, ["linux*"], ["desk*"]) == ["gimp", "linux", "linux-lts"]


def test_updates_name_what_holds_and_blocks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "compare", lambda left, right: (left > right) - (left < right))
    installed = {name: package(name) for name in ("bash", "vim", "lab-oldname", "lab-kept")}
    offers = {
        "bash": package("bash", "2-1", BASE=["bash-src"]),
        "vim": package("vim", "2-1"),
        "lab-newname": package("lab-newname", "2-1", REPLACES=["lab-oldname<2", "lab-kept>5"]),
    }
    found = updates.find_updates(installed, offers, ["bash", "vim"], ["vim"], {"bash": {"2-1"}})
    assert [(one["name"], one["candidate"], one["held"], one["blocked"]) for one in found] == [
        ("bash", "2-1", False, True),
        ("lab-oldname", "2-1", False, False),
        ("vim", "2-1", True, False),
    ]
    assert found[0]["source"] == "bash-src"
    assert found[1]["replaced_by"] == "lab-newname"


def test_a_newer_version_than_the_one_taken_back_is_not_blocked() -> None:
    found = updates.find_updates(
        {"bash": package("bash")}, {"bash": package("bash", "3-1")}, ["bash"], [], {"bash": {"2-1"}}
    )
    assert not found[0]["blocked"]


def test_a_repository_is_described_without_its_password() -> None:
    described = repositories.describe(CORE, 0.0, 60, None)
    assert described["uri"] == "https://mirror.example/core/os/x86_64"
    assert (described["signed"], described["signature"]) == (True, "packages")
    assert described["date"] == "1970-01-01T00:00:00Z"


def test_a_list_without_its_signature_is_said_to_be_unsigned() -> None:
    assert lists.complaint(Result(1, "", UNSIGNED)).startswith("it is not signed: ")


def test_owners_are_read() -> None:
    text = "/usr/bin/ls is owned by coreutils 9.4-2\n/a is owned by b/c is owned by lab-x 1:2-1\n"
    assert pacman.parse_owners(text) == {"/usr/bin/ls": "coreutils", "/a is owned by b/c": "lab-x"}


def test_kernels_say_of_which_package_they_are(tmp_path: Path) -> None:
    for release, name in (("6.1.9-arch1-1", "linux"), ("6.1.2-1-lts", "linux-lts"), ("5.9-gone", "removed")):
        (tmp_path / release).mkdir()
        (tmp_path / release / "pkgbase").write_text(name + "\n", encoding="utf-8")
    installed = {
        "linux": package("linux", "6.1.9.arch1-1", INSTALLDATE=["200"]),
        "linux-lts": package("linux-lts", "6.1.2-1", INSTALLDATE=["100"]),
        "glibc": package("glibc", "2.39-1", INSTALLDATE=["300"]),
    }
    assert kernels.installed_kernels(installed, str(tmp_path / "*/pkgbase")) == [
        {"release": "6.1.2-1-lts", "package": "linux-lts", "version": "6.1.2-1"},
        {"release": "6.1.9-arch1-1", "package": "linux", "version": "6.1.9.arch1-1"},
    ]
    assert kernels.asking_for_reboot(installed, ["linux", "linux-lts"], 150.0) == ["glibc", "linux"]


def test_a_lock_is_held_by_who_has_it_open(tmp_path: Path) -> None:
    path = tmp_path / "db.lck"
    assert locks.find_holder(str(path)) is None
    with path.open("w", encoding="ascii"):
        assert locks.find_holder(str(path)) is not None
        assert not locks.is_left(str(path))
    assert locks.is_left(str(path))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("bash", ("bash", "", "")),
        ("bash>=5", ("bash", ">=", "5")),
        ("lab-oldname<2", ("lab-oldname", "<", "2")),
        ("sh=1:2-3", ("sh", "=", "1:2-3")),
    ],
)
def test_conditions_are_split(text: str, parts: tuple[str, str, str]) -> None:
    assert versions.split(text) == parts


def test_what_a_package_says_of_itself_is_read() -> None:
    fields = package_files.parse_pkginfo("# made by makepkg\npkgname = bash\ndepend = a\ndepend = b>=2\n")
    assert fields == {"pkgname": ["bash"], "depend": ["a", "b>=2"]}
