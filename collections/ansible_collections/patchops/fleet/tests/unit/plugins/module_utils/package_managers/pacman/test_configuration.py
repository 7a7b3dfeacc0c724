# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pacman-conf 6.0.2 prints, and the configurations that pacman is given instead."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
    parse,
)

PRINTED = """\
[options]
RootDir = /
DBPath = /var/lib/pacman/
CacheDir = /var/cache/pacman/pkg/
HoldPkg = pacman
IgnorePkg = postgresql*
IgnoreGroup = desktop
Architecture = x86_64
DownloadUser = alpm
XferCommand = /usr/bin/fetch --token s3cret %u
CheckSpace
VerbosePkgLists
SigLevel = PackageRequired
SigLevel = PackageTrustedOnly
SigLevel = DatabaseOptional
LocalFileSigLevel = PackageOptional
[core]
Usage = All
Server = https://user:pw@mirror.example/core/os/x86_64
Server = https://other.example/core/os/x86_64
SigLevel = PackageRequired
SigLevel = DatabaseRequired
[extra]
Usage = All
Server = https://mirror.example/extra/os/x86_64
"""
CONFIGURATION = Configuration(parse(PRINTED))


def test_places_and_patterns_are_read() -> None:
    assert CONFIGURATION.database == "/var/lib/pacman"
    assert CONFIGURATION.caches == ["/var/cache/pacman/pkg"]
    assert CONFIGURATION.ignored_packages == ["postgresql*"]
    assert CONFIGURATION.ignored_groups == ["desktop"]


def test_a_repository_without_rules_for_signatures_has_those_of_all() -> None:
    core, extra = CONFIGURATION.repositories
    assert (core["id"], len(core["servers"])) == ("core", 2)
    assert core["checks"] == ["PackageRequired", "DatabaseRequired"]
    assert extra["checks"] == ["PackageRequired", "PackageTrustedOnly", "DatabaseOptional"]


def test_what_is_read_is_everything_as_one_user() -> None:
    text = CONFIGURATION.for_reading()
    assert "[core]" in text
    assert "[extra]" in text
    assert "IgnorePkg" not in text
    assert "IgnoreGroup" not in text
    assert "DownloadUser" not in text
    assert "VerbosePkgLists" not in text


def test_one_repository_can_be_read_alone() -> None:
    assert "[core]" not in CONFIGURATION.for_reading("extra")


def test_a_plan_leaves_out_what_it_is_told_to_and_downloads_nothing() -> None:
    text = CONFIGURATION.for_planning(["bash"])
    assert "\nIgnorePkg = bash\n" in text
    assert "\nXferCommand = /bin/false %u\n" in text
    assert "s3cret" not in text


def test_what_is_installed_with_knows_no_repository_and_no_secret() -> None:
    text = CONFIGURATION.for_acting()
    assert text.count("[") == 1
    assert "Server" not in text
    assert "s3cret" not in text
    assert "\nCheckSpace\n" in text


def test_a_file_from_a_server_is_checked_by_the_rules_of_its_repository() -> None:
    text = CONFIGURATION.for_fetching(["PackageRequired"])
    assert text.endswith("\nSigLevel = PackageRequired\n")
    assert "LocalFileSigLevel = PackageOptional" in text
