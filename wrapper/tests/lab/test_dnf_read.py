# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_info says of a host with dnf is what dnf and rpm know, and what can't be learned is said so."""

from __future__ import annotations

import jsonschema
import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from patchops_lab import faults
from patchops_lab.distributions import rpm_apps
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .calls import document, scan

pytestmark = pytest.mark.lab

APPS = ("goodapp", "libuser", "oldname", "plainapp")


@pytest.fixture(scope="module")
def rpm_lab(make_lab: MakeLab) -> Lab:
    other_python = {"ansible_python_interpreter": "/usr/local/bin/python3"}
    return make_lab(
        HostSpec("r1", "rocky9", kernel=True, apps=APPS), HostSpec("r2", "rocky9", variables=other_python)
    )


@pytest.fixture
def host(rpm_lab: Lab) -> LabHost:
    renew(rpm_lab)
    return rpm_lab.host("r1")


def test_packages_and_updates_are_those_that_rpm_and_dnf_know(rpm_lab: Lab, host: LabHost) -> None:
    result = scan(rpm_lab, "r1")
    kept = document(host)
    jsonschema.Draft202012Validator(json_schema("patchops.host")).validate(kept)
    listed = host.try_run("dnf", "-q", "check-update").stdout.split("Obsoleting Packages")[0]
    pending = {line.split()[0].rpartition(".")[0] for line in listed.splitlines() if line.strip()}
    assert result["outcome"]["code"] == "collected", result["outcome"]
    assert (kept["package_manager"]["name"], kept["errors"]) == ("dnf", [])
    assert {(one["name"], one["version"], one["arch"]) for one in kept["packages"]} == host.packages()
    assert {one["name"] for one in kept["updates"] if not one["replaced_by"]} == pending
    assert [(one["name"], one["replaced_by"]) for one in kept["updates"] if one["replaced_by"]] == [
        ("lab-oldname", "lab-newname")
    ]
    assert (kept["security_source"]["status"], kept["repositories"][0]["signature"]) == ("ok", "metadata")


def test_updates_carry_the_advisories_of_the_repository(rpm_lab: Lab, host: LabHost) -> None:
    scan(rpm_lab, "r1")
    updates = {one["name"]: one for one in document(host)["updates"]}
    kernel = updates["kernel-core"]["advisories"][0]
    assert (kernel["type"], kernel["severity"], kernel["reboot_suggested"]) == ("security", "Important", True)
    assert [cve[:9] for cve in kernel["cves"]] == ["CVE-2026-"]
    assert updates["lab-goodapp"]["security"] is True
    assert updates["lab-plainapp"]["security"] is False
    assert updates["lab-plainapp"]["advisories"][0]["type"] == "bugfix"


def test_excluded_and_locked_versions_are_told_as_such(rpm_lab: Lab, host: LabHost) -> None:
    host.run("sed", "-i", "s/^gpgcheck=1/gpgcheck=1\\nexclude=lab-plainapp/", "/etc/dnf/dnf.conf")
    host.run("dnf", "-q", "-y", "versionlock", "add", "lab-goodapp")
    scan(rpm_lab, "r1")
    kept = document(host)
    updates = {one["name"]: one for one in kept["updates"]}
    assert kept["holds"] == ["lab-goodapp"]
    assert (updates["lab-goodapp"]["held"], updates["lab-goodapp"]["blocked"]) == (True, False)
    assert (updates["lab-plainapp"]["held"], updates["lab-plainapp"]["blocked"]) == (False, True)
    assert ("lab-plainapp", rpm_apps.OLD) in {(one["name"], one["version"]) for one in kept["packages"]}


def test_a_dead_repository_is_not_no_updates(rpm_lab: Lab, host: LabHost) -> None:
    faults.inject(rpm_lab, "mirror-error", "503")
    result = scan(rpm_lab, "r1")
    faults.clear(rpm_lab, "mirror-error", "503")
    kept = document(host)
    assert kept["security_source"]["status"] == "unreadable"
    assert kept["refresh"]["ok"] is False
    assert "503" in kept["repositories"][0]["error"]
    assert result["outcome"]["code"] != "nothing_to_do"


def test_replaced_code_and_the_wish_for_a_reboot_are_seen(rpm_lab: Lab, host: LabHost) -> None:
    host.run("dnf", "-q", "-y", "upgrade", "lab-library", "kernel-core")
    scan(rpm_lab, "r1")
    kept = document(host)
    assert [one["unit"] for one in kept["restarts"]] == ["lab-libuser.service"]
    assert kept["restarts"][0]["packages"] == ["lab-library"]
    assert kept["reboot"]["required"] is True
    assert "kernel-core" in kept["reboot"]["reasons"][0]["detail"]
    assert [one["version"] for one in kept["kernel"]["installed"]] == [
        rpm_apps.OLD_KERNEL,
        rpm_apps.NEW_KERNEL,
    ]
    host.reboot()
    scan(rpm_lab, "r1")
    assert document(host)["reboot"]["required"] is False


def test_a_module_whose_python_lacks_the_bindings_asks_one_that_has_them(rpm_lab: Lab) -> None:
    # As where the module runs on a newer Python than the one that the system's dnf uses.
    host = rpm_lab.host("r2")
    script = '#!/bin/sh\\nexec /usr/bin/python3 -S "$@"\\n'
    host.run("sh", "-c", f"printf '{script}' > /usr/local/bin/python3 && chmod 755 /usr/local/bin/python3")
    host.run("sh", "-c", "! /usr/local/bin/python3 -c 'import dnf' 2> /dev/null")
    result = run_module(rpm_lab, "r2", "host_info", {"refresh": True})
    assert result["outcome"]["code"] == "collected"
