# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is particular to hosts with pacman; test_conformance.py has what every driver promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patchops_lab.distributions import pacman_apps
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .calls import code_of, scan, transact

pytestmark = pytest.mark.lab

APPS = ("confapp", "goodapp", "libuser", "needsnew", "oldname", "pusher", "webapp")
LOCK = "/var/lib/pacman/db.lck"
IN_THE_WAY = "/usr/share/lab-newcomer/version"
# The same file, from a package of the administrator's own.
OWNED = f"""
set -e
mkdir -p /root/own/usr/share/lab-newcomer && cd /root/own
mv {IN_THE_WAY} .{IN_THE_WAY}
printf 'pkgname = lab-other\npkgver = 1-1\narch = any\n' > .PKGINFO
bsdtar -cJf /root/lab-other-1-1-any.pkg.tar.xz .PKGINFO usr
sed 's/^LocalFileSigLevel.*//; s/^SigLevel.*/SigLevel = Never/' /etc/pacman.conf > /root/pacman.conf
pacman -U --noconfirm --config /root/pacman.conf /root/lab-other-1-1-any.pkg.tar.xz
"""


@pytest.fixture(scope="module")
def arch_lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("a1", "arch", kernel=True, apps=APPS))


@pytest.fixture
def host(arch_lab: Lab) -> LabHost:
    renew(arch_lab)
    return arch_lab.host("a1")


def etc(host: LabHost) -> str:
    return host.run("sh", "-c", "find /etc -xdev -type f -exec sha256sum {} + | sort -k 2")


def test_a_scan_leaves_pacmans_own_lists_alone_and_tells_what_is_not_known(
    arch_lab: Lab, host: LabHost
) -> None:
    found = scan(arch_lab, "a1")
    assert code_of(found) == "collected", found
    assert found["host"]["platform"].startswith("arch-rolling-")
    assert found["host"]["os"]["support"]["status"] == "supported"
    assert found["host"]["pending"] == {"total": len(APPS) + 1, "security": 0, "kept_back": 0}
    assert found["host"]["security_source"]["status"] == "absent"
    assert host.try_run("test", "-e", "/var/lib/pacman/sync").returncode != 0
    refused = transact(arch_lab, "a1", state="applied", select="security")
    assert code_of(refused) == "security_unknown"
    assert "select: all" in refused["outcome"]["remedy"]


def test_the_whole_host_is_upgraded_and_goes_back_to_the_last_byte(arch_lab: Lab, host: LabHost) -> None:
    host.run("pacman", "-Sy")
    before, files = host.packages(), etc(host)
    host.run("pacman", "-D", "--asdeps", "lab-goodapp")
    reasons = host.run("pacman", "-Qqe")

    assert code_of(transact(arch_lab, "a1", state="applied", select="all")) == "snapshot_missing"
    rule = {"packages": ["linux"], "class": "revertible", "reason": "it boots from the network"}
    applied = transact(arch_lab, "a1", state="applied", select="all", way_back_classes=[rule])
    assert code_of(applied) == "applied", applied["outcome"]
    changes = {(one["name"], one["action"]) for one in applied["plan"]["packages"]}
    assert {("lab-oldname", "remove"), ("lab-newname", "install"), ("linux", "upgrade")} <= changes
    held = {one["name"]: one["reason"] for one in applied["plan"]["held"]}
    assert held["lab-pusher"] == "needs the removal of lab-pushed"
    assert ("linux", pacman_apps.NEW_KERNEL, pacman_apps.CATALOGUE.arch_of("linux")) in host.packages()
    assert host.read_from_outside("etc/lab-confapp.conf").endswith("edited-by = the administrator\n")
    assert applied["services"]["restarted"] == ["lab-libuser.service"]
    asks = run_module(arch_lab, "a1", "host_info", {"refresh": False})
    assert "linux" in str(asks["host"]["reboot"]["reasons"]), asks

    reverted = transact(arch_lab, "a1", state="reverted")
    assert code_of(reverted) == "taken_back", reverted["outcome"]
    assert host.packages() == before
    assert host.run("pacman", "-Qqe") == reasons
    assert "IgnorePkg = lab-confapp" in host.read_from_outside("etc/pacman.conf")
    assert code_of(transact(arch_lab, "a1", state="committed")) == "committed"
    assert etc(host) == files


def test_a_removal_is_made_when_it_was_allowed(arch_lab: Lab, host: LabHost) -> None:
    before = host.packages()
    assert code_of(transact(arch_lab, "a1", state="applied", packages=["lab-pusher"])) == "removals_needed"
    applied = transact(arch_lab, "a1", state="applied", packages=["lab-pusher"], allow_removals=True)
    assert code_of(applied) == "applied", applied["outcome"]
    assert ("lab-pushed", pacman_apps.OLD, "any") not in host.packages()
    assert code_of(transact(arch_lab, "a1", state="reverted")) == "taken_back"
    assert host.packages() == before


