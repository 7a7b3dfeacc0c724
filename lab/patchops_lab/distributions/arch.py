# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arch Linux: hosts with pacman, which Debian carries.

Such a host takes itself for Arch Linux: os-release, a keyring, a database of installed packages, and no apt.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from patchops_lab.distributions import pacman_repository
from patchops_lab.distributions.base import BrokenSuite, Distribution, ImagedHost, Package
from patchops_lab.distributions.disguise import Changes, disguise
from patchops_lab.distributions.layers import ensure_layer
from patchops_lab.distributions.pacman_apps import CATALOGUE
from patchops_lab.distributions.pacman_suite import BrokenPacmanSuite
from patchops_lab.layered_disk import LayeredDisk
from patchops_lab.network import MIRROR_NAME
from patchops_lab.paths import LabPaths
from patchops_lab.progress import Progress
from patchops_lab.spec import HostSpec

_OS_RELEASE = """\
NAME="Arch Linux"
PRETTY_NAME="Arch Linux"
ID=arch
BUILD_ID=rolling
"""
_CONFIGURATION = f"""\
[options]
HoldPkg = pacman glibc
Architecture = auto
CheckSpace
ParallelDownloads = 5
SigLevel = Required TrustAll
LocalFileSigLevel = Optional

[{pacman_repository.ID}]
Include = /etc/pacman.d/mirrorlist
"""
_INSTALLED = "var/lib/pacman/local"
_KEYRING = "/etc/pacman.d/gnupg"
_BASE = """\
%NAME%
base

%VERSION%
3-2

%BASE%
base

%DESC%
Stands for what Debian's packages bring here

%ARCH%
any

%BUILDDATE%
1700000000

%INSTALLDATE%
1700000000

%PACKAGER%
PatchOps lab <lab@patchops.invalid>

%VALIDATION%
none

%PROVIDES%
sh
python
systemd
"""
# The packages are not where the new root could see them.
_INSTALL = """\
root=$1; shift
mkdir -p "$root/run/lab"
cp "$@" "$root/run/lab"
chroot "$root" sh -c 'pacman -U --noconfirm --config /dev/null --logfile /dev/null /run/lab/*'
rm -r "$root/run/lab"
"""


class Arch(Distribution):
    """Arch Linux."""

    release = "arch"
    suite = "bookworm"
    # makepkg brings vercmp and libarchive-tools bsdtar; Arch has both in what pacman needs.
    image_packages = ("pacman-package-manager", "makepkg", "libarchive-tools", "gnupg", "python3")
    missing_settings = frozenset({"third_party_repo", "python_apt"})
    services: ClassVar[Mapping[str, int | None]] = {name: app.port for name, app in CATALOGUE.apps.items()}
    old, new, newest = CATALOGUE.versions
    arch = CATALOGUE.arch
    package_manager = "pacman"
    package_cache = "/var/cache/pacman/pkg"
    # It is there while somebody has it open, and has to go with him.
    lock_files = lock_pids = ("/var/lib/pacman/db.lck",)
    changing = "^pacman "
    # Without repositories: their lists are not what is audited.
    auditing = ("pacman", "-Dkq", "--config", "/dev/null")
    refreshing = ("pacman", "-Sy")
    listing_reasons = ("pacman", "-Qqe")

    @property
    def image_changes(self) -> Changes:
        database = {"ALPM_DB_VERSION": "9\n", "base-3-2/desc": _BASE, "base-3-2/files": ""}
        return disguise(_OS_RELEASE, {f"{_INSTALLED}/{path}": content for path, content in database.items()})

    def publish(
        self, paths: LabPaths, hosts: Sequence[ImagedHost], old_gone: bool, progress: Progress
    ) -> None:
        self.repository(paths).publish(CATALOGUE.offered(old_gone=old_gone))

    def repository(self, paths: LabPaths) -> pacman_repository.PacmanRepository:
        """The repository of a lab."""
        place = Path(self.release, pacman_repository.ID, "os", platform.machine())
        return pacman_repository.PacmanRepository(paths.repository / place, paths.signing_home)

    def ensure_layer(self, image: Path, host: HostSpec) -> Path | None:
        packages = CATALOGUE.installed(host.apps, kernel=host.kernel)
        if not packages:
            return None
        files = sorted(map(pacman_repository.PacmanRepository.ensure, packages))

        def install(root: Path) -> list[str]:
            return ["sh", "-ec", _INSTALL, "sh", str(root), *map(str, files)]

        def edit(upper: Path) -> None:
            for package in packages:
                if CATALOGUE.apps[package.app].conffile:
                    with (upper / f"etc/{package.name}.conf").open("a", encoding="utf-8") as file:
                        file.write("edited-by = the administrator\n")

        return ensure_layer(image, [file.parent.name for file in files], install, edit)

    def host_files(self, host: HostSpec, public_key: str) -> dict[str, tuple[str, int]]:
        server = f"Server = http://{MIRROR_NAME}/{self.release}/$repo/os/$arch\n"
        return {
            "etc/pacman.conf": (_CONFIGURATION, 0o644),
            "etc/pacman.d/mirrorlist": (server, 0o644),
            "etc/tmpfiles.d/lab-keyring.conf": (_keyring(public_key), 0o644),
        }

    def installed(self, disk: LayeredDisk) -> set[Package]:
        entries = [disk.find(f"{_INSTALLED}/{name}/desc") for name in disk.names(_INSTALLED)]
        return {_described(entry.read_text(encoding="utf-8")) for entry in entries if entry is not None}

    def suite_of(self, paths: LabPaths, target: str) -> BrokenSuite:
        return BrokenPacmanSuite(self.repository(paths), paths.kept, target)

    def upgrading(self, package: str) -> list[str]:
        # pacman upgrades all or what it is told to; told, it installs what is ignored as well.
        others = {*map(CATALOGUE.name_of, CATALOGUE.apps)} - {package}
        return ["pacman", "-Syu", "--noconfirm", "--ignore", ",".join(sorted(others))]

    def holding(self, package: str) -> list[str]:
        return ["sed", "-i", f"s/^HoldPkg/IgnorePkg = {package}\\n&/", "/etc/pacman.conf"]


def _described(desc: str) -> Package:
    fields = dict(section.split("\n", 1) for section in desc.split("\n\n") if section.startswith("%"))
    return fields["%NAME%"], fields["%VERSION%"], fields["%ARCH%"]


def _keyring(public_key: str) -> str:
    """What has systemd write the keyring with the key at the first boot: it is not text."""
    body = public_key.split("\n\n", 1)[1].splitlines()
    # The last two lines are the checksum and the end of the armor.
    packets = "".join(body[:-2])
    return (
        f"d {_KEYRING} 0755 root root -\n"
        f"f~ {_KEYRING}/pubring.gpg 0644 root root - {packets}\n"
        f"f {_KEYRING}/trustdb.gpg 0644 root root -\n"
    )
