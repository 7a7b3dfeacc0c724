# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import unmarked_security


def repository(error: str | None = None, read_seconds_ago: int | None = 60) -> dict[str, Any]:
    return {"id": "core", "error": error, "read_seconds_ago": read_seconds_ago}


@pytest.mark.parametrize(
    ("repositories", "pending", "status", "reason"),
    [
        ([repository()], 0, "ok", ""),
        ([repository()], 3, "absent", "Arch's repositories don't say which updates mend security holes"),
        ([repository()], None, "unreadable", "what is pending could not be read"),
        ([repository("503")], 0, "unreadable", "core: 503"),
        (
            [repository(), repository(read_seconds_ago=8 * 86400)],
            0,
            "stale",
            "the repositories were last read 8",
        ),
        ([], 0, "absent", "no repository is enabled"),
    ],
)
def test_only_a_host_without_any_pending_update_is_believed_to_miss_none(
    repositories: list[dict[str, Any]], pending: int | None, status: str, reason: str
) -> None:
    judged = unmarked_security.judge(repositories, pending, "Arch")
    assert judged["status"] == status
    assert judged["reason"].startswith(reason)
