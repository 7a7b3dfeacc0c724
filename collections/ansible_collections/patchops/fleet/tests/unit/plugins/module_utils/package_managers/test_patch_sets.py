# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.patch_sets import check_members

MEMBER = {"name": "bash", "arch": "x86_64", "version": "2-1", "sha256": "aa"}


def change(**more: Any) -> dict[str, Any]:
    return {
        "name": "bash",
        "arch": "x86_64",
        "action": "upgrade",
        "from": "1-1",
        "to": "2-1",
        "sha256": "aa",
        **more,
    }


def test_a_plan_of_members_alone_passes() -> None:
    check_members({"packages": [change()]}, {"packages": [MEMBER]}, "dnf")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"to": "3-1"}, "not_in_patch_set"),
        ({"name": "zlib"}, "not_in_patch_set"),
        ({"action": "remove", "to": None}, "not_in_patch_set"),
        ({"sha256": "bb"}, "member_changed"),
    ],
)
def test_anything_else_is_refused(more: dict[str, Any], code: str) -> None:
    with pytest.raises(DriverError) as caught:
        check_members({"packages": [change(**more)]}, {"packages": [MEMBER]}, "dnf")
    assert caught.value.code == code
    assert "dnf" in caught.value.message or code == "member_changed"
