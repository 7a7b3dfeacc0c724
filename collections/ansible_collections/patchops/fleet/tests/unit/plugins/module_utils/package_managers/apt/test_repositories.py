# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.repositories import (
    Configured,
    Target,
    describe,
    list_prefix,
    never_read,
    parse_configured,
    parse_release,
    parse_targets,
    with_refresh_errors,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.sources import Options

NOW = 1795341420.0  # 2026-11-22T09:57:00Z
TARGET = Target(
    "http://mirror.lab/debian-security bookworm-security/main amd64 Packages",
    "http://mirror.lab/debian-security/",
    "bookworm-security",
    "main",
    "main/binary-amd64/Packages",
    "/var/lib/apt/lists/mirror.lab_debian-security_dists_bookworm-security_main_binary-amd64_Packages",
    "yes",
    "/etc/apt/sources.list.d/lab.sources:2",
)
OPTIONS = Options(signed_by="/usr/share/keyrings/lab.asc")
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
    assert describe(TARGET, OPTIONS, release(), NOW) == {
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
        "signers": [],
        "by_distribution": None,
        "date": "2026-11-22T08:57:00Z",
        "valid_until": "2026-11-29T08:57:00Z",
        "valid_until_waived": False,
        "expired": False,
        "age_seconds": 3600,
        "error": None,
        "security": True,
    }


def test_an_index_past_its_date_is_expired_and_says_so() -> None:
    found = describe(TARGET, OPTIONS, release(valid_until="Sat, 21 Nov 2026 08:57:00 UTC"), NOW)
    assert found["expired"] is True
    assert found["error"] == (
        "its index was valid until Sat, 21 Nov 2026 08:57:00 UTC; "
        "the mirror is stale or the host's clock is wrong"
    )


def test_an_index_of_the_future_tells_of_a_wrong_clock() -> None:
    found = describe(TARGET, OPTIONS, release(date="Mon, 23 Nov 2026 08:57:00 UTC"), NOW)
    assert found["error"] == (
        "its index is dated Mon, 23 Nov 2026 08:57:00 UTC, in the future: the host's clock is wrong"
    )
    assert found["age_seconds"] == 0


def test_a_clock_that_is_off_by_minutes_is_tolerated() -> None:
    assert describe(TARGET, OPTIONS, release(date="Sun, 22 Nov 2026 10:00:00 UTC"), NOW)["error"] is None


def test_credentials_in_the_configured_uri_are_removed() -> None:
    target = TARGET._replace(repo_uri="https://user:secret@mirror.lab/debian-security/")
    assert "secret" not in str(describe(target, OPTIONS, release(), NOW))


def test_an_index_past_its_date_is_read_where_the_administrator_waives_the_check() -> None:
    waived = OPTIONS._replace(check_valid_until=False)
    found = describe(TARGET, waived, release(valid_until="Sat, 21 Nov 2026 08:57:00 UTC"), NOW)
    assert (found["expired"], found["error"], found["valid_until_waived"]) == (False, None, True)
    assert found["valid_until"] == "2026-11-21T08:57:00Z"


def test_an_index_without_a_date_has_an_unknown_age_and_is_no_error() -> None:
    found = describe(TARGET, OPTIONS, {"signed": False, "error": None}, NOW)
    assert (found["date"], found["age_seconds"], found["error"], found["signed"]) == (None, None, None, False)


