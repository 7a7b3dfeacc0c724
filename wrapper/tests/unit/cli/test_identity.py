# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs find each other by their inventory and hosts, however the command line writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from patchops.runner.process import AttemptFiles
from patchops.runner.process import end as end_playbook

from .conftest import Shell, end

OTHERS = "[web]\nc ansible_connection=local\n"


def folder(shell: Shell, name: str, hosts: str) -> Shell:
    """A shell in a folder of its own with a hosts.ini, on the same data directory."""
    path = shell.directory / name
    path.mkdir()
    (path / "hosts.ini").write_text(hosts, encoding="utf-8")
    return InFolder(path, shell.started, shell.data)


class InFolder(Shell):
    """Shares the data directory of another shell."""

    def __init__(self, directory: Path, started: list[Any], data: Path) -> None:
        super().__init__(directory, started)
        self._shared = data

    @property
    def data(self) -> Path:
        return self._shared


def patch(shell: Shell, seconds: float, *inventories: str) -> list[str]:
    given = [word for inventory in inventories or ("hosts.ini",) for word in ("-i", inventory)]
    return ["patch", *given, "--limit", "all", "-e", shell.variables(standin_seconds=seconds)]


def kill_in_the_middle(shell: Shell) -> None:
    process = shell.start(*patch(shell, 300))
    shell.wait_for_calls(1)
    process.kill()
    process.communicate()


def runs(shell: Shell) -> list[tuple[str, int]]:
    told = json.loads(shell.run("status", "--query", "runs").stdout)
    return [(run["status"], run["attempts"]) for run in told]


def test_the_same_words_in_another_folder_do_not_take_the_run_up(shell: Shell) -> None:
    one = folder(shell, "one", "[web]\na ansible_connection=local\nb ansible_connection=local\n")
    other = folder(shell, "other", OTHERS)
    kill_in_the_middle(one)

    elsewhere = other.run(*patch(other, 0))
    assert "taken up again" not in elsewhere.stderr
    assert elsewhere.returncode == 0, elsewhere.stderr

    again = one.run(*patch(one, 0))
    assert "taken up again" in again.stderr
    assert again.returncode == 0, again.stderr
    assert sorted(runs(one)) == [("done", 1), ("done", 2)]


def test_a_run_is_taken_up_by_any_host_in_common_though_the_command_differs(shell: Shell) -> None:
    kill_in_the_middle(shell)

    again = shell.run(*patch(shell, 0, "../" + shell.directory.name + "/hosts.ini"), "--select", "all")

    assert "taken up again" in again.stderr
    assert runs(shell) == [("done", 2)]


def test_a_host_that_was_left_unfinished_keeps_its_run_open(shell: Shell) -> None:
    kill_in_the_middle(shell)
    only_b = patch(shell, 0)
    only_b[only_b.index("all")] = "b"

    shell.run(*only_b)
    assert runs(shell) == [("interrupted", 2)]

    shell.run(*patch(shell, 0))
    assert runs(shell) == [("done", 3)]


def test_the_fence_compares_hosts_and_not_the_words_of_the_command(shell: Shell) -> None:
    shell.write("extra.ini", OTHERS)
    process = shell.start(*patch(shell, 300))
    shell.wait_for_calls(1)

    written_otherwise = shell.run(*patch(shell, 0, f"../{shell.directory.name}/hosts.ini"))
    overlapping = shell.run(*patch(shell, 0, "hosts.ini", "extra.ini"))
    end(process)

    assert (written_otherwise.returncode, overlapping.returncode) == (3, 3)
    assert "is still going on" in written_otherwise.stderr
    assert "is still going on" in overlapping.stderr


def test_hosts_of_one_name_are_told_apart_in_the_status(shell: Shell) -> None:
    shell.write("other.ini", "a ansible_connection=local\n")
    shell.run("scan", "-i", "hosts.ini")
    shell.run("scan", "-i", "other.ini", "--inventory-name", "staging")

    printed = shell.run("status").stdout

    assert "a@staging" in printed
    assert f"a@{shell.directory}/hosts.ini" in printed
    assert "\nb " in printed
    one = json.loads(shell.run("status", "a@staging", "--json").stdout)
    assert [host["inventory"] for host in one["hosts"]] == ["staging"]


def test_an_inventory_has_the_name_that_its_variables_give_it(shell: Shell) -> None:
    shell.write("named.ini", "a ansible_connection=local\n[all:vars]\npatchops_inventory=prod\n")
    shell.run("scan", "-i", "named.ini")
    shell.run("scan", "-i", "hosts.ini", "--limit", "a", "-e", "patchops_inventory=prod")

    hosts = json.loads(shell.run("status", "--query", "hosts").stdout)
    assert [(host["name"], host["inventory"]) for host in hosts] == [("a", "prod")]