def test_the_lock_of_somebody_elses_pacman_is_waited_for_and_stays(arch_lab: Lab, host: LabHost) -> None:
    host.run("touch", LOCK)
    left = transact(arch_lab, "a1", state="applied", packages=["lab-goodapp"])
    assert code_of(left) == "interrupted_packages", left["outcome"]
    assert LOCK in left["outcome"]["message"]
    host.run("rm", LOCK)
    hold = ["systemd-run", "-q", "--collect", "--unit=holder", "sh", "-c", f"exec 9> {LOCK}; sleep 600"]
    host.run(*hold)
    host.run("sh", "-c", f"until [ -e {LOCK} ]; do sleep 0.1; done")
    held = transact(arch_lab, "a1", state="applied", packages=["lab-goodapp"], lock_timeout=1)
    assert code_of(held) == "lock_held", held["outcome"]
    assert host.try_run("test", "-e", LOCK).returncode == 0


def test_a_file_that_lies_in_the_way_of_a_package_is_named_and_nothing_was_changed(
    arch_lab: Lab, host: LabHost
) -> None:
    wanted: dict[str, Any] = {"state": "applied", "packages": ["lab-goodapp", "lab-needsnew"]}
    conflict = f"lab-newcomer: {IN_THE_WAY} exists in filesystem"
    host.run("sh", "-c", f"mkdir -p {Path(IN_THE_WAY).parent} && echo mine > {IN_THE_WAY}")
    before = host.packages()
    unowned = transact(arch_lab, "a1", **wanted)
    assert code_of(unowned) == "unsatisfiable", unowned["outcome"]
    assert f"{conflict}. Nothing was changed." in unowned["outcome"]["message"]
    assert (host.packages(), host.run("cat", IN_THE_WAY)) == (before, "mine\n")

    host.run("sh", "-c", OWNED)
    before = host.packages()
    owned = transact(arch_lab, "a1", **wanted)
    assert code_of(owned) == "unsatisfiable", owned["outcome"]
    assert f"{conflict} (owned by lab-other). Nothing was changed." in owned["outcome"]["message"]
    assert host.packages() == before

    host.run("pacman", "-R", "--noconfirm", "lab-other")
    again = transact(arch_lab, "a1", **wanted)
    assert code_of(again) == "applied", again["outcome"]


def test_a_hook_that_fails_is_a_failure_although_pacman_reports_success(arch_lab: Lab, host: LabHost) -> None:
    before = host.packages()
    hook = (
        "[Trigger]\nOperation=Upgrade\nType=Package\nTarget=lab-goodapp\n"
        "[Action]\nDescription=Building an initramfs...\nWhen=PostTransaction\nExec=/bin/false\n"
    )
    host.run("mkdir", "-p", "/etc/pacman.d/hooks")
    host.run("tee", "/etc/pacman.d/hooks/lab.hook", stdin=hook)
    result = transact(arch_lab, "a1", state="applied", packages=["lab-goodapp"])
    assert code_of(result) == "install_taken_back", result["outcome"]
    assert "Building an initramfs" in result["outcome"]["message"]
    assert host.packages() == before


def test_a_package_that_was_cut_off_while_it_was_unpacked_is_put_right(arch_lab: Lab, host: LabHost) -> None:
    staged = transact(arch_lab, "a1", state="staged", packages=["lab-goodapp"])
    assert code_of(staged) == "staged", staged["outcome"]
    before = host.packages()
    assert code_of(transact(arch_lab, "a1", state="applied", packages=["lab-goodapp"])) == "applied"
    # As pacman leaves it when it is killed: the old entry gone, the new one without its description.
    host.run("rm", f"/var/lib/pacman/local/lab-goodapp-{pacman_apps.NEW}/desc")
    host.run("touch", LOCK)
    reverted = transact(arch_lab, "a1", state="reverted", id=staged["transaction"]["id"])
    assert code_of(reverted) in ("interrupted_packages", "external_change"), reverted["outcome"]
    journal = staged["transaction"]["journal"]
    host.run("sed", "-i", '/"state": *"applied"/,$d', journal)
    again = transact(
        arch_lab, "a1", state="applied", id=staged["transaction"]["id"], packages=["lab-goodapp"]
    )
    assert code_of(again) == "applied", again["outcome"]
    assert ("lab-goodapp", pacman_apps.NEW, "any") in host.packages()
    assert host.try_run("test", "-e", LOCK).returncode != 0
    assert code_of(transact(arch_lab, "a1", state="reverted")) == "taken_back"
    assert host.packages() == before


def test_the_playbook_upgrades_a_host_as_a_whole_and_then_no_update_is_missing(
    arch_lab: Lab, host: LabHost, tmp_path: Path
) -> None:
    plays = Plays(arch_lab.paths.inventory, tmp_path)
    boot = host.boot_id()
    host.run("pacman", "-Rn", "--noconfirm", "lab-pusher", "lab-pushed", "lab-webapp")
    patched = plays.run("patch", hosts="a1", select="all", without_snapshot="forward_only")
    entry = patched.host("a1")
    assert patched.report["result"] == "done", patched.output
    assert (entry["outcome"]["code"], entry["pending"]["total"]) == ("verified", 0)
    assert entry["security_source"]["status"] == "ok"
    assert host.boot_id() != boot, "a kernel came"
