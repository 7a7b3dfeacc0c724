# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with zypper: what it passes over in silence is told, and what it has beside packages stays as it was.

What every package manager's driver promises is in test_conformance.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from patchops_lab.distributions import rpm_apps
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .calls import code_of, document, scan, transact

pytestmark = pytest.mark.lab

APPS = ("failapp", "goodapp", "libuser", "needsnew", "oldname", "plainapp", "pusher", "webapp")
MANY = ["kernel-core", "lab-goodapp", "lab-library", "lab-needsnew", "lab-newname"]
PURGE = "/boot/do_purge_kernels"
REBOOT = "/run/reboot-needed"
# A repository in a directory: published in 2023, and good for a day.
OUTDATED = r"""
mkdir -p /srv/old/repodata && cd /srv/old/repodata
printf '<metadata xmlns="%s" packages="0"/>' http://linux.duke.edu/metadata/common > primary.xml
printf '<suseinfo><expire>86400</expire></suseinfo>' > suseinfo.xml
for kind in primary suseinfo; do
    printf '<data type="%s"><location href="repodata/%s.xml"/>' $kind $kind
    printf '<checksum type="sha256">%s</checksum>' "$(sha256sum $kind.xml | cut -d' ' -f1)"
    printf '<timestamp>1700000000</timestamp></data>'
done > data
printf '<repomd xmlns="%s">%s</repomd>' http://linux.duke.edu/metadata/repo "$(cat data)" > repomd.xml
printf '[old]\nname=Old\nbaseurl=dir:///srv/old\nenabled=1\ngpgcheck=0\n' > /etc/zypp/repos.d/old.repo
zypper --non-interactive refresh
"""
DEAD = "[dead]\\nname=Dead\\nbaseurl=http://user:s3cret@mirror.lab/none\\nenabled=1\\nautorefresh=1\\n"
ZYPPER = ("zypper", "--non-interactive")


@pytest.fixture(scope="module")
def zypper_lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("z1", "sles15", kernel=True, apps=APPS))


@pytest.fixture
def host(zypper_lab: Lab) -> LabHost:
    renew(zypper_lab)
    return zypper_lab.host("z1")


def scanned(host: LabHost, lab: Lab) -> dict[str, Any]:
    """The host's document after a scan that told no failure."""
    result = scan(lab, host.name)
    assert result["outcome"]["class"] in ("ok", "unknown"), result["outcome"]
    return document(host)


def without_questions(host: LabHost) -> None:
    """Take off what `zypper patch` asks about: its patch can't come without a removal."""
    host.run("rpm", "--erase", "lab-pusher")


def names_in_plan(result: dict[str, Any]) -> set[str]:
    return {one["name"] for one in result["plan"]["packages"]}


def test_everything_at_once_comes_as_planned_and_goes_back_to_the_same_list(
    zypper_lab: Lab, host: LabHost
) -> None:
    host.run("touch", PURGE)
    without_questions(host)
    before = host.packages()
    applied = transact(zypper_lab, "z1", state="applied", packages=MANY)
    assert code_of(applied) == "applied", applied["outcome"]
    assert {(one["name"], one["action"]) for one in applied["plan"]["packages"]} == {
        ("kernel-core", "install"),
        ("lab-goodapp", "upgrade"),
        ("lab-library", "upgrade"),
        ("lab-needsnew", "upgrade"),
        ("lab-newcomer", "install"),
        ("lab-newname", "install"),
        ("lab-oldname", "remove"),
    }
    assert applied["services"]["restarted"] == ["lab-libuser.service"]
    assert host.run("sed", "/^#/d", "/var/lib/zypp/AutoInstalled").split() == ["lab-newcomer"]
    host.run("test", "-e", REBOOT)
    assert host.try_run("test", "-e", PURGE).returncode != 0, "the fallback kernel may be purged"

    reverted = transact(zypper_lab, "z1", state="reverted")
    assert code_of(reverted) == "taken_back", reverted["outcome"]
    assert host.packages() == before
    assert host.try_run("test", "-e", REBOOT).returncode != 0, "a reboot is asked for that nothing needs"

    patched = host.try_run(*ZYPPER, "patch", "--with-interactive", "--category", "security", "--dry-run")
    assert patched.returncode == 0, "the locks keep zypper from other patches"
    assert "lab-webapp" in patched.stdout
    assert not set(MANY) & set(patched.stdout.split("going to be upgraded:")[1].split())

    host.run(*ZYPPER, "addlock", "lab-webapp")
    assert code_of(transact(zypper_lab, "z1", state="committed")) == "committed"
    assert "lab-webapp" in host.run(*ZYPPER, "locks")
    assert "lab-goodapp" not in host.run(*ZYPPER, "locks")
    assert host.try_run("test", "-e", PURGE).returncode == 0


def test_a_package_is_removed_only_where_that_was_allowed_and_comes_back(
    zypper_lab: Lab, host: LabHost
) -> None:
    before = host.packages()
    refused = transact(zypper_lab, "z1", state="applied", packages=["lab-pusher"])
    assert code_of(refused) == "removals_needed", refused["outcome"]
    assert "lab-pushed" in refused["outcome"]["message"]
    passed_over = transact(zypper_lab, "z1", check=True, state="applied", select="security")
    assert "lab-pushed" in {one["name"]: one["reason"] for one in passed_over["plan"]["held"]}["lab-pusher"]
    assert "lab-goodapp" in names_in_plan(passed_over)
    done = transact(zypper_lab, "z1", state="applied", packages=["lab-pusher"], allow_removals=True)
    assert code_of(done) == "applied", done["outcome"]
    assert not {"lab-pushed"} & {name for name, _version, _arch in host.packages()}
    assert code_of(transact(zypper_lab, "z1", state="reverted")) == "taken_back"
    assert host.packages() == before


