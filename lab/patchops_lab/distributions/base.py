# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one interface behind which the lab's distributions differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from patchops_lab.distributions.disguise import Changes, change
from patchops_lab.errors import LabError
from patchops_lab.image_spec import ImageSpec
from patchops_lab.layered_disk import LayeredDisk
from patchops_lab.paths import LabPaths
from patchops_lab.progress import Progress
from patchops_lab.spec import HostSpec

Package = tuple[str, str, str]


@dataclass(frozen=True)
class ImagedHost:
    """A host, its image, and the image's root directory."""

    spec: HostSpec
    image: ImageSpec
    root: Path


class BrokenSuite(ABC):
    """A part of a lab's mirror that can be broken, and put right again.

    `package` is the one that a fault is about, empty when none was named. What a distribution's mirrors can't
    suffer raises LabError with the reason.
    """

    package: str

    @abstractmethod
    def break_signature(self) -> None:
        """The lists are no longer what was signed."""

    @abstractmethod
    def expire(self) -> None:
        """The lists are signed, and past their date."""

    @abstractmethod
    def remove_file(self) -> None:
        """The lists name the package, and its files are gone."""

    @abstractmethod
    def flip_bytes(self) -> None:
        """The package's file has its size, and other bytes."""

    @abstractmethod
    def withdraw(self) -> None:
        """The package is neither in the lists nor there."""

    @abstractmethod
    def withdraw_old(self) -> None:
        """Of the package only the newest version is left, as at mirrors that drop the superseded."""

    @abstractmethod
    def rebuild(self) -> None:
        """The newest version of the package, properly listed and signed, with other bytes."""

    @abstractmethod
    def publish_newer(self) -> None:
        """A version 1.2 of one of the lab's own packages appears beside what there is."""

    @abstractmethod
    def put_right(self) -> None:
        """Bring back what there was before the first fault; nothing happens if there was none."""


class Distribution(ABC):
    """What sets the hosts of one release apart from those of the others.

    Every image begins as a Debian, because that is what the package mirror of the machine has.

    :ivar release: its name in lab files
    :ivar suite: the Debian suite of the image
    :ivar image_packages: what the image holds besides what every host has
    :ivar programs: what making such hosts takes on this machine: program to its Debian package
    :ivar missing_settings: settings of HostSpec that such a host has not
    :ivar services: the names of the lab's own packages, and the port where one carries a service
    :ivar old, new, newest: the three versions of a lab package, as the package manager says them:
        installed; offered; and what BrokenSuite.publish_newer offers
    :ivar arch: what the package manager says of a package that fits every machine
    :ivar package_manager: what changes packages there
    :ivar package_cache: where it puts what it downloads
    :ivar lock_files: what it locks while it changes packages
    :ivar lock_pids: where it writes its process id meanwhile, with the same meaning
    :ivar changing: the processes that change packages, as a pattern for pgrep -f
    :ivar auditing: the command that names packages half done, there twice or in conflict; silent without
    :ivar refreshing: the command by which a person on the host reads the mirror's lists anew
    :ivar listing_reasons: the one that lists which packages are there for their own sake, or which are not
    :ivar updates_suite: where the mirror offers the new versions, as faults name it
    :ivar installed_suite: where it has the installed ones
    """

    release: str
    suite: str
    image_packages: tuple[str, ...] = ()
    programs: ClassVar[Mapping[str, str]] = {}
    missing_settings: frozenset[str] = frozenset()
    services: ClassVar[Mapping[str, int | None]]
    old: str
    new: str
    newest: str
    arch: str
    package_manager: str
    package_cache: str
    lock_files: tuple[str, ...]
    lock_pids: tuple[str, ...] = ()
    changing: str
    auditing: tuple[str, ...]
    refreshing: tuple[str, ...]
    listing_reasons: tuple[str, ...]

    @property
    def updates_suite(self) -> str:
        return self.release

    @property
    def installed_suite(self) -> str:
        return self.release

    def packages_of(self, host: HostSpec, architecture: str) -> set[str]:
        """The Debian packages that the image of a host holds besides what every host has."""
        return {*self.image_packages, *host.packages}

    @property
    def suites(self) -> tuple[str, ...]:
        """All that `suite_of` knows."""
        return tuple(sorted({self.updates_suite, self.installed_suite}))

    @property
    def image_changes(self) -> Changes:
        """What `prepare` changes in the files of a fresh Debian; other changes are another image."""
        return {}

    def prepare(self, root: Path) -> None:
        """Make a fresh Debian into this distribution; the image's root directory."""
        change(root, self.image_changes)

    @abstractmethod
    def publish(
        self, paths: LabPaths, hosts: Sequence[ImagedHost], old_gone: bool, progress: Progress
    ) -> None:
        """Make the lab's mirror serve what these hosts need.

        :param old_gone: without superseded versions
        """

    @abstractmethod
    def ensure_layer(self, image: Path, host: HostSpec) -> Path | None:
        """The directory that, laid over an image, adds the host's apps in their old version; None: none."""

    @abstractmethod
    def host_files(self, host: HostSpec, public_key: str) -> dict[str, tuple[str, int]]:
        """What leads a host to the mirror: path in the host to content and mode.

        :param public_key: of the key that signs the mirror
        """

    @abstractmethod
    def installed(self, disk: LayeredDisk) -> set[Package]:
        """What the host with this disk has installed, read without it: name, version, architecture."""

    @abstractmethod
    def suite_of(self, paths: LabPaths, target: str) -> BrokenSuite:
        """A part of the mirror to be broken.

        :param target: SUITE or SUITE/PACKAGE
        :raises LabError: there is no such suite, or it has no such package
        """

    @abstractmethod
    def upgrading(self, package: str) -> list[str]:
        """The command by which the host's own updater upgrades a package, without questions."""

    @abstractmethod
    def holding(self, package: str) -> list[str]:
        """The command by which a person on the host holds a package."""

    def check_apps(self, host: HostSpec, where: str) -> None:
        """Raise LabError when the host's apps are not this distribution's, or lack what they need."""
        for app in host.apps:
            if app not in self.services:
                raise LabError(f"{where}.apps: {app!r} is not one of {', '.join(sorted(self.services))}.")
            if self.services[app] is not None and not host.python:
                raise LabError(f"{where}.apps: the service of {app} needs python.")
