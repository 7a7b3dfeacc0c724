# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package manager passes over is named with what makes it do so, by the scan and by the plan."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from patchops_lab import network
from patchops_lab.commands import run
from patchops_lab.distributions import rpm_apps
from patchops_lab.distributions.rpm_repository import RpmRepository, updateinfo
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

from .calls import code_of, document, scan, transact

pytestmark = pytest.mark.lab

RPM_RELEASES = ("rocky9", "fedora42", "sles15")
# What comes to the hosts with RPM packages beside lab-goodapp.
OTHERS = ["lab-needsnew", "lab-newcomer", "lab-webapp"]
CATALOGUE_VERSIONS = rpm_apps.CATALOGUE.versions

PREFERENCES = "/etc/apt/preferences.d/administrators"


def write(host: LabHost, path: str, text: str) -> None:
    host.run("tee", path, stdin=text)


def hold_all_but(host: LabHost, *names: str) -> None:
    """Hold whatever is pending on a Debian host, but for `names`: what comes then takes a moment."""
    pending = host.run("apt-get", "-s", "dist-upgrade").splitlines()
    others = {line.split()[1] for line in pending if line.startswith("Inst ")} - set(names)
    host.run("apt-mark", "hold", *sorted(others))


@pytest.mark.parametrize("release", ["bullseye", "trixie"])
def test_what_apt_would_take_back_to_an_older_version_stays_and_the_rest_is_applied(
    fresh_lab: Lab, release: str
) -> None:
    host = fresh_lab.host(release)
    host.run("apt-get", "update")
    host.run("apt-get", "install", "-y", "lab-many01=1.1")
    hold_all_but(host, "lab-many02")
    write(host, PREFERENCES, "Package: lab-many01\nPin: version 1.0\nPin-Priority: 1001\n")
    staged = transact(fresh_lab, release, state="staged", select="all")
    assert code_of(staged) == "staged", staged["outcome"]
    assert [one["name"] for one in staged["plan"]["packages"]] == ["lab-many02"]
    [kept] = [one for one in staged["plan"]["held"] if one["name"] == "lab-many01"]
    assert (kept["cause"], "prefers the older 1.0" in kept["reason"]) == ("older", True)
    applied = transact(fresh_lab, release, state="applied", select="all")
    assert code_of(applied) == "applied", applied["outcome"]
    assert {("lab-many01", "1.1", "all"), ("lab-many02", "1.1", "all")} <= host.packages()


def test_security_updates_behind_the_default_release_are_named_and_the_answer_is_not_clean(
    fresh_lab: Lab,
) -> None:
    host = fresh_lab.host("trixie")
    write(host, "/etc/apt/apt.conf.d/99release", 'APT::Default-Release "trixie";\n')
    scanned = scan(fresh_lab, "trixie")
    pending = scanned["host"]["pending"]
    assert (pending["kept_back"], pending["security"]) == (pending["total"], pending["total"])
    assert "kept back by APT::Default-Release" in scanned["summary"]
    for selection in ({"select": "security"}, {"select": "all"}, {"packages": ["lab-goodapp"]}):
        refused = transact(fresh_lab, "trixie", state="applied", **selection)
        assert code_of(refused) == "security_kept_back", refused["outcome"]
        assert 'APT::Default-Release is "trixie"' in refused["outcome"]["message"]
        assert "Pin-Priority: 990" in refused["outcome"]["remedy"]
        causes = {one["name"]: one["cause"] for one in refused["plan"]["held"]}
        assert causes["lab-goodapp"] == "default_release"


def test_a_security_update_that_a_pin_keeps_away_is_named_beside_what_comes(fresh_lab: Lab) -> None:
    host = fresh_lab.host("trixie")
    host.run("apt-get", "update")
    hold_all_but(host, "lab-goodapp", "lab-many02")
    write(host, PREFERENCES, "Package: lab-goodapp\nPin: version 1.1\nPin-Priority: -1\n")
    planned = transact(fresh_lab, "trixie", check=True, state="applied", select="security")
    assert [one["name"] for one in planned["plan"]["packages"]] == ["lab-many02"]
    [kept] = [one for one in planned["plan"]["held"] if one["name"] == "lab-goodapp"]
    assert (kept["cause"], kept["security"]) == ("pin", True)


def offer_beside(host: LabHost, *stanzas: str) -> None:
    """Give a Debian host a flat repository whose index has these packages; nobody fetches their files."""
    host.run("mkdir", "-p", "/srv/beside")
    write(host, "/srv/beside/Packages", "\n\n".join(stanzas) + "\n")
    write(host, "/etc/apt/sources.list.d/beside.list", "deb [trusted=yes] file:/srv beside/\n")
    host.run("apt-get", "update")


def stanza(name: str, *more: str) -> str:
    head = f"Package: {name}\nVersion: 1.2\nArchitecture: all\nFilename: ./{name}.deb\nSize: 1"
    return "\n".join([head, *more])


def test_the_version_that_closes_the_hole_comes_where_the_newest_can_not_be_installed(fresh_lab: Lab) -> None:
    host = fresh_lab.host("trixie")
    offer_beside(host, stanza("lab-goodapp", f"SHA256: {64 * 'a'}", "Depends: lab-nowhere"))
    hold_all_but(host, "lab-goodapp")
    applied = transact(fresh_lab, "trixie", state="applied", select="security")
    assert code_of(applied) == "applied", applied["outcome"]
    assert [(one["name"], one["to"]) for one in applied["plan"]["packages"]] == [("lab-goodapp", "1.1")]


