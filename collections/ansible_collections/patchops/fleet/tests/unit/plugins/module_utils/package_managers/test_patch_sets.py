# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.patch_sets import check_members

MEMBER = {"name": "bash", "arch": "x86_64", "version": "2-1", "sha256": "aa"}


CHANGE = Change("bash", "x86_64", Action.UPGRADE, "1-1", "2-1", sha256="aa")


def test_a_plan_of_members_alone_passes() -> None:
    check_members([CHANGE], {"packages": [MEMBER]}, "dnf")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (CHANGE._replace(after="3-1"), "not_in_patch_set"),
        (CHANGE._replace(name="zlib"), "not_in_patch_set"),
        (CHANGE._replace(action=Action.REMOVE, after=None), "not_in_patch_set"),
        (CHANGE._replace(sha256="bb"), "member_changed"),
    ],
)
def test_anything_else_is_refused(other: Change, code: str) -> None:
    with pytest.raises(DriverError) as caught:
        check_members([other], {"packages": [MEMBER]}, "dnf")
    assert caught.value.code == code
    assert "dnf" in caught.value.message or code == "member_changed"
