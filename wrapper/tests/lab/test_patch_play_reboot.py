# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reboot counts when it is proven, and a host that doesn't come back is lost with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops_lab import faults
from patchops_lab.lab import Lab
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab

RESTARTS_SSHD_ONLY = """\
#!/bin/sh
if [ "$1" = reboot ]; then exec /usr/bin/systemctl restart ssh; fi
exec /usr/bin/systemctl "$@"
"""

# Stopped before sshd is, as the unit of a slow database might be; /tmp goes away under whoever still asks.
GOES_DOWN_SLOWLY = """\
[Unit]
After=ssh.service systemd-user-sessions.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStop=/bin/sh -c 'for i in $$(seq 600); do rm -rf /tmp/ansible_*; sleep 0.01; done'
"""


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("web1", apps=("goodapp",)), HostSpec("web2", apps=("goodapp",)))


@pytest.fixture
def plays(lab: Lab, tmp_path: Path) -> Plays:
    renew(lab)
    return Plays(lab.paths.inventory, tmp_path)


def test_a_reboot_is_proven_by_a_new_boot_id(lab: Lab, plays: Plays) -> None:
    boot = lab.host("web1").boot_id()
    run = plays.run("reboot", hosts="web1", reboot="always")
    reboot = run.host("web1")["reboot"]
    assert run.report["result"] == "done"
    assert reboot["done"]
    assert reboot["boot_id"] == lab.host("web1").boot_id() != boot
    assert run.host("web1")["effective"] == "yes"


def test_a_host_that_goes_down_slowly_under_those_who_ask_is_waited_for(lab: Lab, plays: Plays) -> None:
    host = lab.host("web1")
    host.run("sh", "-c", f"cat > /etc/systemd/system/slow.service <<'EOF'\n{GOES_DOWN_SLOWLY}EOF\n")
    host.run("systemctl", "start", "slow.service")
    run = plays.run("reboot", hosts="web1", reboot="always")
    assert run.report["result"] == "done"
    assert run.host("web1")["reboot"]["done"]


def test_a_host_that_needs_no_reboot_is_left_running(lab: Lab, plays: Plays) -> None:
    boot = lab.host("web1").boot_id()
    run = plays.run("reboot", hosts="web1")
    assert run.report["totals"]["nothing_to_do"] == 1
    assert lab.host("web1").boot_id() == boot


def test_a_login_that_works_again_is_no_reboot(lab: Lab, plays: Plays) -> None:
    host = lab.host("web1")
    host.run("sh", "-c", f"cat > /usr/local/sbin/systemctl <<'EOF'\n{RESTARTS_SSHD_ONLY}EOF\n")
    host.run("chmod", "755", "/usr/local/sbin/systemctl")
    run = plays.run("reboot", hosts="web1", reboot="always", reboot_timeout=15)
    assert run.host("web1")["outcome"]["code"] == "reboot_faked"
    assert run.host("web1")["lost"]


def test_a_host_that_never_comes_back_is_lost_and_the_others_go_on(lab: Lab, plays: Plays) -> None:
    faults.inject(lab, "no-return", "web1")
    run = plays.run(
        "patch",
        hosts="all",
        packages=["lab-goodapp"],
        reboot="always",
        reboot_timeout=20,
        serial=1,
        failure_budget=1,
    )
    faults.clear(lab, "no-return", "web1")
    lost = run.host("web1")["outcome"]
    assert run.classes() == {"web1": "failed", "web2": "ok"}
    assert lost["code"] == "reboot_failed"
    assert "did not come back within" in lost["message"]
    assert "console" in lost["remedy"]


def test_a_unit_that_nobody_enabled_runs_again_after_a_reboot(lab: Lab, plays: Plays) -> None:
    host = lab.host("web1")
    host.run("systemctl", "disable", "lab-goodapp")
    run = plays.run("reboot", hosts="web1", reboot="always")
    assert run.report["result"] == "done"
    assert host.run("systemctl", "is-active", "lab-goodapp").strip() == "active"


def test_a_host_is_not_rebooted_while_its_packages_change(lab: Lab, plays: Plays) -> None:
    host = lab.host("web1")
    plays.run("patch", hosts="web1", packages=["lab-goodapp"])
    journal = host.run("sh", "-c", "ls /var/lib/patchops/transactions/*/journal.jsonl").strip()
    host.run("sed", "-i", r'/"state": "applied"/,$d', journal)
    boot = host.boot_id()
    run = plays.run("reboot", hosts="web1", reboot="always")
    assert run.host("web1")["outcome"]["code"] == "owned_by_another"
    # Who takes the host over does not interrupt a change either.
    run = plays.run("reboot", hosts="web1", reboot="always", take_over="web1")
    assert run.host("web1")["outcome"]["code"] == "transaction_live"
    assert host.boot_id() == boot


def test_a_host_whose_journals_can_not_be_read_is_not_rebooted(lab: Lab, plays: Plays) -> None:
    host = lab.host("web1")
    host.run("mkdir", "-p", "/var/lib/patchops/transactions/damaged")
    host.run("sh", "-c", "echo '{\"seq\": 7}' > /var/lib/patchops/transactions/damaged/journal.jsonl")
    run = plays.run("reboot", hosts="web1", reboot="always")
    assert run.host("web1")["outcome"]["code"] == "transaction_state"
    assert run.classes() == {"web1": "refused"}
