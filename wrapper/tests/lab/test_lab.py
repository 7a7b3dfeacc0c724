# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a lab work like real ones, and are what the lab file asks for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from patchops_lab import apps, archive_day, snapshots
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

pytestmark = pytest.mark.lab
SUDO_PASSWORD = "open sesame"
NONINTERACTIVE = "DEBIAN_FRONTEND=noninteractive"


@pytest.fixture(scope="module")
def varied_lab(make_lab: MakeLab) -> Lab:
    """A host for each thing a lab file can ask for."""
    return make_lab(
        HostSpec("jump", third_party_repo=True),
        HostSpec("behind", bastion="jump", security_repo=False),
        HostSpec("asks", release="bullseye", sudo_password=SUDO_PASSWORD),
        HostSpec("strict", release="trixie", noexec_tmp=True, groups=("canary",)),
        HostSpec("bare", python=False),
        HostSpec("apps", apps=("webapp", "confapp")),
    )


def test_every_release_boots_and_lets_the_user_in(fresh_lab: Lab) -> None:
    names = {host.name: host.ssh("cat", "/etc/hostname").strip() for host in fresh_lab.hosts}
    assert names == {"bullseye": "bullseye", "bookworm": "bookworm", "trixie": "trixie"}


def test_systemd_has_started_everything_on_every_release(fresh_lab: Lab) -> None:
    states = [host.run("systemctl", "is-system-running", "--wait").strip() for host in fresh_lab.hosts]
    assert states == ["running", "running", "running"]


def test_every_release_has_security_updates_pending_on_any_day(fresh_lab: Lab) -> None:
    for host in fresh_lab.hosts:
        host.run("apt-get", "update")
        plan = host.run("apt-get", "--simulate", "dist-upgrade").splitlines()
        offered = {
            line.split()[1] for line in plan if line.startswith("Inst ") and "Debian-Security:" in line
        }
        assert {apps.package_of(name) for name in (*apps.STANDING, "goodapp", "library")} <= offered, (
            host.name
        )


@pytest.mark.parametrize(("day", "least", "most"), [("0", 0, 0), ("1", 1, 1), ("100", 60, 100)])
def test_the_mirror_has_as_many_updates_of_the_archives_own_as_it_is_told(
    make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch, day: str, least: int, most: int
) -> None:
    monkeypatch.setenv(archive_day.VARIABLE, day)
    host = make_lab(HostSpec("one")).host("one")
    host.run("apt-get", "update")
    plan = host.run("apt-get", "--simulate", "dist-upgrade").splitlines()
    offered = {line.split()[1] for line in plan if line.startswith("Inst ")}
    own = {apps.package_of(name) for name in apps.STANDING}
    assert own <= offered
    assert least <= len(offered - own) <= most


def test_a_whole_upgrade_from_the_mirror_works_and_is_seen_from_outside(fresh_lab: Lab) -> None:
    host = fresh_lab.host("trixie")
    before = host.packages()
    host.run("apt-get", "update")
    host.run("env", NONINTERACTIVE, "apt-get", "--yes", "dist-upgrade")
    after = host.packages()
    assert ("lab-goodapp", "1.0", "all") in before
    assert ("lab-goodapp", "1.1", "all") in after
    assert {name for name, _version, _arch in before} <= {name for name, _version, _arch in after}