def test_a_name_that_can_not_be_one_is_refused(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "--inventory-name", "/prod")

    assert ran.returncode == 2
    assert "patchops_inventory is '/prod'" in ran.stderr


@pytest.mark.parametrize(
    "passed",
    [
        ["-e", "patchops_inventory=prod"],
        ["-epatchops_inventory=prod"],
        ["--extra-vars", '{"patchops_inventory": "prod"}'],
        ["--extra=patchops_inventory=prod"],
        ["-ve", "@named.yml"],
    ],
    ids=lambda passed: " ".join(passed),
)
def test_a_name_that_is_passed_through_names_the_run_on_record(shell: Shell, passed: list[str]) -> None:
    shell.write("named.yml", "patchops_inventory: prod\n")
    ran = shell.run(*patch(shell, 0), "--", *passed)
    assert ran.returncode == 0, ran.stderr
    assert inventories(shell) == {"prod"}


def test_the_number_of_an_inventory_of_awx_names_the_run_on_record(shell: Shell) -> None:
    environment = {"AWX_HOST": "https://AWX.example/"}
    ran = shell.run(
        *patch(shell, 0), "--pass-env", "AWX_HOST", "--", "-e", "awx_inventory_id=7", **environment
    )
    assert ran.returncode == 0, ran.stderr
    assert inventories(shell) == {"https://awx.example/#/inventories/7"}


def test_two_names_for_one_inventory_are_refused(shell: Shell) -> None:
    ran = shell.run(*patch(shell, 0), "--inventory-name", "prod", "--", "-e", "patchops_inventory=other")
    assert ran.returncode == 2
    assert "'prod' by --inventory-name and 'other' by -e" in ran.stderr


@pytest.mark.parametrize(
    ("variable", "instead"),
    [
        ("patchops_hosts=all", "--limit"),
        ("patchops_run_id=x", "id of its own"),
        ("patchops_drain_file=/x", "Ctrl-C"),
    ],
)
def test_no_variable_makes_a_run_another_than_the_one_on_record(
    shell: Shell, variable: str, instead: str
) -> None:
    for given in (["-e", variable], ["--", "-e", variable]):
        ran = shell.run(*patch(shell, 0), *given)
        assert ran.returncode == 2
        assert f"-e sets {variable.partition('=')[0]}, which is for patchops to set" in ran.stderr
        assert instead in ran.stderr
    assert not shell.calls.exists()


def end_orphans(shell: Shell) -> None:
    for folder in shell.data.glob("runs/*/attempt-*"):
        assert end_playbook(AttemptFiles(folder))


def inventories(shell: Shell) -> set[str]:
    return set(json.loads(shell.run("status", "--query", "hosts[].inventory").stdout))


def test_an_interrupted_run_is_closed_by_a_person(shell: Shell) -> None:
    kill_in_the_middle(shell)
    (run_id,) = json.loads(shell.run("status", "--query", "runs[].run_id").stdout)
    end_orphans(shell)

    closed = shell.run("close", run_id, "--reason", "the hosts are replaced")
    assert closed.returncode == 0, closed.stderr
    assert "left unfinished: a, b" in closed.stdout
    assert runs(shell) == [("closed", 1)]

    again = shell.run(*patch(shell, 0))
    assert "taken up again" not in again.stderr
    assert sorted(runs(shell)) == [("closed", 1), ("done", 1)]
    refused = shell.run("close", run_id, "--reason", "once more")
    assert (refused.returncode, "is closed: only" in refused.stderr) == (2, True)


def test_a_run_that_goes_on_is_not_closed(shell: Shell) -> None:
    process = shell.start(*patch(shell, 300))
    shell.wait_for_calls(1)
    (run_id,) = json.loads(shell.run("status", "--query", "runs[].run_id").stdout)
    refused = shell.run("close", run_id, "--reason", "why not")
    assert (refused.returncode, "still going on" in refused.stderr) == (3, True)
    process.kill()
    process.communicate()
    refused = shell.run("close", run_id, "--reason", "its playbook lives")
    assert (refused.returncode, "still going on" in refused.stderr) == (3, True)
    end_orphans(shell)


def test_an_unknown_run_is_not_closed(shell: Shell) -> None:
    refused = shell.run("close", "nothing", "--reason", "why")
    assert (refused.returncode, "No run 'nothing'" in refused.stderr) == (2, True)
