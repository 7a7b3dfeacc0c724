# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break an RPM repository on the lab's mirror, and to put it right.

Before the first fault the whole repository is kept (as links: nothing writes into a file that is there).
"""

import os
import shutil
from pathlib import Path

from patchops.lab.distributions import rpm_apps
from patchops.lab.distributions.base import BrokenSuite
from patchops.lab.distributions.rpm_repository import Package, RpmRepository, ensure_packages
from patchops.lab.errors import LabError
from patchops.lab.repository import replace_file


class BrokenRpmSuite(BrokenSuite):
    """The RPM repository of a lab's hosts of one release, to be broken.

    :param kept: the directory where what was there before is kept
    :param target: the release ("rocky9"), or release/package
    :raises LabError: there is no such repository, or it has no such package
    """

    def __init__(self, repository: RpmRepository, kept: Path, target: str) -> None:
        name, _slash, self.package = target.partition("/")
        self.repository = repository
        self._name = name
        self._kept = kept / name
        if not repository.directory.is_dir():
            raise LabError(f"The mirror has no repository {name!r}: the lab has no such host.")
        if self.package and not self._of_package():
            raise LabError(f"The repository {name} has no package {self.package!r}.")

    def break_signature(self) -> None:
        """The index of the metadata is no longer what was signed."""
        self._keep()
        index = self.repository.directory / "repodata/repomd.xml"
        replace_file(index, index.read_bytes() + b"<!-- altered -->\n")

    def expire(self) -> None:
        """Raises LabError: signed RPM metadata carries no date until which it holds."""
        raise LabError(
            "The metadata of an RPM repository doesn't expire: nothing signed says until when it holds."
        )

    def remove_file(self) -> None:
        """The metadata names the newest version of the package, and its file is gone."""
        newest = self._newest()
        self._keep()
        (self.repository.packages / newest.file).unlink()

    def flip_bytes(self) -> None:
        """The file of the newest version has its size, and other bytes."""
        newest = self._newest()
        self._keep()
        file = self.repository.packages / newest.file
        content = bytearray(file.read_bytes())
        content[-1] ^= 0xFF
        replace_file(file, bytes(content))

    def withdraw(self) -> None:
        """Neither the metadata nor the directory has the package."""
        self._publish([one for one in self.repository.offers() if one not in self._of_package()])

    def withdraw_old(self) -> None:
        """Of the package only the newest version is left."""
        gone = self._of_package()[:-1]
        self._publish([one for one in self.repository.offers() if one not in gone])

    def rebuild(self) -> None:
        """The newest version of the package, listed and signed, with other bytes."""
        newest = self._newest()
        self._keep()
        file = self.repository.packages / newest.file
        # A signature more changes the file and nothing that is installed.
        replace_file(file, ensure_packages([newest])[newest].read_bytes())
        self.repository.sign([file], digest="sha512")
        self.repository.write_metadata(self.repository.offers())

    def publish_newer(self) -> None:
        """A version 1.2 of the package appears beside what there is.

        :raises LabError: the package is not one that can have it
        """
        app = self._newest().app
        if rpm_apps.APPS[app].only or app == rpm_apps.KERNEL:
            raise LabError(f"{self.package!r} is not a package of the lab that can have another version.")
        self._publish([*self.repository.offers(), Package(app, rpm_apps.NEWEST)])

    def put_right(self) -> None:
        """Bring back what the repository was before the first fault; nothing happens if there was none."""
        if self._kept.is_dir():
            shutil.rmtree(self.repository.directory)
            self._kept.rename(self.repository.directory)

    def _publish(self, packages: list[Package]) -> None:
        self._keep()
        self.repository.publish(packages)

    def _keep(self) -> None:
        if not self._kept.is_dir():
            shutil.copytree(self.repository.directory, self._kept, copy_function=os.link)

    def _of_package(self) -> list[Package]:
        return [one for one in self.repository.offers() if rpm_apps.package_of(one.app) == self.package]

    def _newest(self) -> Package:
        if not self.package:
            raise LabError(f"{self._name!r} names no package; give {self._name}/PACKAGE.")
        return self._of_package()[-1]
