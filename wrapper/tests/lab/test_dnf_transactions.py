# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions on a host with dnf: what was planned is what comes, and what was there comes back."""

from __future__ import annotations

from typing import Any

import pytest

from patchops.lab import faults, rpm_apps, rpm_repository
from patchops.lab.hosts import LabHost
from patchops.lab.lab import Lab
from patchops.lab.modules import run_module
from patchops.lab.rpm_repository import Package, RpmRepository
from patchops.lab.spec import HostSpec
from patchops.lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab

APPS = ("failapp", "goodapp", "killapp", "libuser", "needsnew", "oldname", "plainapp", "slowapp", "webapp")
GOODAPP: dict[str, Any] = {"state": "applied", "packages": ["lab-goodapp"]}
MANY = ["kernel-core", "lab-goodapp", "lab-library", "lab-needsnew", "lab-newname"]


@pytest.fixture(scope="module")
def rpm_lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("r1", "rocky9", kernel=True, apps=APPS))


@pytest.fixture
def host(rpm_lab: Lab) -> LabHost:
    repository(rpm_lab).publish(rpm_repository.offered(rpm_apps.APPS, old_gone=False))
    renew(rpm_lab)
    return rpm_lab.host("r1")


def repository(lab: Lab) -> RpmRepository:
    return RpmRepository(lab.paths.repository, lab.paths.signing_home)


