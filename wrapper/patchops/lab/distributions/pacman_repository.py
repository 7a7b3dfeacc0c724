# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's signed repository for pacman: packages, and a database that names the newest of each."""

import base64
import gzip
import hashlib
import io
import shutil
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from patchops.lab.cache import cached, content_key
from patchops.lab.distributions import pacman_apps
from patchops.lab.repository import replace_file
from patchops.lab.signing import sign_beside

ID = "core"


@dataclass(frozen=True)
class Package:
    """A package that the repository offers."""

    app: str
    version: str

    @property
    def file(self) -> str:
        """Its file name."""
        return pacman_apps.file_of(self.app, self.version)

    @property
    def name(self) -> str:
        """What the package manager calls it."""
        return pacman_apps.package_of(self.app)


def ensure_packages(packages: Iterable[Package]) -> dict[Package, Path]:
    """Build packages, unsigned, where they are not in the cache yet."""
    return {package: _ensure(package) for package in packages}


def offered(names: Iterable[str], *, old_gone: bool) -> list[Package]:
    """All versions of the apps whose files a repository has.

    :param old_gone: the superseded ones are not there any more, as at real mirrors
    """
    found = []
    for name in sorted(set(names)):
        versions = pacman_apps.versions_of(name)
        found += [Package(name, version) for version in (versions[-1:] if old_gone else versions)]
    return found


class PacmanRepository:
    """A repository for pacman of one lab.

    :param directory: its place below what the mirror serves
    :param signing_home: the key that signs it (patchops.lab.signing)
    """

    def __init__(self, directory: Path, signing_home: Path) -> None:
        self.directory = directory
        self._signing_home = signing_home

    @property
    def packages(self) -> Path:
        """The directory with the packages."""
        return self.directory

    @property
    def database(self) -> Path:
        """The list of what is offered."""
        return self.directory / f"{ID}.db"

    def offers(self) -> list[Package]:
        """What lies there: by name, the older versions first."""
        every = [
            Package(name, version)
            for name in sorted(pacman_apps.APPS)
            for version in pacman_apps.all_versions(name)
        ]
        return [package for package in every if (self.packages / package.file).exists()]

    def publish(self, packages: Iterable[Package]) -> None:
        """Have these packages and no others; the newest of each is offered."""
        wanted = list(packages)
        self.packages.mkdir(parents=True, exist_ok=True)
        for present in self.packages.glob("*.pkg.tar.xz"):
            if present.name not in {package.file for package in wanted}:
                present.unlink()
                present.with_name(f"{present.name}.sig").unlink()
        new = []
        for package, source in ensure_packages(wanted).items():
            target = self.packages / package.file
            if not target.exists():
                new.append(shutil.copyfile(source, target))
        sign_beside(self._signing_home, new)
        self.write_database(wanted)

    def replace(self, package: Package, content: bytes) -> None:
        """Give a package other bytes, and sign and list it anew."""
        target = self.packages / package.file
        replace_file(target, content)
        sign_beside(self._signing_home, [target])
        self.write_database(self.offers())

    def write_database(self, packages: Iterable[Package]) -> None:
        """Write and sign the database over the packages that lie there."""
        newest = {package.app: package for package in packages}
        data = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=data, mode="wb", mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            for package in newest.values():
                text = self._description(package).encode()
                member = tarfile.TarInfo(f"{package.name}-{package.version}/desc")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text))
        replace_file(self.database, data.getvalue())
        sign_beside(self._signing_home, [self.database])

    def _description(self, package: Package) -> str:
        content = (self.packages / package.file).read_bytes()
        about: dict[str, list[str]] = {}
        for line in pacman_apps.contents_of(package.app, package.version)[".PKGINFO"].splitlines():
            key, _sign, value = line.partition(" = ")
            about.setdefault(key, []).append(value)
        sections = {
            "FILENAME": [package.file],
            "NAME": about["pkgname"],
            "BASE": about["pkgbase"],
            "VERSION": about["pkgver"],
            "DESC": about["pkgdesc"],
            "CSIZE": [str(len(content))],
            "ISIZE": about["size"],
            "SHA256SUM": [hashlib.sha256(content).hexdigest()],
            "PGPSIG": [base64.b64encode(self._signature(package)).decode()],
            "LICENSE": about["license"],
            "ARCH": about["arch"],
            "BUILDDATE": about["builddate"],
            "PACKAGER": about["packager"],
            "REPLACES": about.get("replaces", []),
            "CONFLICTS": about.get("conflict", []),
            "DEPENDS": about.get("depend", []),
        }
        return "".join(
            f"%{key}%\n" + "\n".join(values) + "\n\n" for key, values in sections.items() if values
        )

    def _signature(self, package: Package) -> bytes:
        return (self.packages / f"{package.file}.sig").read_bytes()


def _ensure(package: Package) -> Path:
    def build(place: Path) -> None:
        pacman_apps.build(package.app, package.version, place)

    key = content_key(pacman_apps.contents_of(package.app, package.version))
    return cached("pacman", key, build) / package.file
