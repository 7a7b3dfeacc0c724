# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's signed repository for pacman: packages, and a database that names the newest of each."""

import base64
import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from patchops_lab.cache import cached, content_key
from patchops_lab.distributions import pacman_apps
from patchops_lab.distributions.own_catalogue import OwnPackage
from patchops_lab.distributions.own_repository import OwnRepository
from patchops_lab.files import replace_file
from patchops_lab.signing import sign_beside

ID = "core"


class PacmanRepository(OwnRepository):
    """A repository for pacman of one lab."""

    catalogue = pacman_apps.CATALOGUE

    @property
    def database(self) -> Path:
        """The list of what is offered."""
        return self.directory / f"{ID}.db"

    @staticmethod
    def ensure(package: OwnPackage) -> Path:
        key = content_key(pacman_apps.contents_of(package))
        return cached("pacman", key, partial(pacman_apps.build, package)) / package.file

    def sign(self, files: Iterable[Path]) -> None:
        sign_beside(self._signing_home, files)

    def replace(self, package: OwnPackage, content: bytes) -> None:
        """Give a package other bytes, and sign and list it anew."""
        target = self.packages / package.file
        replace_file(target, content)
        self.sign([target])
        self.write_lists(self.offers())

    def write_lists(self, packages: Iterable[OwnPackage]) -> None:
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
        self.sign([self.database])

    def _description(self, package: OwnPackage) -> str:
        content = (self.packages / package.file).read_bytes()
        about: dict[str, list[str]] = {}
        for line in pacman_apps.contents_of(package)[".PKGINFO"].splitlines():
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

    def _signature(self, package: OwnPackage) -> bytes:
        return (self.packages / f"{package.file}.sig").read_bytes()