def transact(lab: Lab, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run_module(lab, "r1", "transaction", arguments, check=check)


def code_of(result: dict[str, Any]) -> str:
    return f"{result['outcome']['code']}"


def reasons(host: LabHost) -> str:
    """What dnf says is there for its own sake."""
    return host.run("dnf", "-q", "-C", "repoquery", "--userinstalled", "--qf", "%{name}-%{evr}")


def etc(host: LabHost) -> str:
    return host.run("sh", "-c", "find /etc -xdev -type f -exec sha256sum {} + | sort -k 2")


def test_everything_at_once_comes_as_planned_and_goes_back_to_the_same_list(
    rpm_lab: Lab, host: LabHost
) -> None:
    host.run("dnf", "-q", "makecache")
    before, kept, files = host.packages(), reasons(host), etc(host)

    applied = transact(rpm_lab, state="applied", packages=MANY)
    assert code_of(applied) == "applied", applied["outcome"]
    changes = applied["plan"]["packages"]
    assert {(one["name"], one["action"]) for one in changes} == {
        ("kernel-core", "install"),
        ("lab-goodapp", "upgrade"),
        ("lab-library", "upgrade"),
        ("lab-needsnew", "upgrade"),
        ("lab-newcomer", "install"),
        ("lab-newname", "install"),
        ("lab-oldname", "remove"),
    }
    going = {(one["name"], one["from"], one["arch"]) for one in changes}
    coming = {(one["name"], one["to"], one["arch"]) for one in changes if one["to"]}
    assert host.packages() == (before - going) | coming
    assert applied["services"]["restarted"] == ["lab-libuser.service"]
    assert "lab-newname" in reasons(host)
    assert "lab-newcomer" not in reasons(host)

    reverted = transact(rpm_lab, state="reverted")
    assert code_of(reverted) == "taken_back", reverted["outcome"]
    assert host.packages() == before
    assert reasons(host) == kept
    assert host.run("systemctl", "is-active", "lab-goodapp", "lab-libuser").split() == ["active", "active"]

    host.run("dnf", "-q", "-y", "upgrade", *MANY[:3])
    assert host.packages() == before, "the host's own updater brought it back"

    assert code_of(transact(rpm_lab, state="committed")) == "committed"
    assert etc(host) == files
    host.run("dnf", "-q", "-y", "upgrade", "lab-goodapp")
    assert ("lab-goodapp", rpm_apps.NEW, "noarch") in host.packages()


def test_check_mode_changes_nothing_and_a_second_run_neither(rpm_lab: Lab, host: LabHost) -> None:
    before = host.packages()
    assert code_of(transact(rpm_lab, check=True, **GOODAPP)) == "planned"
    assert host.packages() == before
    first = transact(rpm_lab, **GOODAPP)
    second = transact(rpm_lab, **GOODAPP)
    assert (code_of(second), second["changed"]) == ("nothing_to_do", False)
    assert second["transaction"] == first["transaction"]


def test_a_failed_script_is_a_failure_although_dnf_reports_success(rpm_lab: Lab, host: LabHost) -> None:
    before = host.packages()
    result = transact(rpm_lab, state="applied", packages=["lab-failapp"])
    assert code_of(result) == "install_taken_back"
    assert "POSTIN scriptlet in rpm package lab-failapp" in result["outcome"]["message"]
    assert host.packages() == before


def test_a_package_manager_that_is_killed_leaves_the_former_list(rpm_lab: Lab, host: LabHost) -> None:
    before = host.packages()
    result = transact(rpm_lab, state="applied", packages=["lab-killapp"])
    assert code_of(result) == "install_taken_back", result["outcome"]
    assert "killed (signal 9)" in result["outcome"]["message"]
    assert host.packages() == before
    host.run("dnf", "-q", "check")


def test_a_killed_worker_is_taken_over_while_dnf_goes_on(rpm_lab: Lab, host: LabHost) -> None:
    host.run("sh", "-c", "echo 8 > /etc/lab-slowapp.seconds")
    started = transact(rpm_lab, state="applied", packages=["lab-slowapp"], wait=False)
    directory = started["transaction"]["journal"].rpartition("/")[0]
    host.run("sh", "-c", f"until grep -q 'dnf: install' {directory}/worker.log; do sleep 0.2; done; sleep 2")
    host.run("sh", "-c", f"kill -9 $(pgrep -o -f {directory}/payload.zip)")
    result = transact(rpm_lab, state="applied", packages=["lab-slowapp"])
    assert code_of(result) == "applied", result["outcome"]
    assert result["transaction"]["id"] == started["transaction"]["id"]
    assert ("lab-slowapp", rpm_apps.NEW, "noarch") in host.packages()
    assert ("lab-slowapp", rpm_apps.OLD, "noarch") not in host.packages()


def test_a_dead_repository_is_not_nothing_to_do(rpm_lab: Lab, host: LabHost) -> None:
    faults.inject(rpm_lab, "mirror-error", "503")
    result = transact(rpm_lab, **GOODAPP)
    lied = host.try_run("dnf", "-y", "upgrade")
    faults.clear(rpm_lab, "mirror-error", "503")
    assert code_of(result) == "repository_unreadable"
    assert "503" in result["outcome"]["message"]
    assert (lied.returncode, "Nothing to do" in lied.stdout) == (0, True), "dnf itself told the truth"


def test_what_appears_after_staging_is_not_installed(rpm_lab: Lab, host: LabHost) -> None:
    staged = transact(rpm_lab, state="staged", packages=["lab-goodapp"])
    newer = Package("goodapp", "1.2-1.el9")
    repository(rpm_lab).publish([*rpm_repository.offered(rpm_apps.APPS, old_gone=False), newer])
    host.run("dnf", "-q", "makecache", "--refresh")
    applied = transact(rpm_lab, **GOODAPP)
    assert applied["transaction"]["id"] == staged["transaction"]["id"]
    assert ("lab-goodapp", rpm_apps.NEW, "noarch") in host.packages()


def test_without_the_old_version_anywhere_nothing_is_changed(rpm_lab: Lab, host: LabHost) -> None:
    repository(rpm_lab).publish(rpm_repository.offered(rpm_apps.APPS, old_gone=True))
    before = host.packages()
    result = transact(rpm_lab, **GOODAPP)
    assert code_of(result) == "no_way_back", result["outcome"]
    assert host.packages() == before


def test_a_package_that_was_altered_on_the_mirror_is_refused(rpm_lab: Lab, host: LabHost) -> None:
    file = repository(rpm_lab).directory / "Packages" / Package("goodapp", rpm_apps.NEW).file
    content = bytearray(file.read_bytes())
    content[-1] ^= 0xFF
    file.write_bytes(content)
    result = transact(rpm_lab, **GOODAPP)
    file.unlink()
    assert code_of(result) in ("checksum_mismatch", "download_failed"), result["outcome"]
    assert ("lab-goodapp", rpm_apps.OLD, "noarch") in host.packages()


def test_what_nobody_signed_is_refused(rpm_lab: Lab, host: LabHost) -> None:
    package = Package("goodapp", rpm_apps.NEW)
    served = repository(rpm_lab)
    file = served.directory / "Packages" / package.file
    file.write_bytes(rpm_repository.ensure_packages([package])[package].read_bytes())
    served.write_metadata(rpm_repository.offered(rpm_apps.APPS, old_gone=False))
    unsigned_package = transact(rpm_lab, **GOODAPP)
    index = served.directory / "repodata/repomd.xml"
    index.write_text(index.read_text(encoding="utf-8") + "<!-- altered -->\n", encoding="utf-8")
    altered_metadata = transact(rpm_lab, **GOODAPP)
    file.unlink()
    assert code_of(unsigned_package) == "repository_unsigned", unsigned_package["outcome"]
    assert code_of(altered_metadata) == "repository_unsigned", altered_metadata["outcome"]
    assert ("lab-goodapp", rpm_apps.OLD, "noarch") in host.packages()


def test_a_locked_package_leaves_the_plan(rpm_lab: Lab, host: LabHost) -> None:
    host.run("dnf", "-q", "-y", "versionlock", "add", "lab-goodapp")
    result = transact(rpm_lab, check=True, state="applied", select="all")
    assert {"name": "lab-goodapp", "reason": "held on the host"} in result["plan"]["held"]
    assert "lab-goodapp" not in {one["name"] for one in result["plan"]["packages"]}
    assert "kernel-core" in {one["name"] for one in result["plan"]["packages"]}
