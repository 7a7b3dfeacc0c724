# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts with RPM packages have in common: Debian carries rpm and what drives it, the rest is said here.

Such a host takes itself for the distribution: os-release, a release package, an rpm database, and no apt.
"""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from patchops_lab.commands import ISOLATED, run
from patchops_lab.distributions import rpm_database, rpm_repository
from patchops_lab.distributions.base import BrokenSuite, Distribution, ImagedHost, Package
from patchops_lab.distributions.disguise import Changes, disguise
from patchops_lab.distributions.layers import ensure_layer
from patchops_lab.distributions.rpm_apps import CATALOGUE, VENDOR
from patchops_lab.distributions.rpm_suite import BrokenRpmSuite
from patchops_lab.layered_disk import LayeredDisk
from patchops_lab.paths import LabPaths
from patchops_lab.progress import Progress
from patchops_lab.spec import HostSpec

KEY_FILE = "etc/pki/rpm-gpg/RPM-GPG-KEY-lab"
# In the image until the package is built.
_RELEASE_FILE = "root/release/release.spec"
_RELEASE_SPEC = """\
Name: {name}
Version: {version}
Release: 1
Summary: Stands for what Debian's packages bring here
License: MIT
Vendor: {vendor}
BuildArch: noarch
Provides: {provides}
%description
Stands for what Debian's packages bring here.
%files
"""


class RpmDistribution(Distribution):
    """A distribution of RPM packages.

    :ivar os_release: the content of /etc/os-release
    :ivar release_package: name and version of the package that says which release it is
    :ivar provides: what that package provides besides
    :ivar files: files of the image: path to content
    """

    programs: ClassVar[Mapping[str, str]] = {
        "createrepo_c": "createrepo-c",
        "modifyrepo_c": "createrepo-c",
        "rpm": "rpm",
        "rpmbuild": "rpm",
        "rpmsign": "rpm",
    }
    missing_settings = frozenset({"third_party_repo", "python_apt"})
    services: ClassVar[Mapping[str, int | None]] = {name: app.port for name, app in CATALOGUE.apps.items()}
    old, new, newest = CATALOGUE.versions
    arch = CATALOGUE.arch
    lock_files: tuple[str, ...] = ("/var/lib/rpm/.rpm.lock",)
    os_release: str
    release_package: tuple[str, str]
    provides: tuple[str, ...]
    files: ClassVar[Mapping[str, str]]

    @property
    def image_changes(self) -> Changes:
        name, version = self.release_package
        spec = _RELEASE_SPEC.format(
            name=name, version=version, vendor=VENDOR, provides=", ".join(self.provides)
        )
        # Debian's place for the database is the user's home directory.
        macros = {"etc/rpm/macros.lab": "%_dbpath /var/lib/rpm\n"}
        return disguise(self.os_release, {**macros, **self.files, _RELEASE_FILE: spec})

    def prepare(self, root: Path) -> None:
        super().prepare(root)
        (root / "var/lib/rpm").mkdir(exist_ok=True)
        self._install_release_package(root)

    def publish(
        self, paths: LabPaths, hosts: Sequence[ImagedHost], old_gone: bool, progress: Progress
    ) -> None:
        self.repository(paths).publish(CATALOGUE.offered(old_gone=old_gone))

    def repository(self, paths: LabPaths) -> rpm_repository.RpmRepository:
        """The repository of a lab that its hosts of this release use."""
        return rpm_repository.RpmRepository(paths.repository / self.place, paths.signing_home)

    @property
    def place(self) -> Path:
        """Where the repository lies on the mirror."""
        return Path(self.release, rpm_repository.ID)

    def ensure_layer(self, image: Path, host: HostSpec) -> Path | None:
        packages = CATALOGUE.installed(host.apps, kernel=host.kernel)
        if not packages:
            return None
        files = sorted(map(rpm_repository.RpmRepository.ensure, packages))
        return ensure_layer(image, [file.parent.name for file in files], lambda root: _install(root, files))

    @abstractmethod
    def repository_file(self) -> tuple[str, str]:
        """The path and the content of the file that names the repository on a host."""

    def host_files(self, host: HostSpec, public_key: str) -> dict[str, tuple[str, int]]:
        path, content = self.repository_file()
        return {path: (content, 0o644), KEY_FILE: (public_key, 0o644)}

    def installed(self, disk: LayeredDisk) -> set[Package]:
        return rpm_database.installed_packages(map(disk.find, rpm_database.FILES))

    def suite_of(self, paths: LabPaths, target: str) -> BrokenSuite:
        return BrokenRpmSuite(self.repository(paths), paths.kept, target)

    def _install_release_package(self, root: Path) -> None:
        spec = root / _RELEASE_FILE
        work = spec.parent
        run(
            ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {work}", str(spec)],
            doing="build the release package of the image",
        )
        packages = sorted(work.rglob("*.rpm"))
        run([*ISOLATED, *_install(root, packages)], doing=f"install the release package in {root}")
        shutil.rmtree(work)


def _install(root: Path, packages: list[Path]) -> list[str]:
    return ["rpm", f"--root={root}", "--dbpath=/var/lib/rpm", "--nosignature", "-i", *map(str, packages)]
