# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads to the hosts from outside."""

import shlex
import subprocess

import yaml

from patchops_lab.inventory import inventory, ssh_config
from patchops_lab.paths import LabPaths
from patchops_lab.state import LabRecord


def _ssh_settings(paths: LabPaths, record: LabRecord, host: str) -> dict[str, str]:
    """What ssh itself makes of the configuration for a host."""
    paths.ssh_config.parent.mkdir(parents=True, exist_ok=True)
    paths.ssh_config.write_text(ssh_config(paths, record))
    done = subprocess.run(
        ["ssh", "-G", "-F", str(paths.ssh_config), host],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


def test_hosts_are_grouped_by_release_and_by_their_own_groups(paths: LabPaths, record: LabRecord) -> None:
    document = yaml.safe_load(inventory(paths, record))
    assert document["all"]["children"] == {
        "bookworm": {"hosts": {"jump": None}},
        "canary": {"hosts": {"jump": None}},
        "trixie": {"hosts": {"db": None}},
    }


def test_a_host_has_its_address_and_its_variables(paths: LabPaths, record: LabRecord) -> None:
    hosts = yaml.safe_load(inventory(paths, record))["all"]["hosts"]
    assert hosts == {"jump": {"ansible_host": "10.99.0.11"}, "db": {"ansible_host": "10.99.0.12", "tier": 1}}


def test_no_password_is_in_the_inventory(paths: LabPaths, record: LabRecord) -> None:
    assert "s3cret" not in inventory(paths, record)


def test_a_path_with_a_space_reaches_ssh_as_one_word(paths: LabPaths, record: LabRecord) -> None:
    variables = yaml.safe_load(inventory(paths, record))["all"]["vars"]
    assert shlex.split(variables["ansible_ssh_common_args"]) == ["-F", str(paths.ssh_config)]


def test_connections_to_hosts_of_other_labs_are_not_shared(paths: LabPaths, record: LabRecord) -> None:
    variables = yaml.safe_load(inventory(paths, record))["all"]["vars"]
    assert variables["ansible_control_path_dir"] == str(paths.ssh_sockets)


def test_ssh_gets_its_connection_from_inside_the_lab(paths: LabPaths, record: LabRecord) -> None:
    settings = _ssh_settings(paths, record, "10.99.0.11")
    assert settings["proxycommand"].startswith(f"nsenter --net={paths.namespace} -- ")
    assert settings["proxyusefdpass"] == "yes"
    assert settings["hostname"] == "10.99.0.11"


def test_ssh_goes_through_the_bastion_and_by_no_other_way(paths: LabPaths, record: LabRecord) -> None:
    settings = _ssh_settings(paths, record, "db")
    assert settings["proxyjump"] == "jump"
    assert "proxycommand" not in settings


def test_host_keys_are_checked_against_those_of_the_lab(paths: LabPaths, record: LabRecord) -> None:
    settings = _ssh_settings(paths, record, "db")
    assert settings["stricthostkeychecking"] == "true"
    assert settings["userknownhostsfile"] == str(paths.known_hosts)


def test_the_key_is_offered_only_to_the_bastion_unasked(paths: LabPaths, record: LabRecord) -> None:
    assert _ssh_settings(paths, record, "jump")["identityfile"] == str(paths.ssh_key)
    assert _ssh_settings(paths, record, "db")["identityfile"] != str(paths.ssh_key)
