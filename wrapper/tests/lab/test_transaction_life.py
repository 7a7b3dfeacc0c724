# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions on real hosts, from the plan to the released way back."""

from typing import Any

import pytest

from patchops_lab import apps, faults
from patchops_lab.hosts import LabHost
from patchops_lab.image_spec import machine_architecture
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

from .evidence import etc

pytestmark = pytest.mark.lab

RELEASES = ("bullseye", "trixie")
# With apt and dpkg, which stay otherwise: to be exactly as before is what is held here.
REVERTIBLE = [{"packages": ["*"], "class": "revertible"}]
EVERYTHING: dict[str, Any] = {"state": "applied", "select": "all", "way_back_classes": REVERTIBLE}
# Written by the scripts of lab-generated.
GENERATED = "/etc/lab-generated.conf"
KERNEL = f"linux-image-cloud-{machine_architecture()}"
STANDING = {apps.package_of(name) for name in apps.STANDING}
GOODAPP: dict[str, Any] = {"state": "applied", "packages": ["lab-goodapp"]}


def transact(lab: Lab, host: str, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run_module(lab, host, "transaction", arguments, check=check)


def planned(result: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["name"], one["to"], one["arch"]) for one in result["plan"]["packages"]}


def replaced(result: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["name"], one["from"], one["arch"]) for one in result["plan"]["packages"]}


def files_that_matter(host: LabHost) -> str:
    places = ["/var/lib/dpkg", "/var/cache/apt/archives", "/var/lib/patchops"]
    return host.try_run("find", *places, "-printf", "%p %T@ %s\n").stdout


def settings(host: LabHost) -> dict[str, str]:
    """What is in /etc, but for the host keys that openssh-server makes where an image came without them."""
    return {path: what for path, what in etc(host).items() if "/ssh_host_" not in path}


def running_units(host: LabHost) -> list[str]:
    listed = host.run(
        "systemctl", "list-units", "--state=running,listening,waiting", "--plain", "--no-legend"
    )
    units = [line.split()[0] for line in listed.splitlines()]
    return sorted(unit for unit in units if not unit.startswith(("session-", "user", "patchops-", "ssh@")))


@pytest.mark.parametrize("release", RELEASES)
def test_everything_is_applied_as_planned_and_taken_back_to_the_byte(fresh_lab: Lab, release: str) -> None:
    host = fresh_lab.host(release)
    host.wait_until_up()
    before, marks, units = host.packages(), host.run("apt-mark", "showauto"), running_units(host)
    former_settings = settings(host)

    applied = transact(fresh_lab, release, **EVERYTHING)
    assert applied["outcome"]["code"] == "applied", applied["outcome"]
    assert applied["changed"] is True
    assert {one["name"] for one in applied["plan"]["packages"]} > STANDING
    assert host.packages() == (before - replaced(applied)) | planned(applied)
    assert host.run("apt-mark", "showauto") == marks

    reverted = transact(fresh_lab, release, state="reverted")
    assert reverted["outcome"]["code"] == "taken_back", reverted["outcome"]
    assert host.packages() == before
    assert host.run("apt-mark", "showauto") == marks
    assert running_units(host) == units
    assert host.run("dpkg", "--audit") == ""
    committed = transact(fresh_lab, release, state="committed")
    assert committed["outcome"]["code"] == "committed", committed["outcome"]
    assert settings(host) == former_settings


