# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.machine import (
    classify_virtualization,
    find_fqdn,
)

HOSTS = """\
127.0.0.1 localhost
127.0.1.1 web1.example.com web1 # set by the installer
10.0.0.2  db1 db1-old.example.com
"""


@pytest.mark.parametrize(
    ("printed", "kind", "name"),
    [
        ("none", "host", None),
        ("kvm", "vm", "kvm"),
        ("vmware", "vm", "vmware"),
        ("systemd-nspawn", "container", "systemd-nspawn"),
        ("docker", "container", "docker"),
        ("", "unknown", None),
    ],
)
def test_virtualization_is_classified(printed: str, kind: str, name: str | None) -> None:
    assert classify_virtualization(printed) == {"kind": kind, "type": name}


@pytest.mark.parametrize(
    ("hostname", "expected"),
    [
        ("web1", "web1.example.com"),
        ("web1.example.org", "web1.example.org"),
        ("db1", None),
        ("unknown", None),
    ],
)
def test_the_full_name_comes_from_the_host_itself(hostname: str, expected: str | None) -> None:
    assert find_fqdn(hostname, HOSTS) == expected
