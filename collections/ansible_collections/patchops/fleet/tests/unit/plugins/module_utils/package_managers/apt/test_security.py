# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.security import (
    STALE_SECONDS,
    judge,
)

KEY = "4CB50190207B4758A3F73A796ED0E7B82643E131"
ID = "http://mirror.lab/debian-security/ bookworm-security/main"


def repository(**changes: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "suite": "bookworm-security",
        "origin": "Debian",
        "codename": "bookworm-security",
        "component": "main",
        "security": True,
        "by_distribution": True,
        "signers": [KEY],
        "expired": False,
        "error": None,
        **changes,
    }


def status(*repositories: dict[str, Any], **changes: Any) -> str:
    given: dict[str, Any] = {
        "codename": "bookworm",
        "refresh_errors": [],
        "read_seconds_ago": 60.0,
        **changes,
    }
    return str(judge(list(repositories), **given)["status"])


def test_a_fresh_and_sound_security_repository_can_be_believed() -> None:
    assert judge([repository()], "bookworm", [], 60.0) == {
        "status": "ok",
        "reason": "",
        "repositories": [ID],
        "not_believed": [],
    }


def test_a_host_without_a_security_repository_has_none_to_believe() -> None:
    assert status(repository(security=False)) == "absent"
    assert status() == "absent"


def test_the_security_repository_of_another_release_does_not_count() -> None:
    assert status(repository(suite="bullseye-security", codename="bullseye-security")) == "absent"


def test_a_suite_that_is_named_by_its_standing_counts_by_its_codename() -> None:
    assert status(repository(suite="oldstable-security")) == "ok"


def test_a_repository_that_was_never_read_is_unreadable_and_not_absent() -> None:
    assert status(repository(codename=None, error="it was never read")) == "unreadable"
    assert status(repository(suite="stable-security", codename=None, error="never read")) == "unreadable"


@pytest.mark.parametrize("message", ["401  Unauthorized [IP: 10.0.0.1 80]", "403  Forbidden"])
def test_a_repository_that_asks_for_a_subscription_is_unentitled(message: str) -> None:
    assert status(repository(error=message)) == "unentitled"


def test_an_index_past_its_date_is_expired() -> None:
    assert status(repository(error="its index was valid until yesterday", expired=True)) == "expired"


def test_indexes_that_nobody_refreshed_for_days_are_stale() -> None:
    assert status(repository(), read_seconds_ago=STALE_SECONDS + 1.0) == "stale"


def test_an_error_of_the_refresh_that_names_no_repository_counts_for_all() -> None:
    errors = [{"repository": None, "message": "Could not get lock /var/lib/apt/lists/lock"}]
    assert status(repository(), refresh_errors=errors) == "unreadable"


def test_an_error_of_another_repository_does_not_concern_security() -> None:
    errors = [{"repository": "http://vendor/apt/ stable", "message": "503"}]
    assert status(repository(), refresh_errors=errors) == "ok"


def test_an_ubuntu_release_past_its_support_needs_its_extended_repositories() -> None:
    esm = repository(origin="UbuntuESM", suite="bookworm-infra-security")
    assert status(repository(origin="Ubuntu"), needs_esm=True) == "unentitled"
    assert status(repository(origin="Ubuntu"), esm, needs_esm=True) == "ok"


def test_what_calls_itself_the_security_archive_without_the_distributions_key_is_not_believed() -> None:
    found = judge([repository(by_distribution=False)], "bookworm", [], 60.0)
    assert (found["status"], found["not_believed"]) == ("untrusted", [ID])
    assert f"signed by {KEY}, which is not a key of the distribution" in found["reason"]
    assert "patchops_source_keys" in found["reason"]


@pytest.mark.parametrize("signers", [[], ["A" * 40]])
def test_an_unsigned_one_or_one_that_nothing_could_check_is_not_believed(signers: list[str]) -> None:
    assert status(repository(by_distribution=None, signers=signers)) == "untrusted"


def test_a_key_that_the_administrator_names_is_believed_however_it_is_written() -> None:
    spaced = " ".join(KEY[place : place + 4] for place in range(0, 40, 4)).lower()
    assert status(repository(by_distribution=False), keys=[spaced]) == "ok"
    assert status(repository(by_distribution=False), keys=[KEY[-16:]]) == "untrusted"


def test_a_true_archive_is_believed_beside_one_that_only_calls_itself_so() -> None:
    rogue = repository(id="http://evil/ bookworm-security/main", by_distribution=False)
    found = judge([rogue, repository()], "bookworm", [], 60.0)
    assert (found["status"], found["repositories"]) == ("ok", [ID])
    assert found["not_believed"] == [rogue["id"]]
