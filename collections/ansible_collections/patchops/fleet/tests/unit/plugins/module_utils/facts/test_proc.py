# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import process_ids, unit_of_cgroup


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/ssh.service", "ssh.service"),
        ("0::/init.scope", "init.scope"),
        ("0::/user.slice/user-0.slice/session-3.scope", "session-3.scope"),
        (
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service",
            "user@1000.service",
        ),
        (
            "4:memory:/\n1:name=systemd:/system.slice/system-getty.slice/getty@tty1.service\n0::/",
            "getty@tty1.service",
        ),
        ("0::/", None),
        ("", None),
    ],
)
def test_the_unit_of_a_process_is_read_from_its_cgroup(cgroup: str, unit: str | None) -> None:
    assert unit_of_cgroup(cgroup) == unit


def test_the_running_processes_are_listed() -> None:
    assert os.getpid() in process_ids()