PRINTED = """\
'cdrom://Corp Install 5/dists/bookworm/InRelease' Corp%20Install%205_dists_bookworm_InRelease 0
'cdrom://Corp Install 5/dists/bookworm/main/binary-amd64/Packages.xz' Corp%20Install%205_dists_main_x 0
'http://u:secret@vendor/apt/dists/stable/InRelease' vendor_apt_dists_stable_InRelease 0
'http://vendor/flat/amd64/InRelease' vendor_flat_amd64_InRelease 0
'http://vendor/plain/./InRelease' vendor_plain_._InRelease 0
'http://u:secret@vendor/apt/dists/stable/corp_tools/binary-amd64/Packages.xz' vendor_a 0
'http://u:secret@vendor/apt/dists/stable/corp_tools/binary-all/Packages.xz' vendor_b 0
'http://u:secret@vendor/apt/dists/stable/extra/binary-amd64/Packages.xz' vendor_c 0
'http://vendor/flat/amd64/Packages.xz' vendor_flat_amd64_Packages 0
'http://vendor/plain/./Packages.xz' vendor_plain_._Packages 0
"""


def test_what_apt_would_read_is_told_with_components_and_without_credentials() -> None:
    assert parse_configured(PRINTED) == [
        Configured("cdrom://Corp Install 5/", "bookworm", ("main",), "Corp%20Install%205_dists_bookworm_"),
        Configured("http://vendor/apt/", "stable", ("corp_tools", "extra"), "vendor_apt_dists_stable_"),
        Configured("http://vendor/flat/", "amd64/", (), "vendor_flat_amd64_"),
        Configured("http://vendor/plain/", "./", (), "vendor_plain_._"),
    ]


@pytest.mark.parametrize(
    ("meta_key", "name", "prefix"),
    [
        ("main/binary-amd64/Packages", "m_d_dists_s_main_binary-amd64_Packages", "m_d_dists_s_"),
        ("corp_tools/binary-amd64/Packages", "m_dists_s_corp%5ftools_binary-amd64_Packages", "m_dists_s_"),
        ("a/b/binary-all/Packages", "m_dists_s_a_b_binary-all_Packages", "m_dists_s_"),
        ("Packages", "m_flat_._Packages", "m_flat_._"),
    ],
)
def test_the_files_of_a_repository_are_found_whatever_apt_makes_of_its_letters(
    meta_key: str, name: str, prefix: str
) -> None:
    target = TARGET._replace(meta_key=meta_key, filename="/var/lib/apt/lists/" + name)
    assert list_prefix(target) == "/var/lib/apt/lists/" + prefix


def test_a_repository_that_apt_has_no_index_of_is_told_and_not_left_out() -> None:
    security = Configured(
        TARGET.repo_uri, TARGET.release, ("main",), "mirror.lab_debian-security_dists_bookworm-security_"
    )
    other = Configured("http://vendor/apt/", "stable", ("main", "extra"), "vendor_apt_dists_stable_")
    found = never_read([security, other], [TARGET])
    assert [(one["id"], one["signed"], one["error"]) for one in found] == [
        ("http://vendor/apt/ stable/main", None, "it was never read: its index is not on the host"),
        ("http://vendor/apt/ stable/extra", None, "it was never read: its index is not on the host"),
    ]


def test_what_a_refresh_said_stands_with_the_repository_it_spoke_of() -> None:
    sound = describe(TARGET, OPTIONS, release(), NOW)
    errors = [{"repository": "http://mirror.lab/debian-security/ bookworm-security", "message": "503"}]
    marked = with_refresh_errors([sound, dict(sound, suite="bookworm")], errors)
    assert [one["error"] for one in marked] == ["503", None]


def test_a_refresh_that_found_an_expired_index_makes_the_repository_expired() -> None:
    sound = describe(TARGET, OPTIONS, release(), NOW)
    errors = [
        {
            "repository": "http://mirror.lab/debian-security/ bookworm-security",
            "message": "Release file for x is expired (invalid since 2d)",
        }
    ]
    assert with_refresh_errors([sound], errors)[0]["expired"] is True


def test_targets_are_read_and_what_apt_did_not_fill_is_empty() -> None:
    line = (
        "http://m ./ Packages\thttp://m/\t./\t$(COMPONENT)\tPackages\t/var/lib/apt/lists/m_._Packages\tyes\t"
        "/etc/apt/sources.list:7\n"
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
            "/etc/apt/sources.list:7",
        )
    ]
