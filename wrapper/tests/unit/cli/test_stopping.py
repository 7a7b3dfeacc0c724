# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C, kill -9 and deadlines: what is stopped, what goes on, and that no process is left behind."""

from __future__ import annotations

import json
import signal
import subprocess

from patchops.runner import fence

from .conftest import Shell, end, wait_until


def locks_held(shell: Shell) -> list[str]:
    return [str(lock) for lock in shell.data.glob("runs/*/attempt-*/lock") if fence.held(lock)]


def start_slow_patch(shell: Shell, seconds: float) -> subprocess.Popen[str]:
    process = shell.start(
        *("patch", "-i", "hosts.ini", "--limit", "all", "-e", shell.variables(standin_seconds=seconds))
    )
    shell.wait_for_calls(1)
    return process


def test_the_first_ctrl_c_finishes_the_batch_and_starts_no_further_one(shell: Shell) -> None:
    process = start_slow_patch(shell, 2)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)

    assert process.returncode == 130
    assert "Stopping before the next batch" in err
    assert shell.calls.read_text() == "a\n"
    assert "not started" in out
    assert locks_held(shell) == []


def test_the_second_ctrl_c_names_what_would_be_interrupted_and_the_third_ends_it(shell: Shell) -> None:
    process = start_slow_patch(shell, 300)

    process.send_signal(signal.SIGINT)
    wait_until(lambda: bool(list(shell.data.glob("runs/*/attempt-1/drain"))))
    process.send_signal(signal.SIGINT)
    wait_until(lambda: process.poll() is None)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=300)

    assert process.returncode == 130
    assert "under way on a." in err
    assert "a" in out
    assert locks_held(shell) == []


def test_ctrl_c_ends_a_run_that_changes_nothing_at_once(shell: Shell) -> None:
    shell.write("hosts.ini", "slow ansible_connection=local\n")
    process = shell.start(
        "scan", "-i", "hosts.ini", "-e", "standin_answer=\"{{ lookup('pipe', 'sleep 300') }}\""
    )
    wait_until(lambda: locks_held(shell) != [])

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)

    assert process.returncode == 130
    assert locks_held(shell) == []


def test_a_deadline_ends_the_playbook_and_says_that_the_outcome_is_unknown(shell: Shell) -> None:
    ran = shell.run(
        *("patch", "-i", "hosts.ini", "--limit", "all", "--deadline", "20", "--json"),
        *("-e", shell.variables(standin_seconds=300)),
    )

    report = json.loads(ran.stdout)
    assert ran.returncode == 5
    assert [host["outcome"]["class"] for host in report["hosts"]] == ["unknown", "not_started"]
    assert locks_held(shell) == []


def test_after_kill_9_the_second_call_ends_the_old_playbook_and_takes_its_run_up(shell: Shell) -> None:
    process = start_slow_patch(shell, 300)
    process.kill()
    process.communicate()
    shell.variables(standin_seconds=0)

    second = shell.run(
        *("patch", "-i", "hosts.ini", "--limit", "all", "-e", f"@{shell.directory}/variables.json", "--json")
    )

    runs = json.loads(shell.run("status", "--query", "runs").stdout)
    assert second.returncode == 0, second.stderr
    assert "taken up again" in second.stderr
    assert [(run["status"], run["attempts"]) for run in runs] == [("done", 2)]
    assert locks_held(shell) == []


def test_a_second_patch_of_the_same_hosts_is_refused_while_the_first_goes_on(shell: Shell) -> None:
    process = start_slow_patch(shell, 300)

    second = shell.run("patch", "-i", "hosts.ini", "--limit", "b", "-e", shell.variables())
    going_on = process.poll() is None
    end(process)

    assert second.returncode == 3
    assert "is still going on" in second.stderr
    assert f"pid {process.pid}" in second.stderr
    assert going_on


def test_a_scan_waits_for_nobody(shell: Shell) -> None:
    process = start_slow_patch(shell, 300)

    scan = shell.run("scan", "-i", "hosts.ini")
    end(process)

    assert scan.returncode == 0
