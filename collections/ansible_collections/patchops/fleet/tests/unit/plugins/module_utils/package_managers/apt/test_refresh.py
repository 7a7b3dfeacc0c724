# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.refresh import (
    parse_errors,
    parse_warnings,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import TIMED_OUT

RECORDED = Path(__file__).parent / "recorded"
SECURITY = "http://mirror.lab/debian-security/ {}-security"


def recorded(name: str, rc: int) -> list[dict[str, str | None]]:
    stdout, stderr = (RECORDED / f"update-{name}.txt").read_text("utf-8").split("--stderr\n")
    return parse_errors(rc, stdout, stderr)


@pytest.mark.parametrize(
    ("release", "rc", "told"),
    [
        ("bullseye", 100, "The following signatures were invalid: BADSIG 459474F0D0B2A996"),
        ("bookworm", 0, "The following signatures were invalid: BADSIG 459474F0D0B2A996"),
        ("trixie", 100, "Sub-process /usr/bin/sqv returned an error code (1), error message is: Verifying"),
    ],
)
def test_a_bad_signature_is_told_once_with_its_repository(release: str, rc: int, told: str) -> None:
    errors = recorded(f"{release}-badsig", rc)
    assert [error["repository"] for error in errors] == [SECURITY.format(release)]
    assert str(errors[0]["message"]).startswith(told)


def test_an_expired_index_names_its_repository() -> None:
    errors = recorded("bookworm-expired", 100)
    assert [error["repository"] for error in errors] == [SECURITY.format("bookworm")]
    assert "is expired (invalid since 2d 0h 0min 1s)" in str(errors[0]["message"])


def test_a_success_with_warnings_does_not_pass() -> None:
    assert recorded("bookworm-503", 0) == [
        {
            "repository": "http://mirror.lab/debian/ bookworm",
            "message": "503 Service Unavailable [IP: 10.99.0.1 80]",
        },
        {
            "repository": SECURITY.format("bookworm"),
            "message": "503 Service Unavailable [IP: 10.99.0.1 80]",
        },
    ]


def test_an_index_that_failed_names_the_suite_and_not_the_component() -> None:
    stdout = "Err:7 http://mirror.lab/debian bookworm/main amd64 Packages\n  404  Not Found\n"
    assert parse_errors(100, stdout, "E: Failed to fetch http://mirror.lab/x  404  Not Found\n") == [
        {"repository": "http://mirror.lab/debian/ bookworm", "message": "404 Not Found"}
    ]


def test_a_suite_with_a_slash_in_its_name_is_kept_whole() -> None:
    stdout = "Err:1 http://mirror.lab/debian-security buster/updates InRelease\n  404  Not Found\n"
    assert [error["repository"] for error in parse_errors(0, stdout, "")] == [
        "http://mirror.lab/debian-security/ buster/updates"
    ]


def test_a_lock_that_somebody_holds_is_told_with_its_holder() -> None:
    stderr = (
        "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4711 (apt-get)\n"
        "E: Unable to lock directory /var/lib/apt/lists/\n"
    )
    errors = parse_errors(100, "", stderr)
    assert errors[0] == {
        "repository": None,
        "message": "Could not get lock /var/lib/apt/lists/lock. It is held by process 4711 (apt-get)",
    }


def test_credentials_are_not_in_what_is_told() -> None:
    stderr = "W: Failed to fetch https://user:secret@vendor/apt/dists/stable/InRelease  403  Forbidden\n"
    assert "secret" not in str(parse_errors(0, "", stderr))


@pytest.mark.parametrize(
    "harmless",
    [
        "W: http://x/dists/y/InRelease: Key is stored in legacy trusted.gpg keyring (/etc/apt/trusted.gpg)",
        "W: Target Packages (main/binary-amd64/Packages) is configured multiple times",
        "N: Usage of apt_auth.conf(5) should be preferred",
    ],
)
def test_warnings_that_are_not_about_fetching_do_not_count(harmless: str) -> None:
    assert parse_errors(0, "Hit:1 http://x y InRelease\n", harmless + "\n") == []


