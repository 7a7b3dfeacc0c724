# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with dnf 5, where it differs from dnf 4: what it knows, what it passes over, what it locks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from patchops_lab import faults
from patchops_lab.distributions import rpm_apps
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.network import MIRROR_NAME
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .calls import document, scan, transact

pytestmark = pytest.mark.lab

APPS = ("goodapp", "libuser", "oldname", "plainapp", "webapp")
GOODAPP: dict[str, Any] = {"state": "applied", "packages": ["lab-goodapp"]}
DEAD = f"""\
[dead]
name=A repository that is away
baseurl=http://patchy:s3cret@{MIRROR_NAME}/away
skip_if_unavailable=1
"""
BINDINGS = "/usr/lib/python3/dist-packages/libdnf5"


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("f1", "fedora42", kernel=True, apps=APPS))


@pytest.fixture
def host(lab: Lab) -> LabHost:
    renew(lab)
    return lab.host("f1")


def test_the_host_document_has_what_dnf5_and_rpm_know_of_packages_and_advisories(
    lab: Lab, host: LabHost
) -> None:
    listed = host.try_run("dnf5", "-q", "-y", "check-upgrade").stdout.split("Obsoleting packages")[0]
    result = scan(lab, "f1")
    kept = document(host)
    jsonschema.Draft202012Validator(json_schema("patchops.host")).validate(kept)
    assert result["outcome"]["code"] == "collected", result["outcome"]
    assert (kept["package_manager"]["name"], kept["errors"]) == ("dnf5", [])
    assert kept["package_manager"]["version"].startswith("5.")
    assert (kept["os"]["support"]["ends"], kept["os"]["support"]["source"]) == ("2026-05-13", "os-release")
    assert {(one["name"], one["version"], one["arch"]) for one in kept["packages"]} == host.packages()
    updates = {one["name"]: one for one in kept["updates"]}
    assert {name for name in updates if f"{name}." in listed} == set(updates) - {"lab-oldname"}
    assert updates["lab-oldname"]["replaced_by"] == "lab-newname"
    assert (updates["lab-goodapp"]["security"], updates["lab-plainapp"]["security"]) == (True, False)
    assert updates["lab-plainapp"]["advisories"][0]["type"] == "bugfix"
    kernel = updates["kernel-core"]["advisories"][0]
    assert (kernel["type"], kernel["severity"], kernel["reboot_suggested"]) == ("security", "Important", True)
    assert [cve[:9] for cve in kernel["cves"]] == ["CVE-2026-"]
    assert (kept["security_source"]["status"], kept["repositories"][0]["signature"]) == ("ok", "metadata")


def test_excluded_and_locked_versions_are_told_as_such_and_stay(lab: Lab, host: LabHost) -> None:
    host.run("sh", "-c", "echo excludepkgs=lab-plainapp >> /etc/dnf/dnf.conf")
    host.run("dnf5", "-q", "-y", "versionlock", "add", "lab-goodapp")
    scan(lab, "f1")
    kept = document(host)
    updates = {one["name"]: one for one in kept["updates"]}
    assert kept["holds"] == ["lab-goodapp"]
    assert (updates["lab-goodapp"]["held"], updates["lab-goodapp"]["blocked"]) == (True, False)
    assert (updates["lab-plainapp"]["held"], updates["lab-plainapp"]["blocked"]) == (False, True)
    assert ("lab-plainapp", rpm_apps.OLD) in {(one["name"], one["version"]) for one in kept["packages"]}
    applied = transact(lab, "f1", state="applied", select="all")
    assert applied["outcome"]["code"] == "applied", applied["outcome"]
    assert {app for app in ("goodapp", "plainapp", "webapp") if _has(host, app, rpm_apps.NEW)} == {"webapp"}


def test_one_repository_that_is_away_is_not_passed_over_and_its_password_not_told(
    lab: Lab, host: LabHost
) -> None:
    host.run("sh", "-c", 'printf %s "$1" > /etc/yum.repos.d/dead.repo', "sh", DEAD)
    lied = host.try_run("dnf5", "-y", "upgrade", "lab-plainapp")
    assert (lied.returncode, _has(host, "plainapp", rpm_apps.NEW)) == (0, True), "dnf5 itself told the truth"
    result = transact(lab, "f1", **GOODAPP)
    assert result["outcome"]["code"] == "repository_unreadable", result["outcome"]
    assert "404" in result["outcome"]["message"]
    scan(lab, "f1")
    kept = document(host)
    assert kept["security_source"]["status"] == "unreadable"
    assert "s3cret" not in json.dumps([result, kept])


def test_a_lock_is_named_and_nothing_of_the_host_changes_before_its_packages_do(
    lab: Lab, host: LabHost
) -> None:
    keys = host.run("rpmkeys", "--list")
    staged = transact(lab, "f1", state="staged", packages=["lab-goodapp"])
    assert staged["outcome"]["code"] == "staged", staged["outcome"]
    assert host.run("rpmkeys", "--list") == keys, "a key was imported"
    faults.inject(lab, "lock", "f1")
    held = transact(lab, "f1", lock_timeout=1, **GOODAPP)
    faults.clear(lab, "lock", "f1")
    assert held["outcome"]["code"] == "lock_held", held["outcome"]
    assert "python3" in held["outcome"]["message"]


def test_a_change_that_waits_for_the_next_boot_comes_first(lab: Lab, host: LabHost) -> None:
    host.run("dnf5", "-q", "-y", "upgrade", "--offline", "lab-plainapp")
    host.run("ln", "-s", "/usr/lib/sysimage/libdnf5/offline", "/system-update")
    refused = transact(lab, "f1", **GOODAPP)
    assert refused["outcome"]["code"] == "interrupted_packages", refused["outcome"]
    assert "dnf5 offline" in refused["outcome"]["remedy"]
    host.run("rm", "/system-update")
    assert transact(lab, "f1", **GOODAPP)["outcome"]["code"] == "applied"


def test_without_the_bindings_the_package_that_brings_them_is_named(lab: Lab, host: LabHost) -> None:
    host.run("mv", BINDINGS, f"{BINDINGS}.away")
    result = transact(lab, "f1", **GOODAPP)
    assert result["outcome"]["code"] == "unsupported_platform", result["outcome"]
    assert "python3-libdnf5" in result["outcome"]["remedy"]


def test_a_kernel_and_a_service_are_patched_rebooted_proven_and_taken_back(
    lab: Lab, host: LabHost, tmp_path: Path
) -> None:
    plays = Plays(lab.paths.inventory, tmp_path)
    before, boot = host.packages(), host.boot_id()
    patched = plays.run("patch", hosts="f1", packages=["kernel-core", "lab-goodapp", "lab-library"])
    entry = patched.host("f1")
    assert (entry["outcome"]["class"], entry["effective"]) == ("ok", "yes"), entry["outcome"]
    assert entry["reboot"]["done"] is True
    assert host.boot_id() != boot
    kernels = {version for name, version, _arch in host.packages() if name == rpm_apps.KERNEL}
    assert kernels == {rpm_apps.OLD_KERNEL, rpm_apps.NEW_KERNEL}
    back = plays.run("rollback", hosts="f1")
    assert back.host("f1")["outcome"]["code"] == "taken_back", back.output
    assert host.packages() == before


def _has(host: LabHost, app: str, version: str) -> bool:
    return (f"lab-{app}", version, "noarch") in host.packages()
