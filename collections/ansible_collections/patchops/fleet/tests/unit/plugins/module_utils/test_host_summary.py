# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.host_summary import (
    decisive_facts,
    platform_of,
    summarize,
)

OS = {"id": "debian", "version_id": "12", "arch": "amd64"}


def document(**changes: Any) -> dict[str, Any]:
    return {
        "subsets": ["os"],
        "os": OS,
        "updates": [{"security": True}, {"security": False}],
        "security_source": {"status": "ok", "reason": "", "repositories": ["x"]},
        "broken": {"interrupted": False, "packages": [], "reason": None},
        "reboot": {"required": False, "reasons": []},
        "errors": [],
        **changes,
    }


def test_a_sound_host_is_summed_up_by_its_updates() -> None:
    assert summarize(document()) == "2 updates pending, 1 of them for security"


def test_a_host_whose_security_source_fails_is_never_called_clean() -> None:
    source = {"status": "absent", "reason": "no repository carries them", "repositories": []}
    assert summarize(document(updates=[], security_source=source)) == (
        "0 updates pending, 0 of them for security; "
        "more may be missing, the security source is absent: no repository carries them"
    )


def test_a_host_that_is_frozen_on_purpose_says_of_when_it_is_and_why() -> None:
    frozen = {"until": "2027-01-31", "reason": "content view 12"}
    source = {"status": "ok", "reason": "", "repositories": ["x"], "as_of": "2026-10-01T08:00:00Z"}
    assert summarize(document(updates=[], security_source={**source, "frozen": frozen})) == (
        "0 updates pending, 0 of them for security; as of 2026-10-01: "
        "the security repositories are frozen on purpose until 2027-01-31 (content view 12)"
    )


def test_a_repository_that_only_calls_itself_the_security_archive_is_named() -> None:
    source = {"status": "ok", "reason": "", "repositories": ["x"], "not_believed": ["http://evil/ x/main"]}
    assert "its key is another: http://evil/ x/main" in summarize(document(security_source=source))


def test_everything_that_matters_is_in_the_line() -> None:
    line = summarize(
        document(
            broken={"interrupted": True, "packages": [], "reason": "dpkg was interrupted at: openssl"},
            reboot={"required": True, "reasons": []},
            errors=[{"subset": "units", "code": "unreadable", "message": ""}],
        )
    )
    assert line.endswith("; dpkg was interrupted at: openssl; reboot required; not read: units")


def test_a_document_without_updates_names_what_was_collected() -> None:
    assert summarize({"subsets": ["boot", "os"], "errors": []}) == "collected: boot, os"


def test_what_could_not_be_read_is_null_among_the_decisive_facts() -> None:
    facts = decisive_facts(document(updates=None, broken=None))
    assert (facts["pending"], facts["interrupted"]) == (None, None)


@pytest.mark.parametrize(("ok", "refreshed"), [(True, True), (False, False), (None, False)])
def test_only_a_refresh_without_a_complaint_counts(ok: Any, refreshed: bool) -> None:
    facts = decisive_facts(document(refresh={"at": None, "ok": ok, "errors": []}))
    assert facts["refreshed"] is refreshed


def test_the_platform_is_distribution_version_and_architecture() -> None:
    assert platform_of({"os": OS}) == "debian-12-amd64"


def test_a_release_without_a_version_has_no_platform() -> None:
    assert platform_of({"os": {**OS, "version_id": None}}) is None
    assert platform_of({"os": None}) is None


def test_a_repository_that_could_not_be_read_is_in_the_line() -> None:
    refresh = {"at": None, "ok": False, "errors": [{"repository": "http://v/ stable", "message": "503"}]}
    line = summarize(document(updates=[], refresh=refresh))
    assert line.endswith("; more may be missing, http://v/ stable could not be read: 503")