def test_security_includes_the_patches_that_zypper_skips_without_a_word(
    zypper_lab: Lab, host: LabHost
) -> None:
    without_questions(host)
    host.run(*ZYPPER, "refresh")
    own = host.try_run(*ZYPPER, "patch", "--category", "security", "--dry-run")
    going = own.stdout.split("going to be upgraded:")[1]
    assert (own.returncode, "lab-goodapp" in going, "kernel-core" in going) == (0, True, False)
    planned = transact(zypper_lab, "z1", check=True, state="applied", select="security")
    assert {"kernel-core", "lab-goodapp", "lab-newname"} <= names_in_plan(planned)
    assert "lab-plainapp" not in names_in_plan(planned)


def test_a_repository_that_zypper_goes_on_without_is_an_error(zypper_lab: Lab, host: LabHost) -> None:
    host.run("sh", "-c", f"printf '{DEAD}' > /etc/zypp/repos.d/dead.repo")
    own = host.try_run(*ZYPPER, "update", "--dry-run", "lab-goodapp")
    assert (own.returncode, "going to be upgraded" in own.stdout) == (106, True)
    result = transact(zypper_lab, "z1", state="applied", packages=["lab-goodapp"])
    assert code_of(result) == "repository_unreadable", result["outcome"]
    assert "dead: " in result["outcome"]["message"]
    assert "s3cret" not in json.dumps(result)
    kept = scanned(host, zypper_lab)
    assert kept["security_source"]["status"] == "unreadable"
    assert "user" not in json.dumps(kept["repositories"])


def test_a_repository_past_its_date_is_an_error_and_not_just_a_warning(
    zypper_lab: Lab, host: LabHost
) -> None:
    host.run("sh", "-c", OUTDATED)
    own = host.run(*ZYPPER, "list-updates")
    assert "Repository 'Old' appears to be outdated" in own
    result = transact(zypper_lab, "z1", state="applied", packages=["lab-goodapp"])
    assert code_of(result) == "repository_expired", result["outcome"]
    assert "old: it is past its date, expired since 2023-11-15" in result["outcome"]["message"]
    scan(zypper_lab, "z1")
    old = {one["id"]: one for one in document(host)["repositories"]}["old"]
    assert (old["expired"], old["valid_until"]) == (True, "2023-11-15T22:13:20Z")


def test_a_key_that_nobody_imported_is_not_taken(zypper_lab: Lab, host: LabHost) -> None:
    host.run("sh", "-c", "rpm --erase gpg-pubkey; rm -rf /var/cache/zypp")
    result = transact(zypper_lab, "z1", state="applied", packages=["lab-goodapp"])
    assert code_of(result) == "repository_unsigned", result["outcome"]
    assert "gpg-pubkey" not in host.run("rpm", "-qa")


def test_a_scan_says_what_zypper_and_rpm_know(zypper_lab: Lab, host: LabHost) -> None:
    host.run(*ZYPPER, "addlock", "lab-plainapp", "lab-goodapp == 1.1-1.el9")
    kept = scanned(host, zypper_lab)
    jsonschema.Draft202012Validator(json_schema("patchops.host")).validate(kept)
    updates = {one["name"]: one for one in kept["updates"]}
    assert (kept["package_manager"]["name"], kept["errors"]) == ("zypper", [])
    assert {(one["name"], one["version"], one["arch"]) for one in kept["packages"]} == host.packages()
    assert set(updates) == {f"lab-{app}" for app in (*APPS, "library") if app != "libuser"} | {"kernel-core"}
    assert updates["lab-oldname"]["replaced_by"] == "lab-newname"
    assert kept["holds"] == ["lab-plainapp"]
    assert (updates["lab-plainapp"]["held"], updates["lab-plainapp"]["blocked"]) == (True, False)
    assert (updates["lab-goodapp"]["held"], updates["lab-goodapp"]["blocked"]) == (False, True)
    kernel = updates["kernel-core"]["advisories"][0]
    assert (kernel["type"], kernel["severity"], kernel["reboot_suggested"]) == ("security", "Important", True)
    assert (updates["lab-plainapp"]["security"], updates["lab-webapp"]["security"]) == (False, True)
    assert (kept["security_source"]["status"], kept["repositories"][0]["signature"]) == (
        "ok",
        "metadata",
    )


def test_a_kernel_and_a_service_are_patched_rebooted_proven_and_taken_back(
    zypper_lab: Lab, host: LabHost, tmp_path: Path
) -> None:
    plays = Plays(zypper_lab.paths.inventory, tmp_path)
    host.run("rpm", "--erase", "lab-failapp", "lab-webapp")
    before, boot = host.packages(), host.boot_id()
    patched = plays.run("patch", hosts="z1", select="security")
    entry = patched.host("z1")
    assert (entry["outcome"]["class"], entry["effective"]) == ("ok", "yes"), patched.output
    assert entry["reboot"]["done"] is True
    assert host.boot_id() != boot
    assert {version for name, version, _arch in host.packages() if name == rpm_apps.KERNEL} == {
        rpm_apps.OLD_KERNEL,
        rpm_apps.NEW_KERNEL,
    }
    assert scanned(host, zypper_lab)["reboot"]["required"] is False
    back = plays.run("rollback", hosts="z1")
    assert back.host("z1")["outcome"]["code"] == "taken_back", back.output
    assert host.packages() == before