def test_a_package_without_a_sum_is_held_back_by_itself(fresh_lab: Lab) -> None:
    host = fresh_lab.host("trixie")
    offer_beside(host, stanza("lab-many01", f"MD5sum: {32 * 'a'}"))
    hold_all_but(host, "lab-many01", "lab-many02")
    planned = transact(fresh_lab, "trixie", check=True, state="applied", select="all")
    assert [one["name"] for one in planned["plan"]["packages"]] == ["lab-many02"]
    [kept] = [one for one in planned["plan"]["held"] if one["name"] == "lab-many01"]
    assert (kept["cause"], kept["security"]) == ("unchecked", True)


def publish(directory: Path, *versions: str) -> None:
    """Make an RPM repository of lab-goodapp in these versions, with advisories and without signatures."""
    packages = [rpm_apps.CATALOGUE.package("goodapp", version) for version in versions]
    directory.mkdir(parents=True, exist_ok=True)
    for package in packages:
        shutil.copyfile(RpmRepository.ensure(package), directory / package.file)
    notices = directory / "updateinfo.xml"
    notices.write_text(updateinfo(packages).replace("RLSA-2026", "RLSA-2027"), encoding="utf-8")
    run(["createrepo_c", "--quiet", str(directory)], doing="index another repository")
    repodata = str(directory / "repodata")
    run(["modifyrepo_c", "--mdtype=updateinfo", str(notices), repodata], doing="add its advisories")


def add_repository(host: LabHost, name: str, priority: int) -> None:
    place = "/etc/zypp/repos.d" if host.name == "sles15" else "/etc/yum.repos.d"
    text = f"[{name}]\nname={name}\nbaseurl=http://{network.MIRROR_NAME}/{name}\nenabled=1\nautorefresh=1\n"
    checks = "gpgcheck=0\npkg_gpgcheck=0\nrepo_gpgcheck=0\n"
    write(host, f"{place}/{name}.repo", f"{text}{checks}priority={priority}\n")


@pytest.fixture(scope="module")
def rpm_lab(make_lab: MakeLab) -> Lab:
    made = make_lab(
        *(HostSpec(release, release, apps=("goodapp", "needsnew", "webapp")) for release in RPM_RELEASES)
    )
    publish(made.paths.repository / "behind", CATALOGUE_VERSIONS[2])
    publish(made.paths.repository / "before", CATALOGUE_VERSIONS[0])
    return made


@pytest.mark.parametrize("release", RPM_RELEASES)
def test_what_a_repository_of_a_worse_priority_has_is_no_pending_update(rpm_lab: Lab, release: str) -> None:
    host = rpm_lab.host(release)
    host.fresh()
    add_repository(host, "behind", 150)
    scanned = scan(rpm_lab, release)
    [update] = [one for one in document(host)["updates"] if one["name"] == "lab-goodapp"]
    assert (update["candidate"], update["blocked"]) == (rpm_apps.NEW, False)
    kept = update["kept_back"]
    assert (kept["version"], kept["cause"], kept["security"]) == (CATALOGUE_VERSIONS[2], "priority", True)
    assert "kept back by priorities: lab-goodapp" in scanned["summary"]


@pytest.mark.parametrize("release", RPM_RELEASES)
def test_a_security_update_behind_a_better_repository_is_kept_back_and_refused(
    rpm_lab: Lab, release: str
) -> None:
    host = rpm_lab.host(release)
    host.fresh()
    add_repository(host, "before", 10)
    scan(rpm_lab, release)
    [update] = [one for one in document(host)["updates"] if one["name"] == "lab-goodapp"]
    assert (update["candidate"], update["blocked"]) == (rpm_apps.NEW, True)
    planned = transact(rpm_lab, release, check=True, state="applied", select="security")
    assert [one["name"] for one in planned["plan"]["packages"]] == OTHERS
    named = transact(rpm_lab, release, check=True, state="applied", packages=["lab-goodapp"])
    for result in (planned, named):
        [kept] = [one for one in result["plan"]["held"] if one["name"] == "lab-goodapp"]
        assert (kept["cause"], kept["security"]) == ("priority", True)
    assert code_of(named) == "security_kept_back", named["outcome"]


@pytest.mark.parametrize("release", ["rocky9", "fedora42"])
def test_an_excluded_security_update_is_named_by_the_plan(rpm_lab: Lab, release: str) -> None:
    host = rpm_lab.host(release)
    host.fresh()
    host.run("sed", "-i", "s/^\\[main\\]/[main]\\nexcludepkgs=lab-goodapp/", "/etc/dnf/dnf.conf")
    planned = transact(rpm_lab, release, check=True, state="applied", select="security")
    assert [one["name"] for one in planned["plan"]["packages"]] == OTHERS
    [kept] = planned["plan"]["held"]
    assert (kept["name"], kept["cause"], kept["security"]) == ("lab-goodapp", "exclude", True)


@pytest.mark.parametrize("release", RPM_RELEASES)
def test_an_update_whose_dependency_is_kept_away_stays_by_itself(rpm_lab: Lab, release: str) -> None:
    host = rpm_lab.host(release)
    host.fresh()
    if release == "sles15":
        host.run("zypper", "--non-interactive", "addlock", "lab-newcomer")
    else:
        host.run("sed", "-i", "s/^\\[main\\]/[main]\\nexcludepkgs=lab-newcomer/", "/etc/dnf/dnf.conf")
    planned = transact(rpm_lab, release, check=True, state="applied", select="security")
    assert [one["name"] for one in planned["plan"]["packages"]] == ["lab-goodapp", "lab-webapp"]
    [kept] = planned["plan"]["held"]
    assert (kept["name"], kept["cause"], kept["security"]) == ("lab-needsnew", "dependency", True)
