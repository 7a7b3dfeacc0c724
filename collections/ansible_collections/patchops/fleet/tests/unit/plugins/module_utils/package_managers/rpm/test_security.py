# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.security import judge


def repository(**more: Any) -> dict[str, Any]:
    read = {"error": None, "expired": False, "read_seconds_ago": 60}
    return {"id": "baseos", "security": True, **read, **more}


def test_a_repository_with_advisories_that_was_just_read_can_be_believed() -> None:
    assert judge([repository()]) == {"status": "ok", "reason": "", "repositories": ["baseos"]}


def test_without_advisories_nobody_can_tell_what_mends_a_hole() -> None:
    assert judge([repository(security=False)])["status"] == "absent"
    assert judge([])["status"] == "absent"


def test_a_repository_that_could_not_be_read_is_not_believed() -> None:
    judged = judge([repository(), repository(id="appstream", error="Status code: 503")])
    assert (judged["status"], judged["reason"]) == ("unreadable", "appstream: Status code: 503")


def test_a_repository_past_its_own_date_is_not_believed() -> None:
    assert judge([repository(error="expired since 2023", expired=True)])["status"] == "expired"


@pytest.mark.parametrize(
    "error", ["Status code: 403 for https://cdn", "Permission to access 'https://updates' denied."]
)
def test_a_refused_subscription_is_told_apart(error: str) -> None:
    assert judge([repository(error=error)])["status"] == "unentitled"


def test_what_was_read_long_ago_is_stale() -> None:
    assert judge([repository(read_seconds_ago=8 * 86400)]) == {
        "status": "stale",
        "reason": "the repositories were last read 8 days ago",
        "repositories": ["baseos"],
    }
