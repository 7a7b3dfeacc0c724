# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a host answered to what is wrong with it and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from patchops.doctor.findings import Finding, Health
from patchops.doctor.hosts import Answer, HostAnswers, diagnose

DOCUMENT: dict[str, Any] = {
    "engine_version": "0.1.0",
    "python": {"version": "3.11.2"},
    "package_manager": {"name": "apt", "version": "2.6.1"},
    "broken": {"interrupted": False, "packages": []},
    "security_source": {"status": "ok"},
    "space": [{"path": "/var/cache/apt", "purpose": "cache", "free_bytes": 2**34}],
    "other_updaters": [],
}


def healthy(document: dict[str, Any] | None = None, offset: int = 0) -> HostAnswers:
    return HostAnswers(
        probes={
            "login": Answer("ok", {}),
            "become": Answer("ok", {"stdout": "0\r\n"}),
            "python": Answer("ok", {"ping": "pong"}),
            "facts": Answer("ok", {"host": {"clock_offset_seconds": offset}}),
        },
        document=document or DOCUMENT,
    )


def finding(answers: HostAnswers, check: str) -> Finding:
    return next(finding for finding in diagnose("web1", answers) if finding.check == check)


def test_a_healthy_host_is_well_in_every_respect() -> None:
    findings = diagnose("web1", healthy())

    assert {finding.health for finding in findings} == {Health.OK}
    assert [finding.check for finding in findings] == [
        *("login", "become", "python", "engine", "packages", "security source", "clock", "space"),
    ]


@pytest.mark.parametrize(
    ("printed", "code", "remedy"),
    [
        ("ssh: connect to host web1 port 22: Connection refused", "connection_refused", "sshd"),
        (
            "ssh: Could not resolve hostname web1: Name or service not known",
            "name_unresolved",
            "ansible_host",
        ),
        ("Host key verification failed.", "host_key_unknown", "known_hosts"),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", "host_key_changed", "ssh-keygen -R"),
        ("admin@web1: Permission denied (publickey,password).", "authentication_failed", "ansible_user"),
    ],
)
def test_a_login_that_fails_is_told_with_its_cause_and_remedy(printed: str, code: str, remedy: str) -> None:
    answers = HostAnswers({"login": Answer("unreachable", {"msg": printed})})

    found = finding(answers, "login")
    assert found.health is Health.FAIL
    assert found.detail.startswith(f"{code}:")
    assert remedy in found.remedy


def test_what_could_not_be_asked_is_unknown_not_well() -> None:
    answers = HostAnswers({"login": Answer("unreachable", {"msg": "Connection refused"})})

    assert finding(answers, "become").health is Health.UNKNOWN
    assert finding(answers, "python").health is Health.UNKNOWN


def test_a_wrong_sudo_password_is_told() -> None:
    answers = healthy()
    answers.probes["become"] = Answer("failed", {"msg": "Incorrect sudo password"})

    assert "become_failed" in finding(answers, "become").detail


def test_becoming_somebody_else_than_root_is_told() -> None:
    answers = healthy()
    answers.probes["become"] = Answer("ok", {"stdout": "1000\r\n"})

    assert finding(answers, "become").health is Health.FAIL


def test_a_host_without_python_is_told() -> None:
    answers = healthy()
    answers.probes["python"] = Answer("failed", {"module_stderr": "/bin/sh: 1: /usr/bin/python3: not found"})
    answers.document = None
    del answers.probes["facts"]

    assert "python_missing" in finding(answers, "python").detail
    assert finding(answers, "facts").health is Health.UNKNOWN


def test_an_interrupted_dpkg_is_told() -> None:
    broken = {"interrupted": True, "packages": [], "reason": "dpkg was interrupted"}

    assert finding(healthy(DOCUMENT | {"broken": broken}), "packages").health is Health.FAIL


def test_a_host_without_security_updates_is_warned_of() -> None:
    document = DOCUMENT | {"security_source": {"status": "absent", "reason": "none is enabled"}}

    found = finding(healthy(document), "security source")
    assert (found.health, found.detail) == (Health.WARN, "absent: none is enabled")


@pytest.mark.parametrize(("offset", "words"), [(400, "400 s ahead of"), (-90, "90 s behind")])
def test_a_clock_that_is_off_is_told(offset: int, words: str) -> None:
    assert words in finding(healthy(offset=offset), "clock").detail


def test_a_tight_file_system_is_told() -> None:
    document = DOCUMENT | {"space": [{"path": "/boot", "purpose": "boot", "free_bytes": 2**20}]}

    assert finding(healthy(document), "space").detail == "/boot (boot) has 1 MiB free"


def test_an_updater_of_the_hosts_own_is_told() -> None:
    document = DOCUMENT | {"other_updaters": [{"name": "unattended-upgrades", "enabled": True}]}

    assert finding(healthy(document), "other updaters").health is Health.WARN


def test_another_engine_on_the_way_is_told() -> None:
    assert finding(healthy(DOCUMENT | {"engine_version": "0.0.9"}), "engine").health is Health.FAIL
