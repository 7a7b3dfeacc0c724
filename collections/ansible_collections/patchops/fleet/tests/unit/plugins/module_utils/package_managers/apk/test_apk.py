# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apk 2.14 prints and writes on Alpine 3.21; nothing here was run on Alpine itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import apk
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apk import (
    installed_and_world,
    repositories,
    updates,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result

INSTALLED = """\
C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:musl
V:1.2.5-r8
A:x86_64
S:409258
I:667648
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT
o:musl
m:Natanael Copa <ncopa@alpinelinux.org>
t:1731599231
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1xvLUlAhCfG4ulHsE5EpAG1ZCd5Y=

C:Q1aTIR7cVzNMxvSAWnGrl2jStPs8E=
P:git-perl
V:2.45.4-r0
A:x86_64
o:git
f:fs

C:Q1aTIR7cVzNMxvSAWnGrl2jStPs8E=
P:linux-lts
V:6.12.8-r0
A:x86_64
o:linux-lts
F:boot
R:vmlinuz-lts
F:lib/modules/6.12.8-0-lts
R:modules.builtin
R:modules.order

C:Q1aTIR7cVzNMxvSAWnGrl2jStPs8E=
P:zfs-lts
V:6.12.8-r0
A:x86_64
o:zfs-lts
F:lib/modules/6.12.8-0-lts
F:lib/modules/6.12.8-0-lts/extra
R:zfs.ko.gz

C:Q1aTIR7cVzNMxvSAWnGrl2jStPs8E=
P:git
V:2.45.4-r0
A:x86_64
o:git
"""
WORLD = "git=2.45.4-r0\nlinux-lts\nnginx@edge\n!busybox-extras\npy3-pip>22\n"
NEWER = """\
Installed:                                Available:
git-2.45.4-r0                           < 2.47.3-r0\x20
git-perl-2.45.4-r0                      < 2.47.3-r0\x20
musl-1.2.5-r8                           < 1.2.5-r11 @edge
"""
SIMULATED = """\
(1/4) Upgrading musl (1.2.5-r8 -> 1.2.5-r11)
(2/4) Installing pcre2 (10.43-r0)
OK: 479 MiB in 205 packages
"""
MAIN, COMMUNITY = (f"https://dl-cdn.alpinelinux.org/alpine/v3.21/{name}" for name in ("main", "community"))
REPOSITORIES = f"#/media/cdrom/apks\n{MAIN}\n@edge {COMMUNITY}/ # tagged\n\n"
# Its exit code is 0.
UNREACHABLE = f"""\
fetch {MAIN}/x86_64/APKINDEX.tar.gz
WARNING: updating and opening {MAIN}: DNS lookup error
2 unavailable, 0 stale; 198 distinct packages available
"""
READ = f"v3.21.7-230-gc031f07a9b5 [{MAIN}]\n [{COMMUNITY}]\n"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> apk.Apk:
    (tmp_path / "installed").write_text(INSTALLED, encoding="utf-8")
    (tmp_path / "world").write_text(WORLD, encoding="utf-8")
    (tmp_path / "repositories").write_text(REPOSITORIES, encoding="utf-8")
    monkeypatch.setattr(apk, "_DATABASES", (str(tmp_path),))
    monkeypatch.setattr(apk, "_WORLD", str(tmp_path / "world"))
    monkeypatch.setattr(apk, "_REPOSITORIES", (str(tmp_path / "repositories"),))
    said = {
        "update": Result(0, UNREACHABLE, ""),
        "--version": Result(0, "apk-tools 2.14.6, compiled for x86_64.\n", ""),
        "--print-arch": Result(0, "x86_64\n", ""),
        "upgrade": Result(0, SIMULATED, ""),
        "info": Result(
            0, "/usr/bin/git is owned by git-2.45.4-r0\n/bin/sh symlink target is owned by b-1-r2\n", ""
        ),
    }
    monkeypatch.setattr(
        apk,
        "run",
        lambda argv, **_more: (
            Result(0, NEWER if "-l" in argv else READ, "") if argv[1] == "version" else said[argv[1]]
        ),
    )
    return apk.Apk()


def test_the_host_is_read(driver: apk.Apk) -> None:
    assert (driver.version(), driver.platform_arch()) == ("2.14.6", "x86_64")
    packages = {one["name"]: one for one in driver.installed()}
    assert packages["git-perl"]["source"] == "git"
    assert packages["musl"]["version"] == "1.2.5-r8"
    assert [name for name, one in packages.items() if one["manual"]] == ["linux-lts", "git"]
    assert driver.holds() == ["git", "py3-pip"]
    assert driver.kernel_packages() == [
        {"release": "6.12.8-0-lts", "package": "linux-lts", "version": "6.12.8-r0"}
    ]
    assert driver.owners(["/usr/bin/git", "/bin/sh"]) == {"/usr/bin/git": "git", "/bin/sh": "b"}


def test_what_apk_marked_as_broken_is_an_interrupted_change(driver: apk.Apk) -> None:
    broken = driver.broken()
    assert broken["interrupted"]
    assert broken["packages"] == [
        {"name": "git-perl", "arch": "x86_64", "state": "broken files, broken script"}
    ]


def test_a_version_that_apk_would_not_take_is_held_or_blocked_and_not_pending(driver: apk.Apk) -> None:
    found = {one["name"]: (one["candidate"], one["held"], one["blocked"]) for one in driver.updates()}
    assert found == {
        "git": ("2.47.3-r0", True, False),
        "git-perl": ("2.47.3-r0", False, True),
        "musl": ("1.2.5-r11", False, False),
    }


def test_a_repository_that_was_not_reached_is_an_error_although_apk_ends_with_0(driver: apk.Apk) -> None:
    errors = driver.refresh()
    assert errors == [{"repository": MAIN, "message": f"updating and opening {MAIN}: DNS lookup error"}]
    read = driver.repositories()
    assert [(one["suite"], one["component"], one["label"]) for one in read] == [
        ("v3.21", "main", None),
        ("v3.21", "community", "@edge"),
    ]
    assert read[0]["error"] == errors[0]["message"]
    assert read[1]["error"] == "its index can't be read, or was never fetched"
    assert driver.security_source(read)["status"] == "unreadable"


def test_unreachable_repositories_without_a_word_of_why_are_counted() -> None:
    assert repositories.parse_complaints("1 unavailable, 0 stale; 198 distinct packages available\n", []) == [
        {"repository": None, "message": "apk update: 1 unavailable, 0 stale"}
    ]
    assert repositories.parse_complaints("OK: 25398 distinct packages available\n", []) == []


def test_passwords_in_addresses_are_left_out() -> None:
    text = "ERROR: https://user:pw@mirror.example/main: UNTRUSTED signature\n"
    (error,) = repositories.parse_complaints(text, ["https://mirror.example/main"])
    assert "pw" not in error["message"]


def test_a_damaged_database_is_said() -> None:
    with pytest.raises(ValueError, match="without name or version"):
        installed_and_world.parse_installed("P:musl\nA:x86_64\n")


def test_entries_are_not_cut_at_the_wrong_dash() -> None:
    installed = [installed_and_world.Package("git-init-template", "2.45.4-r0", "x86_64", "git", "", [])]
    versions = "git-init-template-2.45.4-r0             < 2.47.3-r0 \n"
    (found,) = updates.find_updates(installed, versions, "", [])
    assert (found["name"], found["candidate"]) == ("git-init-template", "2.47.3-r0")
