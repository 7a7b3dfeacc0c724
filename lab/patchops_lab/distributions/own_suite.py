# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks a repository of the lab's own packages, in the ways that don't depend on its format."""

import os
import shutil
from pathlib import Path
from typing import Generic, TypeVar

from patchops_lab.distributions.base import BrokenSuite
from patchops_lab.distributions.own_catalogue import OwnPackage
from patchops_lab.distributions.own_repository import OwnRepository
from patchops_lab.errors import LabError
from patchops_lab.files import replace_file

R = TypeVar("R", bound=OwnRepository)


class OwnSuite(BrokenSuite, Generic[R]):
    """The repository of a lab's hosts of one release, to be broken.

    :param kept: the directory where what was there before is kept
    :param target: the release ("rocky9"), or release/package
    :raises LabError: there is no such repository, or it has no such package
    """

    def __init__(self, repository: R, kept: Path, target: str) -> None:
        name, _slash, self.package = target.partition("/")
        self.repository = repository
        self._name = name
        self._kept = kept / name
        if not repository.directory.is_dir():
            raise LabError(f"The mirror has no repository {name!r}: the lab has no such host.")
        if self.package and not self.of_package():
            raise LabError(f"The repository {name} has no package {self.package!r}.")

    def remove_file(self) -> None:
        """The lists name the newest version of the package, and its file is gone."""
        newest = self.newest()
        self.keep()
        (self.repository.packages / newest.file).unlink()

    def flip_bytes(self) -> None:
        """The file of the newest version has its size, and other bytes."""
        newest = self.newest()
        self.keep()
        file = self.repository.packages / newest.file
        content = bytearray(file.read_bytes())
        content[-1] ^= 0xFF
        replace_file(file, bytes(content))

    def withdraw(self) -> None:
        """Neither the lists nor the directory have the package."""
        self._publish([one for one in self.repository.offers() if one not in self.of_package()])

    def withdraw_old(self) -> None:
        """Of the package only the newest version is left."""
        gone = self.of_package()[:-1]
        self._publish([one for one in self.repository.offers() if one not in gone])

    def publish_newer(self) -> None:
        """A version 1.2 of the package appears beside what there is.

        :raises LabError: the package is not one that can have it
        """
        newer = self.repository.catalogue.newer(self.newest())
        if newer is None:
            raise LabError(f"{self.package!r} is not a package of the lab that can have another version.")
        self._publish([*self.repository.offers(), newer])

    def put_right(self) -> None:
        """Bring back what the repository was before the first fault; nothing happens if there was none."""
        if self._kept.is_dir():
            shutil.rmtree(self.repository.directory)
            self._kept.rename(self.repository.directory)

    def keep(self) -> None:
        """Keep the repository as it is, to be put right again.

        As links: nothing writes into a file that is there.
        """
        if not self._kept.is_dir():
            shutil.copytree(self.repository.directory, self._kept, copy_function=os.link)

    def of_package(self) -> list[OwnPackage]:
        """The versions of the package that this is about, the older first."""
        return [one for one in self.repository.offers() if one.name == self.package]

    def newest(self) -> OwnPackage:
        """The newest of them.

        :raises LabError: no package was named
        """
        if not self.package:
            raise LabError(f"{self._name!r} names no package; give {self._name}/PACKAGE.")
        return self.of_package()[-1]

    def _publish(self, packages: list[OwnPackage]) -> None:
        self.keep()
        self.repository.publish(packages)
