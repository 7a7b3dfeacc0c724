# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same pairs of advisory and package as `dnf updateinfo list`, on a real rpm database and real el9
advisories."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Advisory
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.rpm_list import (
    QUERY_FORMAT,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.versions import rpm

pytestmark = pytest.mark.shared
NOW = datetime(2026, 8, 22, tzinfo=timezone.utc)
TOOLS = ("dnf", "rpm", "rpmbuild", "createrepo_c", "modifyrepo_c")
SUBPACKAGE = """
%package -n {name}
Epoch: {epoch}
Version: {version}
Release: {release}
Summary: x
%description -n {name}
x
%files -n {name}
"""
CONFIGURATION = """
[main]
gpgcheck=0
plugins=0
reposdir={folder}/none
cachedir={folder}/cache
logdir={folder}/log
persistdir={folder}/persist
[el9]
name=el9
baseurl=file://{folder}/repository
"""


class DnfHost:
    """A root with a real rpm database of some hundred packages, and a repository that carries the
    advisories."""

    def __init__(self, folder: Path, advisories: Path) -> None:
        self.folder, self.advisories, self.root = folder, advisories, folder / "root"
        # Debian's rpm keeps its database elsewhere.
        (folder / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
        self._environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C"}
        (folder / "dnf.conf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "os-release").write_text('ID="almalinux"\nVERSION_ID="9.8"\n')
        (self.root / "var/lib/rpm").mkdir(parents=True)
        self._repository()

    def run(self, *command: str) -> str:
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env=self._environment, cwd=self.folder
        ).stdout

    def install(self, packages: list[tuple[str, str]]) -> None:
        """Build empty packages of these names and versions, and put them into the database."""
        parts = ["Name: host\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\n%description\nx\n"]
        for name, evr in packages:
            epoch, version, release = rpm.split(evr)
            parts.append(SUBPACKAGE.format(name=name, epoch=epoch, version=version, release=release))
        (self.folder / "host.spec").write_text("%global debug_package %{nil}\n" + "".join(parts))
        topdir = f"_topdir {self.folder}/build"
        self.run("rpmbuild", "-bb", "--target", "x86_64", "--define", topdir, "host.spec")
        built = [str(one) for one in (self.folder / "build").rglob("*.rpm")]
        options = ("--justdb", "--nodeps", "--noscripts", "--nosignature", "--ignorearch")
        self.run("rpm", "--root", str(self.root), "-i", *options, *built)

    def updateinfo(self) -> set[tuple[str, str]]:
        options = ("-q", "-c", "dnf.conf", "--installroot", str(self.root), "--releasever", "9")
        printed = self.run("dnf", *options, "updateinfo", "list", "--available")
        return {(line.split()[0], line.split()[2]) for line in printed.splitlines()}

    def document(self) -> dict[str, Any]:
        listed = self.run("rpm", "--root", str(self.root), "-qa", "--qf", QUERY_FORMAT)
        (self.folder / "packages.tsv").write_text(listed)
        return read_inventory("rpm-list", self.folder / "packages.tsv", self.folder / "os-release")

    def _repository(self) -> None:
        (self.folder / "repository").mkdir()
        with Feed(self.advisories).stream() as stream:
            (self.folder / "updateinfo.xml").write_bytes(stream.read())
        self.run("createrepo_c", "-q", "repository")
        self.run("modifyrepo_c", "--mdtype=updateinfo", "updateinfo.xml", "repository/repodata")


@pytest.fixture
def host(tmp_path: Path, shared_data: Path) -> DnfHost:
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        pytest.skip(
            f"dnf can't be asked: {', '.join(missing)} not installed (Debian: dnf, rpm, createrepo-c)"
        )
    return DnfHost(tmp_path, shared_data / "almalinux" / "updateinfo-el9.xml.gz")


def findings(host: DnfHost) -> set[tuple[str, str]]:
    """Advisory and fixed package, written as dnf writes it: without an epoch of 0."""
    import_feed(
        host.folder / "db", "updateinfo", Feed(host.advisories, release="almalinux:9"), name="el9", now=NOW
    )
    with AdvisoryDatabase.open(host.folder / "db") as database:
        found = Matcher(database, now=NOW).assess(host.document())["findings"]
    return {
        (finding["advisory"], f"{one['name']}-{finding['fixed'].removeprefix('0:')}.{one['arch']}")
        for finding in found
        if finding["advisory"] and finding["state"] != "installed"
        for one in finding["binaries"]
    }


def versions_in_feed(advisories: Path) -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for record in KINDS["updateinfo"](Feed(advisories, release="almalinux:9")):
        if isinstance(record, Advisory):
            for affected in record.affected:
                found[affected.package].add(affected.fixed)
    return {name: sorted(versions, key=rpm.key) for name, versions in sorted(found.items())}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_pairs_as_dnf_but_for_streams_that_nobody_tells(host: DnfHost, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 (a sample, no secret)
    versions = versions_in_feed(host.advisories)
    installed = {name: chosen.choice(versions[name]) for name in chosen.sample(sorted(versions), 300)}
    host.install(sorted(installed.items()))

    theirs, ours = host.updateinfo(), findings(host)

    # This feed names no module streams. dnf then compares packages of a module with packages of none, or of
    # another module's build, as if they were one; that a package of no module is older says nothing of it.
    mixed = {
        (advisory, package)
        for advisory, package in theirs - ours
        if (".module" in package) != (".module" in installed[package.rsplit("-", 2)[0]])
    }
    assert ours - theirs == set()
    assert theirs - ours == mixed
    assert len(ours) > 300


def test_two_kernels_side_by_side_are_judged_by_the_newer_one_as_dnf_does(host: DnfHost) -> None:
    versions = versions_in_feed(host.advisories)["kernel-core"]
    host.install([("kernel-core", versions[3])])
    shutil.rmtree(host.folder / "build")
    host.install([("kernel-core", versions[-3])])

    theirs, ours = host.updateinfo(), findings(host)

    assert len(theirs) == 2
    assert ours == theirs
