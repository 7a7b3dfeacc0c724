# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.inventory import Row
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.policies import (
    parse_policies,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.updates import (
    find_updates,
    parse_candidates,
    source_repository,
)

MAIN = "http://mirror.lab/debian bookworm/main amd64 Packages"
SECURITY = "http://mirror.lab/debian-security bookworm-security/main amd64 Packages"
UPDATES = "http://mirror.lab/debian bookworm-updates/main amd64 Packages"
BACKPORTS = "http://mirror.lab/debian bookworm-backports/main amd64 Packages"

REPOSITORIES: dict[str, dict[str, Any]] = {
    MAIN: {"origin": "Debian", "label": "Debian", "suite": "bookworm", "security": False},
    UPDATES: {"origin": "Debian", "label": "Debian", "suite": "bookworm-updates", "security": False},
    BACKPORTS: {"origin": "Debian Backports", "label": "Debian", "suite": "x", "security": False},
    SECURITY: {
        "origin": "Debian",
        "label": "Debian-Security",
        "suite": "bookworm-security",
        "security": True,
    },
}

UPGRADABLE = f"""\
libssl3:
  Installed: 3.0.20-1
  Candidate: 3.0.22-1
  Version table:
     3.0.22-1 500
        500 {SECURITY}
 *** 3.0.20-1 500
        500 {MAIN}
        100 /var/lib/dpkg/status
"""
CURRENT = f"""\
libssl3:
  Installed: 3.0.20-1
  Candidate: 3.0.20-1
  Version table:
     3.3.0-1~bpo12+1 100
        100 {BACKPORTS}
 *** 3.0.20-1 500
        500 {MAIN}
        100 /var/lib/dpkg/status
     3.0.11-1 500
        500 {SECURITY}
"""
PHASED = f"""\
libssl3:
  Installed: 3.0.20-1
  Candidate: 3.0.20-1
  Version table:
     3.0.22-1 1 (phased 20%)
        500 {UPDATES}
 *** 3.0.20-1 500
        500 {MAIN}
        100 /var/lib/dpkg/status
"""
PINNED_AWAY = f"""\
libssl3:
  Installed: 3.0.20-1
  Candidate: (none)
  Version table:
     3.0.22-1 -1
        500 {SECURITY}
 *** 3.0.20-1 -1
        500 {MAIN}
        100 /var/lib/dpkg/status
"""
PASSED_OVER = f"""\
libssl3:
  Installed: 3.0.20-1
  Candidate: 3.0.20-1
  Version table:
     3.0.22-1 500
        500 {SECURITY}
 *** 3.0.20-1 1001
       1001 {MAIN}
        100 /var/lib/dpkg/status
"""
CANDIDATE_BELOW = f"""\
libssl3:
  Installed: 3.0.20-1
  Candidate: 3.0.21-1
  Version table:
     3.0.22-1 500
        500 {SECURITY}
     3.0.21-1 990
        990 {MAIN}
 *** 3.0.20-1 100
        100 /var/lib/dpkg/status
"""
FIXED_IN_BETWEEN = f"""\
libssl3:
  Installed: 3.0.20-1
  Candidate: 3.0.23-1
  Version table:
     3.0.23-1 500
        500 {UPDATES}
     3.0.22-1 500
        500 {SECURITY}
 *** 3.0.20-1 100
        100 /var/lib/dpkg/status
"""
DOWNGRADE = f"""\
libssl3:
  Installed: 3.0.22-1
  Candidate: 3.0.20-1
  Version table:
 *** 3.0.22-1 100
        100 /var/lib/dpkg/status
     3.0.20-1 1001
       1001 {MAIN}
"""
PHASED = f"""\
libssl3:
  Installed: 3.0.20-1
  Candidate: 3.0.22-1
  Version table:
     3.0.22-1 500 (phased 20%)
        500 {UPDATES}
 *** 3.0.20-1 500
        500 {MAIN}
        100 /var/lib/dpkg/status
"""


def row(version: str = "3.0.20-1", want: str = "install", arch: str = "amd64") -> Row:
    return Row("libssl3", arch, version, "openssl", version, want, "ok", "installed", "libs")


def updates(policy: str, package: Row | None = None) -> list[dict[str, Any]]:
    return find_updates([package or row()], parse_policies(policy), REPOSITORIES)


def test_a_newer_candidate_is_an_update_with_its_origin() -> None:
    assert updates(UPGRADABLE) == [
        {
            "name": "libssl3",
            "arch": "amd64",
            "installed": "3.0.20-1",
            "candidate": "3.0.22-1",
            "origin": "Debian",
            "label": "Debian-Security",
            "suite": "bookworm-security",
            "security": True,
            "held": False,
            "blocked": False,
            "phased": None,
            "kept_back": None,
            "source": "openssl",
        }
    ]


def test_what_backports_offer_is_no_update_of_a_current_package() -> None:
    assert updates(CURRENT) == []


def test_a_held_package_is_pending_and_marked() -> None:
    assert [one["held"] for one in updates(UPGRADABLE, row(want="hold"))] == [True]


def test_a_version_that_is_pinned_away_is_pending_and_blocked() -> None:
    assert [(one["candidate"], one["blocked"], one["security"]) for one in updates(PINNED_AWAY)] == [
        ("3.0.22-1", True, True)
    ]


def test_a_security_update_that_a_pin_passes_over_does_not_go_unseen() -> None:
    assert [(one["candidate"], one["blocked"]) for one in updates(PASSED_OVER)] == [("3.0.22-1", True)]


def test_what_a_pin_keeps_away_is_told_with_the_priorities() -> None:
    [away], [behind] = updates(PINNED_AWAY), updates(PASSED_OVER)
    assert (away["kept_back"]["cause"], "priority -1" in away["kept_back"]["reason"]) == ("pin", True)
    assert behind["kept_back"]["cause"] == "priority"
    assert (
        "prefers 3.0.20-1 (priority 1001) to 3.0.22-1 of bookworm-security" in behind["kept_back"]["reason"]
    )


def test_what_the_default_release_keeps_back_names_that_setting() -> None:
    text = PASSED_OVER.replace("1001", "990")
    [update] = find_updates([row()], parse_policies(text), REPOSITORIES, "bookworm")
    assert update["kept_back"]["cause"] == "default_release"
    assert 'APT::Default-Release is "bookworm"' in update["kept_back"]["reason"]
    assert update["kept_back"]["security"] is True


def test_a_security_update_above_the_version_that_apt_takes_is_told_too() -> None:
    [update] = find_updates([row()], parse_policies(CANDIDATE_BELOW), REPOSITORIES, "bookworm")
    assert (update["candidate"], update["blocked"], update["security"]) == ("3.0.21-1", False, False)
    assert (update["kept_back"]["version"], update["kept_back"]["security"]) == ("3.0.22-1", True)


def test_an_update_that_contains_a_security_fix_of_a_version_in_between_is_for_security() -> None:
    assert [(one["suite"], one["security"]) for one in updates(FIXED_IN_BETWEEN)] == [
        ("bookworm-updates", True)
    ]


def test_an_older_version_that_is_pinned_up_is_no_update() -> None:
    assert updates(DOWNGRADE, row("3.0.22-1")) == []


def test_ubuntus_notes_on_phasing_do_not_hide_a_version() -> None:
    assert [one["candidate"] for one in updates(PHASED)] == ["3.0.22-1"]


def test_packages_of_a_foreign_architecture_have_their_own_versions() -> None:
    foreign = UPGRADABLE.replace("libssl3:", "libssl3:i386:", 1)
    assert [one["arch"] for one in updates(foreign, row(arch="i386"))] == ["i386"]


def test_the_origin_of_a_version_is_the_repository_that_offers_it() -> None:
    policy = parse_policies(UPGRADABLE)["libssl3"]
    assert source_repository(policy, "3.0.20-1", REPOSITORIES) == REPOSITORIES[MAIN]
    assert source_repository(policy, "1.0-local", REPOSITORIES) is None
    assert source_repository(None, "3.0.20-1", REPOSITORIES) is None


def test_several_packages_are_read_from_one_answer() -> None:
    policies = parse_policies(UPGRADABLE + CURRENT.replace("libssl3", "bash"))
    assert [(name, policy.candidate) for name, policy in policies.items()] == [
        ("libssl3", "3.0.22-1"),
        ("bash", "3.0.20-1"),
    ]


def test_a_candidates_bytes_and_source_version_are_read_from_its_record() -> None:
    records = """\
Package: bash
Architecture: amd64
Version: 5.2.15-2+b13
Source: bash (5.2.15-2)
Size: 1475
SHA256: db25ab2e04fdad3c17ed0ff40c2815d338960d63c8b16bb43fc8dc109a670592
Description: a shell
 (with parentheses)

Package: tzdata
Architecture: all
Version: 2026a-0+deb12u1

Package: libssl3
Architecture: amd64
Source: openssl
Version: 3.0.22-1
"""
    assert parse_candidates(records) == {
        ("bash", "amd64", "5.2.15-2+b13"): {
            "source_version": "5.2.15-2",
            "sha256": "db25ab2e04fdad3c17ed0ff40c2815d338960d63c8b16bb43fc8dc109a670592",
            "size": 1475,
        },
        ("tzdata", "all", "2026a-0+deb12u1"): {
            "source_version": "2026a-0+deb12u1",
            "sha256": None,
            "size": None,
        },
        ("libssl3", "amd64", "3.0.22-1"): {"source_version": "3.0.22-1", "sha256": None, "size": None},
    }


def test_an_update_that_comes_in_phases_is_seen_before_it_is_the_hosts_turn() -> None:
    found = updates(PHASED)
    assert [(one["candidate"], one["phased"], one["blocked"]) for one in found] == [("3.0.22-1", 20, False)]
