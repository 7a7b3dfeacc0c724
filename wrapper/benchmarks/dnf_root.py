# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder that dnf takes for a host: an rpm database of empty packages, and a repository with advisories."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Advisory
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.rpm_list import (
    QUERY_FORMAT,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.versions import rpm

TOOLS = ("dnf", "rpm", "rpmbuild", "createrepo_c", "modifyrepo_c")
_SPEC = """%global debug_package %{nil}
Name: host
Version: 1
Release: 1
Summary: x
License: MIT
%description
x
"""
_SUBPACKAGE = """
%package -n {name}
Epoch: {epoch}
Version: {version}
Release: {release}
Summary: x
%description -n {name}
x
%files -n {name}
"""
_CONFIGURATION = """[main]
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


def missing_tools() -> list[str]:
    """What this machine lacks to make such a folder."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


class DnfRoot:
    """Packages of the advisories of an updateinfo.xml, drawn with a fixed seed, each at a version that
    some advisory names. Those of modules are left out: the feed names no streams."""

    def __init__(self, folder: Path, advisories: Path, packages: int) -> None:
        self.folder, self.root = folder, folder / "root"
        # Debian's rpm keeps its database elsewhere.
        (folder / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
        self.environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C"}
        (folder / "dnf.conf").write_text(_CONFIGURATION.format(folder=folder))
        self.os_release = folder / "os-release"
        self.os_release.write_text('ID="almalinux"\nVERSION_ID="9.8"\n')
        (self.root / "var/lib/rpm").mkdir(parents=True)
        self._offer(advisories)
        self._install(dict(_drawn(advisories, packages)))
        self.rpm_list = folder / "packages.tsv"
        self.rpm_list.write_text(self._run("rpm", "--root", str(self.root), "-qa", "--qf", QUERY_FORMAT))

    @property
    def updateinfo(self) -> list[str]:
        """The command that lists what dnf thinks is missing: advisory, severity, package."""
        options = ["-q", "-C", "-c", str(self.folder / "dnf.conf"), "--installroot", str(self.root)]
        return ["dnf", *options, "--releasever", "9", "updateinfo", "list", "--available"]

    def _offer(self, advisories: Path) -> None:
        (self.folder / "repository").mkdir()
        with Feed(advisories).stream() as stream:
            (self.folder / "updateinfo.xml").write_bytes(stream.read())
        self._run("createrepo_c", "-q", "repository")
        self._run("modifyrepo_c", "--mdtype=updateinfo", "updateinfo.xml", "repository/repodata")

    def _install(self, packages: dict[str, str]) -> None:
        spec = _SPEC
        for name, evr in sorted(packages.items()):
            epoch, version, release = rpm.split(evr)
            spec += _SUBPACKAGE.format(name=name, epoch=epoch, version=version, release=release)
        (self.folder / "host.spec").write_text(spec)
        topdir = f"_topdir {self.folder}/build"
        self._run("rpmbuild", "-bb", "--target", "x86_64", "--define", topdir, "host.spec")
        built = [str(one) for one in (self.folder / "build").rglob("*.rpm")]
        options = ("--justdb", "--nodeps", "--noscripts", "--nosignature", "--ignorearch")
        self._run("rpm", "--root", str(self.root), "-i", *options, *built)
        # Fills the cache, so that reading the repository's files counts for neither side.
        self._run(*(option for option in self.updateinfo if option != "-C"))

    def _run(self, *command: str) -> str:
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env=self.environment, cwd=self.folder
        ).stdout


def _drawn(advisories: Path, count: int) -> Iterator[tuple[str, str]]:
    """Names and versions of packages."""
    versions: dict[str, set[str]] = defaultdict(set)
    for record in KINDS["updateinfo"](Feed(advisories, release="almalinux:9")):
        if isinstance(record, Advisory):
            for affected in record.affected:
                versions[affected.package].add(affected.fixed)
    plain = sorted(name for name, known in versions.items() if not any(".module" in one for one in known))
    draw = random.Random(2026)  # noqa: S311 (a sample, no secret)
    for name in draw.sample(plain, count):
        yield name, draw.choice(sorted(versions[name]))
