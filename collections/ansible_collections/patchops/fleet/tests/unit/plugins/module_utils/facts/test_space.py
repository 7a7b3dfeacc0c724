# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.facts.space import (
    collect_space,
    mount_of,
    mount_points,
)

MOUNTINFO = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 254:2 / /boot rw,relatime shared:2 - ext4 /dev/vda2 rw
31 22 254:3 / /srv/with\\040space rw,relatime shared:3 - ext4 /dev/vda3 rw
"""


def test_mount_points_are_read_with_their_spaces() -> None:
    assert mount_points(MOUNTINFO) == ["/", "/boot", "/srv/with space"]


def test_a_path_lies_on_its_nearest_mount() -> None:
    mounts = ["/", "/boot", "/boot/efi"]
    assert mount_of("/boot/efi/x", mounts) == "/boot/efi"
    assert mount_of("/bootstrap", mounts) == "/"
    assert mount_of("/", mounts) == "/"


def test_room_is_measured_where_a_path_will_be() -> None:
    found = collect_space([{"path": "/var/cache/no/such/directory", "purpose": "cache"}])
    assert [one["purpose"] for one in found] == ["root", "boot", "var", "state", "cache"]
    assert found[-1]["total_bytes"] >= found[-1]["free_bytes"] > 0
