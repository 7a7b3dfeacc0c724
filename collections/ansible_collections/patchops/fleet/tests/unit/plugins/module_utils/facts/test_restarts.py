# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.facts.restarts import (
    group_by_unit,
    in_container_of_host,
    replaced_files,
)

MAPS = """\
55d0-55d1 r--p 00000000 fe:01 1311 /usr/sbin/nginx (deleted)
55d1-55d2 r-xp 00001000 fe:01 1311 /usr/sbin/nginx (deleted)
7f01-7f02 r-xp 00000000 fe:01 1312 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f03-7f04 r-xp 00000000 fe:01 1313 /usr/lib/x86_64-linux-gnu/libz.so.1.2.13.dpkg-new (deleted)
7f05-7f06 r-xp 00000000 fe:01 1314 /usr/lib/x86_64-linux-gnu/libc.so.6
7f07-7f08 rw-p 00000000 fe:01 1315 /var/lib/db/data (deleted)
7f09-7f0a rwxp 00000000 00:05 1316 /memfd:jit (deleted)
7f0b-7f0c r-xp 00000000 00:05 1317 /tmp/.plugin.so (deleted)
7fff-8000 r-xp 00000000 00:00 0    [vdso]
"""


def test_only_executed_files_that_packages_bring_count() -> None:
    assert replaced_files(MAPS) == {
        "/usr/sbin/nginx",
        "/usr/lib/x86_64-linux-gnu/libssl.so.3",
        "/usr/lib/x86_64-linux-gnu/libz.so.1.2.13",
    }


def test_processes_are_grouped_by_their_unit() -> None:
    stale = [
        {"unit": None, "pid": 9, "files": {"/usr/bin/screen"}},
        {"unit": "nginx.service", "pid": 11, "files": {"/usr/sbin/nginx"}},
        {"unit": "nginx.service", "pid": 10, "files": {"/usr/sbin/nginx", "/usr/lib/libssl.so.3"}},
    ]
    assert group_by_unit(stale) == [
        {
            "unit": "nginx.service",
            "processes": [10, 11],
            "files": ["/usr/lib/libssl.so.3", "/usr/sbin/nginx"],
        },
        {"unit": None, "processes": [9], "files": ["/usr/bin/screen"]},
    ]


def test_a_process_with_a_namespace_of_its_own_belongs_to_a_container() -> None:
    assert in_container_of_host("Name:\tsh\nNSpid:\t4711\t1\n")
    assert not in_container_of_host("Name:\tsh\nNSpid:\t4711\n")
