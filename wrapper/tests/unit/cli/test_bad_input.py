# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input ends with exit code 2 and names file, place and remedy, before anything starts."""

from __future__ import annotations

import json

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import seal

from .conftest import Shell


def test_a_missing_inventory_is_named(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "nowhere.yml")

    assert ran.returncode == 2
    assert f"{shell.directory}/nowhere.yml does not exist" in ran.stderr


def test_an_unknown_name_in_the_limit_is_named(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "--limit", "web,wbe")

    assert ran.returncode == 2
    assert "'wbe', which is no host or group" in ran.stderr
    assert not list(shell.data.glob("runs/*"))


def test_a_limit_that_leaves_no_host_is_refused(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "--limit", "web:!web")

    assert ran.returncode == 2
    assert "web:!web" in ran.stderr


def test_a_broken_inventory_is_named_with_the_place(shell: Shell) -> None:
    shell.write("broken.yml", "all:\n  hosts:\n    a: {\n")

    ran = shell.run("scan", "-i", "broken.yml")

    assert ran.returncode == 2
    assert "broken.yml can't be read" in ran.stderr
    assert "line" in ran.stderr or "column" in ran.stderr or "flow" in ran.stderr


@pytest.mark.parametrize("named", ["all", "web", "*", "a*", "~a", "c", "a:b", "!a"])
def test_hosts_are_taken_over_by_their_names_alone(shell: Shell, named: str) -> None:
    ran = shell.run("patch", "-i", "hosts.ini", "--limit", "a", f"--take-over={named}")

    assert ran.returncode == 2
    assert f"--take-over {named!r} names no host of this run" in " ".join(ran.stderr.split())
    assert not list(shell.data.glob("runs/*"))


def test_a_patch_set_that_is_nowhere_is_named(shell: Shell) -> None:
    ran = shell.run("patch", "-i", "hosts.ini", "--limit", "all", "--patch-set", "missing.json")

    assert ran.returncode == 2
    assert "missing.json" in ran.stderr


def test_a_patch_set_without_the_signature_that_the_policy_requires_is_refused(shell: Shell) -> None:
    shell.write("policy.yml", "kind: patchops.policy\nschema: 1\npatch_sets: {allowed_signers: signers}\n")
    shell.write("set.json", json.dumps(seal({}, "2026-11-30T12:00:00Z", "november")))

    ran = shell.run(
        *("patch", "-i", "hosts.ini", "--limit", "all", "--patch-set", "set.json", "--policy", "policy.yml")
    )

    assert ran.returncode == 2
    assert "has no signature" in ran.stderr
    assert not list(shell.data.glob("runs/*"))


def test_ways_to_choose_updates_exclude_one_another(shell: Shell) -> None:
    ran = shell.run("patch", "-i", "hosts.ini", "--limit", "all", "--select", "all", "--package", "openssl")

    assert ran.returncode == 2
    assert "exclude one another" in ran.stderr


def test_a_serial_that_is_no_list_of_sizes_is_refused(shell: Shell) -> None:
    ran = shell.run("patch", "-i", "hosts.ini", "--limit", "all", "--serial", "1,none")

    assert ran.returncode == 2
    assert "1,25%,100%" in ran.stderr


def test_a_variable_to_pass_that_is_not_set_is_refused(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "--pass-env", "NO_SUCH_TOKEN")

    assert ran.returncode == 2
    assert "NO_SUCH_TOKEN" in ran.stderr


def test_a_run_that_is_not_on_record_is_named(shell: Shell) -> None:
    ran = shell.run("report", "20200101-000000-scan-0000")

    assert ran.returncode == 2
    assert "20200101-000000-scan-0000" in ran.stderr