def test_a_failure_without_a_word_is_told_all_the_same() -> None:
    assert parse_errors(100, "", "") == [{"repository": None, "message": "apt-get update ended with 100"}]


def test_a_refresh_that_was_killed_has_not_said_everything() -> None:
    stdout = "Err:1 http://mirror.lab/debian bookworm InRelease\n  Could not resolve 'mirror.lab'\n"
    assert [error["message"] for error in parse_errors(-9, stdout, "")] == [
        "Could not resolve 'mirror.lab'",
        "apt-get update was killed (signal 9)",
    ]
    assert [error["message"] for error in parse_errors(TIMED_OUT, "", "")] == [
        "apt-get update did not end within 600 seconds"
    ]


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie"])
def test_lists_that_can_not_be_written_are_the_cause_and_not_what_apt_says_of_the_mirror(
    release: str,
) -> None:
    errors = recorded(f"{release}-readonly", 100)
    assert [error["repository"] for error in errors] == [
        f"http://mirror.lab/debian/ {release}",
        SECURITY.format(release),
    ]
    message = str(errors[0]["message"])
    assert message.startswith(
        "apt can't write to /var/lib/apt/lists, where it keeps the repositories' lists "
        "(Read-only file system); mount it writable"
    )
    assert [error["message"] for error in errors] == [message, message]


def test_a_list_directory_that_can_not_be_made_is_the_cause_too() -> None:
    stderr = "E: List directory /srv/lists/partial is missing. - Acquire (30: Read-only file system)\n"
    assert str(parse_errors(100, "", stderr)[0]["message"]).startswith("apt can't write to /srv/lists, ")


def test_an_old_cache_that_can_not_be_removed_does_not_keep_the_lists_from_being_read() -> None:
    stderr = (
        "W: Problem unlinking the file /var/cache/apt/pkgcache.bin - RemoveCaches "
        "(30: Read-only file system)\n"
    )
    assert parse_errors(0, "Hit:1 http://mirror.lab/debian bookworm InRelease\n", stderr) == []


def test_a_refresh_without_complaint_has_no_errors() -> None:
    assert parse_errors(0, "Hit:1 http://mirror.lab/debian bookworm InRelease\n", "") == []


HOOK_FAILED = """\
E: Problem executing scripts APT::Update::Post-Invoke-Success '/usr/local/bin/warm-cache'
E: Sub-process returned an error code
"""


def test_a_command_that_apt_runs_after_reading_everything_is_a_warning_when_it_fails() -> None:
    assert parse_errors(100, "Reading package lists...\n", HOOK_FAILED) == []
    (warning,) = parse_warnings(HOOK_FAILED)
    assert "/usr/local/bin/warm-cache" in warning


def test_a_repository_that_fails_beside_such_a_command_is_still_told() -> None:
    stdout = "Err:1 http://mirror.lab/debian bookworm InRelease\n  404  Not Found\n"
    assert [error["repository"] for error in parse_errors(100, stdout, HOOK_FAILED)] == [
        "http://mirror.lab/debian/ bookworm"
    ]


def test_a_command_that_fails_before_apt_reads_leaves_the_repositories_unread() -> None:
    stderr = "E: Problem executing scripts APT::Update::Pre-Invoke 'false'\n"
    assert parse_errors(100, "", stderr + "E: Sub-process returned an error code\n") != []


def test_translations_that_a_repository_does_not_have_are_no_unread_lists() -> None:
    told = (
        "Get:3 file:/srv beside/ Packages\n"
        "Err:6 file:/srv beside/ Translation-en\n"
        "  File not found - /srv/beside/en.xz (2: No such file or directory)\n"
        "Ign:6 file:/srv beside/ Translation-en\n"
    )
    assert parse_errors(0, told, "") == []
    assert len(parse_errors(100, told.replace("Ign:6", "Ign:7"), "")) == 1
