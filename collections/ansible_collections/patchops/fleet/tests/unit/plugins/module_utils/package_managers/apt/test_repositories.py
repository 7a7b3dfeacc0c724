# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.repositories import (
    Target,
    describe,
    find_entry,
    never_read,
    parse_release,
    parse_targets,
    with_refresh_errors,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.sources import Entry

NOW = 1795341420.0  # 2026-11-22T09:57:00Z
TARGET = Target(
    "http://mirror.lab/debian-security bookworm-security/main amd64 Packages",
    "http://mirror.lab/debian-security/",
    "bookworm-security",
    "main",
    "main/binary-amd64/Packages",
    "/var/lib/apt/lists/mirror.lab_debian-security_dists_bookworm-security_main_binary-amd64_Packages",
    "yes",
)
ENTRY = Entry(
    "http://mirror.lab/debian-security/", "bookworm-security", ("main",), "/usr/share/keyrings/lab.asc", False
)
RELEASE = """\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Origin: Debian
Label: Debian-Security
Suite: oldstable-security
Codename: bookworm-security
Date: {date}
Valid-Until: {valid_until}
Architectures: amd64
SHA256:
 db25ab2e04fdad3c17ed0ff40c2815d338960d63c8b16bb43fc8dc109a670592 37294 main/binary-amd64/Packages
Suite: forged-after-the-list
"""


def release(
    date: str = "Sun, 22 Nov 2026 08:57:00 UTC", valid_until: str = "Sun, 29 Nov 2026 08:57:00 UTC"
) -> dict[str, Any]:
    return dict(parse_release(RELEASE.format(date=date, valid_until=valid_until)), signed=True, error=None)


def test_a_sound_repository_tells_origin_dates_and_signature() -> None:
    assert describe(TARGET, ENTRY, release(), NOW) == {
        "id": "http://mirror.lab/debian-security/ bookworm-security/main",
        "uri": "http://mirror.lab/debian-security/",
        "suite": "bookworm-security",
        "codename": "bookworm-security",
        "archive": "oldstable-security",
        "component": "main",
        "origin": "Debian",
        "label": "Debian-Security",
        "signed": True,
        "signed_by": "/usr/share/keyrings/lab.asc",
        "date": "2026-11-22T08:57:00Z",
        "valid_until": "2026-11-29T08:57:00Z",
        "expired": False,
        "age_seconds": 3600,
        "error": None,
        "security": True,
    }


def test_an_index_past_its_date_is_expired_and_says_so() -> None:
    found = describe(TARGET, ENTRY, release(valid_until="Sat, 21 Nov 2026 08:57:00 UTC"), NOW)
    assert found["expired"] is True
    assert found["error"] == (
        "its index was valid until Sat, 21 Nov 2026 08:57:00 UTC; "
        "the mirror is stale or the host's clock is wrong"
    )


def test_an_index_of_the_future_tells_of_a_wrong_clock() -> None:
    found = describe(TARGET, ENTRY, release(date="Mon, 23 Nov 2026 08:57:00 UTC"), NOW)
    assert found["error"] == (
        "its index is dated Mon, 23 Nov 2026 08:57:00 UTC, in the future: the host's clock is wrong"
    )
    assert found["age_seconds"] == 0


def test_a_clock_that_is_off_by_minutes_is_tolerated() -> None:
    assert describe(TARGET, ENTRY, release(date="Sun, 22 Nov 2026 10:00:00 UTC"), NOW)["error"] is None


def test_credentials_in_the_configured_uri_are_removed() -> None:
    target = TARGET._replace(repo_uri="https://user:secret@mirror.lab/debian-security/")
    assert "secret" not in str(describe(target, ENTRY, release(), NOW))


def test_a_target_finds_its_sources_entry_whatever_the_slash_at_the_end() -> None:
    assert find_entry([ENTRY], TARGET) == ENTRY
    assert find_entry([ENTRY], TARGET._replace(release="bookworm")) is None


def test_a_repository_that_apt_has_no_index_of_is_told_and_not_left_out() -> None:
    other = Entry("http://vendor/apt/", "stable", ("main", "extra"), None, False)
    found = never_read([ENTRY, other], [TARGET])
    assert [(one["id"], one["signed"], one["error"]) for one in found] == [
        ("http://vendor/apt/ stable/main", None, "it was never read: its index is not on the host"),
        ("http://vendor/apt/ stable/extra", None, "it was never read: its index is not on the host"),
    ]


def test_what_a_refresh_said_stands_with_the_repository_it_spoke_of() -> None:
    sound = describe(TARGET, ENTRY, release(), NOW)
    errors = [{"repository": "http://mirror.lab/debian-security/ bookworm-security", "message": "503"}]
    marked = with_refresh_errors([sound, dict(sound, suite="bookworm")], errors)
    assert [one["error"] for one in marked] == ["503", None]


def test_a_refresh_that_found_an_expired_index_makes_the_repository_expired() -> None:
    sound = describe(TARGET, ENTRY, release(), NOW)
    errors = [
        {
            "repository": "http://mirror.lab/debian-security/ bookworm-security",
            "message": "Release file for x is expired (invalid since 2d)",
        }
    ]
    assert with_refresh_errors([sound], errors)[0]["expired"] is True


def test_targets_are_read_and_what_apt_did_not_fill_is_empty() -> None:
    line = (
        "http://m ./ Packages\thttp://m/\t./\t$(COMPONENT)\tPackages\t/var/lib/apt/lists/m_._Packages\tyes\n"
    )
    assert parse_targets(line) == [
        Target(
            "http://m ./ Packages",
            "http://m/",
            "./",
            "",
            "Packages",
            "/var/lib/apt/lists/m_._Packages",
            "yes",
        )
    ]
