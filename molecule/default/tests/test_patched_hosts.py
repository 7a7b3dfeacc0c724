# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts themselves say after two runs of the patch playbook."""

import json

from testinfra.host import Host


def test_no_security_update_is_pending(host: Host) -> None:
    simulated = host.check_output("LC_ALL=C apt-get --simulate dist-upgrade")
    assert [line for line in simulated.splitlines() if line.startswith("Inst ") and "Security" in line] == []


def test_the_package_database_is_whole(host: Host) -> None:
    assert host.check_output("dpkg --audit") == ""


def test_no_unit_failed(host: Host) -> None:
    assert host.check_output("systemctl list-units --state=failed --no-legend --plain") == ""


def test_packages_were_changed_by_one_transaction(host: Host) -> None:
    journals = host.check_output("find /var/lib/patchops/transactions -name journal.jsonl").splitlines()
    entries = [json.loads(line) for name in journals for line in host.file(name).content_string.splitlines()]
    assert [entry["state"] for entry in entries if entry["event"] == "state"].count("applied") == 1


def test_only_root_can_read_what_is_kept_on_the_host(host: Host) -> None:
    directory = host.file("/var/lib/patchops")
    assert (directory.user, directory.mode) == ("root", 0o700)