def test_everything_but_the_package_manager_is_taken_back(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    host.wait_until_up()
    before, former_settings = host.packages(), settings(host)
    applied = transact(fresh_lab, "bookworm", state="applied", select="all")
    host.run("sh", "-c", f"echo '# mine' >> {GENERATED}; echo mine > /etc/motd")
    staying = {one["name"] for one in applied["way_back"]["forward_only"]}
    assert "firmware-lab" in staying
    after = host.packages()

    reverted = transact(fresh_lab, "bookworm", state="reverted")
    assert reverted["outcome"]["code"] == "taken_back_partly", reverted["outcome"]
    assert {name for name, _version, _arch in host.packages() - before} == staying
    assert host.packages() < before | after
    assert host.run("dpkg", "--audit") == ""
    host.run("apt-get", "check")

    # What was edited meanwhile stays edited, and what scripts of packages had made of it is told.
    assert f"others may have changed them since: {GENERATED}." in reverted["outcome"]["message"]
    assert "# mine\n" in host.run("cat", GENERATED)
    transact(fresh_lab, "bookworm", state="committed")
    now = settings(host)
    assert {path for path in now if now[path] != former_settings.get(path)} == {GENERATED, "/etc/motd"}
    assert set(former_settings) <= set(now)


def test_check_mode_plans_and_touches_nothing(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    before = files_that_matter(host)
    result = transact(fresh_lab, "bookworm", check=True, **GOODAPP)
    assert (result["outcome"]["code"], result["changed"]) == ("planned", True)
    assert planned(result) == {("lab-goodapp", "1.1", "all")}
    assert files_that_matter(host) == before


def test_a_second_run_changes_nothing(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    first = transact(fresh_lab, "bookworm", **GOODAPP)
    journal = host.run("cat", first["transaction"]["journal"])
    second = transact(fresh_lab, "bookworm", **GOODAPP)
    assert (second["outcome"]["code"], second["changed"]) == ("nothing_to_do", False)
    assert second["transaction"] == first["transaction"]
    assert host.run("cat", first["transaction"]["journal"]) == journal


def test_staging_installs_nothing_and_applying_goes_on_from_there(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    before = host.packages()
    staged = transact(fresh_lab, "bookworm", state="staged", packages=["lab-goodapp"])
    assert (staged["outcome"]["code"], host.packages()) == ("staged", before)
    applied = transact(fresh_lab, "bookworm", **GOODAPP)
    assert applied["transaction"]["id"] == staged["transaction"]["id"]
    assert ("lab-goodapp", "1.1", "all") in host.packages()


def test_a_newer_version_that_appears_after_staging_is_not_installed(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    transact(fresh_lab, "bookworm", state="staged", packages=["lab-goodapp"])
    faults.inject(fresh_lab, "newer", "bookworm-security/lab-goodapp")
    host.run("apt-get", "update")
    applied = transact(fresh_lab, "bookworm", **GOODAPP)
    assert applied["outcome"]["code"] == "applied"
    assert ("lab-goodapp", "1.1", "all") in host.packages()


def test_the_hosts_own_updater_does_not_bring_back_what_was_taken_back(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    transact(fresh_lab, "bookworm", **GOODAPP)
    transact(fresh_lab, "bookworm", state="reverted")
    host.run("apt-get", "-y", "upgrade")
    assert ("lab-goodapp", "1.0", "all") in host.packages()

    transact(fresh_lab, "bookworm", state="committed")
    assert host.run("ls", "/etc/apt/preferences.d") == ""
    host.run("apt-get", "-y", "install", "lab-goodapp")
    assert ("lab-goodapp", "1.1", "all") in host.packages()


def test_committing_releases_the_room(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    applied = transact(fresh_lab, "bookworm", **GOODAPP)
    committed = transact(fresh_lab, "bookworm", state="committed")
    assert committed["transaction"]["state"] == "committed"
    directory = applied["transaction"]["journal"].rpartition("/")[0]
    assert host.run("ls", directory).split() == ["journal.jsonl", "plan.json", "request.json", "worker.log"]


def test_a_held_package_and_what_needs_it_leave_the_plan(fresh_lab: Lab) -> None:
    host = fresh_lab.host("trixie")
    applied = transact(fresh_lab, "trixie", **EVERYTHING)
    assert applied["outcome"]["code"] == "applied"
    held = {one["name"]: one["reason"] for one in applied["plan"]["held"]}
    assert held["lab-heldapp"] == "held on the host"
    assert "lab-heldapp" in held["lab-heldback"]
    assert host.run("apt-mark", "showhold").split() == ["lab-heldapp"]


def test_a_kernel_comes_and_goes_while_the_hosts_own_updater_rests(make_lab: MakeLab) -> None:
    lab = make_lab(HostSpec("kernel", kernel=True))
    host = lab.host("kernel")
    timers = ("apt-daily.timer", "apt-daily-upgrade.timer")
    host.run("systemctl", "start", *timers)
    before = host.packages()

    applied = transact(lab, "kernel", state="applied", packages=[KERNEL])
    assert applied["outcome"]["code"] == "applied", applied["outcome"]
    new = {one["name"] for one in applied["plan"]["packages"] if one["action"] == "install"}
    assert any(name.startswith("linux-image-6") for name in new)
    journal = host.run("cat", applied["transaction"]["journal"])
    assert '"event": "inhibited"' in journal
    assert '"event": "released"' in journal
    assert host.run("systemctl", "is-active", *timers).split() == ["active", "active"]

    reverted = transact(lab, "kernel", state="reverted")
    assert reverted["outcome"]["code"] == "taken_back", reverted["outcome"]
    assert host.packages() == before


def test_the_state_of_a_transaction_is_for_root_alone(fresh_lab: Lab) -> None:
    host = fresh_lab.host("bookworm")
    transact(fresh_lab, "bookworm", **GOODAPP)
    assert host.run("find", "/var/lib/patchops", "-type", "f", "-perm", "/077", "-name", "*.json*") == ""
    assert host.run("find", "/var/lib/patchops", "-type", "d", "-perm", "/077") == ""


def test_an_uninstalled_dependency_comes_and_goes_with_its_package(make_lab: MakeLab) -> None:
    lab = make_lab(HostSpec("one", apps=("needsnew",)))
    host = lab.host("one")
    before = host.packages()
    applied = transact(lab, "one", state="applied", packages=["lab-needsnew"])
    assert applied["outcome"]["code"] == "applied", applied["outcome"]
    assert "lab-newcomer" in host.run("apt-mark", "showauto").split()
    reverted = transact(lab, "one", state="reverted")
    assert reverted["outcome"]["code"] == "taken_back", reverted["outcome"]
    assert host.packages() == before
