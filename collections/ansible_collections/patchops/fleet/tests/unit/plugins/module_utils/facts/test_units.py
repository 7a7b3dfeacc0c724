# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import parse_units

LISTED = """\
proc-sys-fs-binfmt_misc.automount loaded active waiting Arbitrary Executable File Formats
mnt-data.mount                    loaded failed failed /mnt/data
cron.service                      loaded active running Regular background program processing daemon
emergency.service                 loaded inactive dead Emergency Shell
nginx.service                     loaded failed failed A high performance web server
auditd.service                    not-found inactive dead auditd.service
networking.service                loaded active exited Raise network interfaces
apt-daily.timer                   loaded active waiting Daily apt download activities
"""


def test_failed_units_of_any_type_and_running_services_are_listed() -> None:
    assert parse_units(LISTED) == {
        "failed": ["mnt-data.mount", "nginx.service"],
        "running": ["cron.service"],
    }


def test_a_host_on_which_nothing_failed_lists_nothing() -> None:
    assert parse_units("") == {"failed": [], "running": []}
