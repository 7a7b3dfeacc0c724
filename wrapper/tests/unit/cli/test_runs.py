# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run from the command line to its report, against the stand-in engine."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Shell


def test_a_scan_tells_the_answers_and_leaves_a_report(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini")

    assert ran.returncode == 0, ran.stderr
    assert "2 of 2 hosts have security updates pending." in ran.stdout
    assert "scanned" in ran.stderr
    (page,) = shell.data.glob("runs/*/report.html")
    assert f"Report: {page}" in ran.stdout


def test_json_is_all_that_stdout_gets_and_a_query_filters_it(shell: Shell) -> None:
    whole = shell.run("scan", "-i", "hosts.ini", "--json")
    part = shell.run("scan", "-i", "hosts.ini", "--query", "hosts[].host")

    assert json.loads(whole.stdout)["kind"] == "patchops.report"
    assert json.loads(part.stdout) == ["a", "b"]


def test_a_query_that_is_none_is_refused_before_anything_starts(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "--query", "hosts[")

    assert ran.returncode == 2
    assert "--query" in ran.stderr
    assert not shell.data.exists()


def test_a_limit_narrows_the_run(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "--limit", "web:!b", "--query", "hosts[].host")

    assert json.loads(ran.stdout) == ["a"]


def test_status_and_report_remember_the_last_run(shell: Shell) -> None:
    shell.run("patch", "-i", "hosts.ini", "--limit", "all", "-e", shell.variables())

    status = shell.run("status", "--json")
    report = shell.run("report", "--path")

    state = json.loads(status.stdout)
    assert [host["name"] for host in state["hosts"]] == ["a", "b"]
    assert state["hosts"][0]["transaction_state"] == "applied"
    assert state["runs"][0]["status"] == "done"
    assert Path(report.stdout.strip()).is_file()


def test_patch_wants_to_be_told_which_hosts(shell: Shell) -> None:
    ran = shell.run("patch", "-i", "hosts.ini")

    assert ran.returncode == 2
    assert "--limit all" in ran.stderr


def test_options_of_the_command_line_become_variables_of_the_playbook(shell: Shell) -> None:
    shell.run(
        *("patch", "-i", "hosts.ini", "--limit", "all", "-e", shell.variables()),
        *("--select", "security", "--serial", "1,50%", "--budget", "10%", "--reboot", "never", "--no-seal"),
    )

    (written,) = shell.data.glob("runs/*/attempt-1/variables.json")
    variables = json.loads(written.read_text())
    assert variables["patchops_select"] == "security"
    assert variables["patchops_serial"] == [1, "50%"]
    assert variables["patchops_failure_budget"] == "10%"
    assert variables["patchops_reboot"] == "never"
    assert variables["patchops_seal"] is False
    assert variables["patchops_hosts"] == "all"


def test_hosts_that_are_taken_over_are_named_to_the_playbook(shell: Shell) -> None:
    shell.run(
        *("rollback", "-i", "hosts.ini", "--limit", "all", "-e", shell.variables()),
        *("--take-over", "a,b", "--take-over", "a"),
    )

    (written,) = shell.data.glob("runs/*/attempt-1/variables.json")
    assert json.loads(written.read_text())["patchops_take_over"] == ["a", "b"]


def test_what_was_not_said_is_left_to_the_inventory(shell: Shell) -> None:
    shell.run("patch", "-i", "hosts.ini", "--limit", "all", "-e", shell.variables())

    (written,) = shell.data.glob("runs/*/attempt-1/variables.json")
    assert sorted(json.loads(written.read_text())) == [
        "patchops_document_store",
        "patchops_drain_file",
        "patchops_hosts",
        "patchops_run_id",
    ]


def test_check_mode_reaches_the_playbook(shell: Shell) -> None:
    ran = shell.run(
        *("patch", "-i", "hosts.ini", "--limit", "all", "--check", "-e", shell.variables()),
        *("--query", "check_mode"),
    )

    assert json.loads(ran.stdout) is True


def test_options_after_two_dashes_go_to_ansible(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "--", "--forks", "1", "-e", "standin_result=unknown")

    assert ran.returncode == 5


def test_an_option_that_would_prompt_is_refused(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "--", "--ask-become-pass")

    assert ran.returncode == 2
    assert "before the --" in ran.stderr


def test_a_host_that_failed_gives_exit_code_4(shell: Shell) -> None:
    outcome = {"class": "failed", "code": "install_failed", "message": "dpkg failed", "remedy": "Look at it."}
    ran = shell.run(
        "scan", "-i", "hosts.ini", "-e", shell.variables(standin_hosts={"b": {"outcome": outcome}})
    )

    assert ran.returncode == 4
    assert "dpkg failed" in ran.stdout
    assert "Look at it." in ran.stdout


def test_fail_on_missing_turns_pending_updates_into_exit_code_4(shell: Shell) -> None:
    assert shell.run("scan", "-i", "hosts.ini", "--fail-on", "missing").returncode == 4


def test_a_run_without_a_report_is_unknown_and_gets_one_all_the_same(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "-e", shell.variables(standin_report=False), "--json")

    report = json.loads(ran.stdout)
    assert ran.returncode == 5
    assert report["result"] == "unknown"
    assert [host["outcome"]["class"] for host in report["hosts"]] == ["unknown", "unknown"]


def test_documents_of_another_engine_end_the_run(shell: Shell) -> None:
    ran = shell.run(
        *("patch", "-i", "hosts.ini", "--limit", "all"),
        *("-e", shell.variables(standin_engine="0.0.9", standin_staging=60)),
    )

    assert ran.returncode == 1
    assert "0.0.9" in ran.stderr
    assert not shell.calls.exists()


def test_a_report_of_another_engine_is_refused(shell: Shell) -> None:
    ran = shell.run("scan", "-i", "hosts.ini", "-e", "standin_report_engine=0.0.9")

    assert ran.returncode == 1
    assert "another copy of the collection" in ran.stderr


def test_what_a_host_says_reaches_the_terminal_without_its_escapes(shell: Shell) -> None:
    message = "\u001b[2Jgone [red]not red[/red] \u202etxet\r\nsecond line"
    outcome = {"class": "failed", "code": "x", "message": message, "remedy": message}
    ran = shell.run(
        *("scan", "-i", "hosts.ini", "-e"),
        shell.variables(standin_answer={"message": message}, standin_hosts={"a": {"outcome": outcome}}),
    )

    shown = ran.stdout + ran.stderr
    assert "\u001b[2J" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[2Jgone [red]not red[/red] \\u202etxet second line" in ran.stdout
    assert "\\x1b[2Jgone [red]not red[/red]" in ran.stderr