def test_a_reboot_gives_a_new_boot_id_and_keeps_the_disk(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    before = host.boot_id()
    host.run("touch", "/var/tmp/kept")
    host.reboot()
    assert host.boot_id() != before
    assert host.ssh("ls", "/var/tmp/kept").strip() == "/var/tmp/kept"


def test_a_fresh_host_has_forgotten_everything(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    host.run("touch", "/var/tmp/forgotten")
    host.fresh()
    assert host.try_run("ls", "/var/tmp/forgotten").returncode == 2
    assert host.ssh("id", "-un").strip() == "admin"


def test_a_snapshot_brings_the_disk_back(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    host.run("touch", "/etc/before")
    snapshots.take(host, "one")
    host.run("rm", "/etc/before", "/etc/hostname")
    host.run("touch", "/etc/after")
    snapshots.restore(host, "one")
    assert host.run("ls", "/etc/before", "/etc/hostname").split() == ["/etc/before", "/etc/hostname"]
    assert host.try_run("ls", "/etc/after").returncode == 2
    assert snapshots.labels(host) == ["one"]


def test_an_unknown_snapshot_leaves_the_host_alone(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    starts = host.state().starts
    with pytest.raises(LabError, match=r"no snapshot 'never'.*The host was not touched"):
        snapshots.restore(host, "never")
    assert host.state().starts == starts


def test_a_host_is_stopped_in_good_order_and_read_while_it_is_down(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    before = host.packages()
    host.stop()
    assert host.packages() == before
    assert not host.state().running
    host.start()
    assert host.ssh("id", "-un").strip() == "admin"


def test_ansible_reaches_every_host_from_the_machine_itself(varied_lab: Lab, tmp_path: Path) -> None:
    password = tmp_path / "password.yml"
    password.write_text(f"ansible_become_password: {SUDO_PASSWORD}\n")
    inventory = str(varied_lab.paths.inventory)
    command = [sys.executable, "-m", "ansible", "adhoc", "all:!bare", "-i", inventory, "-e", f"@{password}"]
    done = subprocess.run(
        [*command, "-m", "ping", "-o"],
        env={**os.environ, "ANSIBLE_HOST_KEY_CHECKING": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("| SUCCESS =>") == 5, done.stdout + done.stderr


def test_the_inventory_groups_by_release_and_by_the_lab_file(varied_lab: Lab) -> None:
    inventory = varied_lab.paths.inventory.read_text()
    assert "canary:\n      hosts:\n        strict:" in inventory
    assert "bullseye:\n      hosts:\n        asks:" in inventory
    assert SUDO_PASSWORD not in inventory


def test_a_host_behind_a_bastion_refuses_whoever_comes_directly(varied_lab: Lab) -> None:
    host = varied_lab.host("behind")
    assert host.ssh("id", "-un").strip() == "admin"
    paths = varied_lab.paths
    login = ["ssh", "-F", "none", "-i", str(paths.ssh_key), "-o", "BatchMode=yes"]
    login += ["-o", f"UserKnownHostsFile={paths.known_hosts}", f"admin@{host.address}", "true"]
    done = subprocess.run(
        varied_lab.inside(*login), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert "Permission denied" in done.stderr


def test_a_host_that_shows_another_key_is_refused(varied_lab: Lab) -> None:
    host = varied_lab.host("jump")
    kept = varied_lab.paths.known_hosts.read_text()
    stranger = varied_lab.host("strict").run("cat", "/etc/ssh/ssh_host_ed25519_key")
    host.run("sh", "-c", "cat > /etc/ssh/ssh_host_ed25519_key", stdin=stranger)
    with pytest.raises(LabError, match="Host key verification failed"):
        host.ssh("true")
    assert varied_lab.paths.known_hosts.read_text() == kept
    host.fresh()
    assert host.ssh("id", "-un").strip() == "admin"


def test_sudo_asks_where_the_host_says_so(varied_lab: Lab) -> None:
    with pytest.raises(LabError, match="a password is required"):
        varied_lab.host("asks").ssh("sudo", "-n", "true")
    assert varied_lab.host("strict").ssh("sudo", "-n", "id", "-u").strip() == "0"


def test_nothing_can_be_executed_in_a_noexec_tmp(varied_lab: Lab) -> None:
    make_and_run = "cp /usr/bin/true /tmp/it && /tmp/it"
    assert "Permission denied" in varied_lab.host("strict").try_run("sh", "-c", make_and_run).stderr
    assert varied_lab.host("jump").try_run("sh", "-c", make_and_run).returncode == 0


def test_a_host_without_python_has_none(varied_lab: Lab) -> None:
    assert varied_lab.host("bare").try_run("sh", "-c", "command -v python3").returncode != 0


def test_a_host_without_the_security_suite_is_offered_nothing_of_it(varied_lab: Lab) -> None:
    host = varied_lab.host("behind")
    host.run("apt-get", "update")
    assert "Debian-Security" not in host.run("apt-get", "--simulate", "dist-upgrade")


def test_a_third_party_repository_offers_its_update_under_its_own_name(varied_lab: Lab) -> None:
    host = varied_lab.host("jump")
    host.run("apt-get", "update")
    plan = host.run("apt-get", "--simulate", "dist-upgrade")
    assert "Inst lab-vendortool [1.0] (1.1 Lab Vendor:stable [all])" in plan


def test_the_bad_update_installs_and_then_its_service_fails(varied_lab: Lab) -> None:
    host = varied_lab.host("apps")
    host.fresh()
    assert host.run("systemctl", "is-active", "lab-webapp").strip() == "active"
    host.run("apt-get", "update")
    host.run("apt-get", "--yes", "install", "lab-webapp")
    assert ("lab-webapp", "1.1", "all") in host.packages()
    assert host.try_run("systemctl", "is-active", "lab-webapp").stdout.strip() == "failed"


def test_old_gone_serves_only_the_new_versions(make_lab: MakeLab) -> None:
    host = make_lab(HostSpec("one", apps=("goodapp",)), old_gone=True).host("one")
    host.run("apt-get", "update")
    offered = host.run("apt-cache", "madison", "lab-goodapp", "bash", "tzdata")
    assert [line.split("|")[1].strip() for line in offered.splitlines() if "goodapp" in line] == ["1.1"]
    assert offered.count("tzdata |") == 1
    assert offered.count("bash |") == 1


def test_reboot_required_appears_with_a_new_kernel_and_goes_with_the_reboot(make_lab: MakeLab) -> None:
    host = make_lab(HostSpec("kernel", release="trixie", kernel=True)).host("kernel")
    host.run("apt-get", "update")
    host.run(
        "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes", "install", "linux-image-cloud-amd64"
    )
    assert host.try_run("test", "-e", "/run/reboot-required").returncode == 0
    host.reboot()
    assert host.try_run("test", "-e", "/run/reboot-required").returncode == 1
