# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A signed repository of the lab's own packages, in the ways that don't depend on its format."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from patchops_lab.distributions.own_catalogue import Catalogue, OwnPackage


class OwnRepository(ABC):
    """A repository of one lab, all packages in one directory.

    :ivar catalogue: of what it can have
    :param directory: its place below what the mirror serves
    :param signing_home: the key that signs it (patchops_lab.signing)
    """

    catalogue: ClassVar[Catalogue]

    def __init__(self, directory: Path, signing_home: Path) -> None:
        self.directory = directory
        self._signing_home = signing_home

    @property
    def packages(self) -> Path:
        """The directory with the packages."""
        return self.directory

    @staticmethod
    @abstractmethod
    def ensure(package: OwnPackage) -> Path:
        """Build a package, unsigned, where it is not in the cache yet."""

    @abstractmethod
    def sign(self, files: Iterable[Path]) -> None:
        """Sign packages that lie there."""

    @abstractmethod
    def write_lists(self, packages: Iterable[OwnPackage]) -> None:
        """Write and sign the lists of these packages, which lie there."""

    def offers(self) -> list[OwnPackage]:
        """What lies there: by name, the older versions first."""
        return [package for package in self.catalogue.every() if (self.packages / package.file).exists()]

    def publish(self, packages: Iterable[OwnPackage]) -> None:
        """Have these packages and no others."""
        wanted = list(packages)
        self.packages.mkdir(parents=True, exist_ok=True)
        for package in self.offers():
            if package not in wanted:
                present = self.packages / package.file
                present.unlink()
                present.with_name(f"{present.name}.sig").unlink(missing_ok=True)
        new = []
        for package in wanted:
            target = self.packages / package.file
            if not target.exists():
                new.append(shutil.copyfile(self.ensure(package), target))
        if new:
            self.sign(new)
        self.write_lists(wanted)
