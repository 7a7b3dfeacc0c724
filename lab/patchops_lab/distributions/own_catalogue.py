# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own packages as one package manager knows them: their names, versions and files."""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from patchops_lab.distributions.own_apps import OwnApp


@dataclass(frozen=True)
class OwnPackage:
    """One version of an app.

    :ivar app: its name in a catalogue
    :ivar name: what the package manager calls the package
    :ivar arch: what the package manager says of the machines that it fits
    :ivar file: its file name
    :ivar updated: it is not the version with which a host begins
    """

    app: str
    version: str
    name: str
    arch: str
    file: str
    updated: bool


@dataclass(frozen=True)
class Catalogue:
    """The apps that there are for one package manager.

    :ivar apps: by name, the kernel among them
    :ivar versions: of an app, as the package manager says them: installed; offered; and what may appear later
    :ivar kernel: the name of the app that is a kernel, and of its package
    :ivar kernel_versions: installed, and offered
    :ivar arch: what the package manager says of a package that fits every machine
    :ivar file_name: of a package, with {name}, {version} and {arch}
    """

    apps: Mapping[str, OwnApp]
    versions: tuple[str, str, str]
    kernel: str
    kernel_versions: tuple[str, str]
    arch: str
    file_name: str

    def package(self, app: str, version: str) -> OwnPackage:
        """One version of an app."""
        name, arch = self.name_of(app), self.arch_of(app)
        return OwnPackage(
            app=app,
            version=version,
            name=name,
            arch=arch,
            file=self.file_name.format(name=name, version=version, arch=arch),
            updated=version not in (self.versions[0], self.kernel_versions[0]),
        )

    def name_of(self, app: str) -> str:
        """The name of an app's package."""
        return app if app == self.kernel else f"lab-{app}"

    def arch_of(self, app: str) -> str:
        """The architecture of an app's package."""
        return platform.machine() if app == self.kernel else self.arch

    def every(self) -> list[OwnPackage]:
        """All that there can be: by name, the older versions first."""
        found = []
        for app in sorted(self.apps):
            found += self._offered(app)
            if (newer := self.newer(found[-1])) is not None:
                found.append(newer)
        return found

    def offered(self, *, old_gone: bool) -> list[OwnPackage]:
        """What a repository has: by name, the older versions first.

        :param old_gone: the superseded ones are not there any more, as at real mirrors
        """
        found = []
        for app in sorted(self.apps):
            found += self._offered(app)[-1 if old_gone else 0 :]
        return found

    def installed(self, apps: Iterable[str], *, kernel: bool) -> list[OwnPackage]:
        """What is on a new host with these apps, sorted: they and their companions.

        :param kernel: the kernel as well
        """
        chosen = {*apps, self.kernel} if kernel else set(apps)
        chosen |= {other for app in chosen for other in self.apps[app].companions}
        return [self._offered(app)[0] for app in sorted(chosen)]

    def newer(self, package: OwnPackage) -> OwnPackage | None:
        """The version of a package that may appear later; None: there is none."""
        old, new, newest = self.versions
        there_are = [other.version for other in self._offered(package.app)]
        return self.package(package.app, newest) if there_are == [old, new] else None

    def _offered(self, name: str) -> list[OwnPackage]:
        """The versions of an app, the older first."""
        app, (old, new, _newest) = self.apps[name], self.versions
        if name == self.kernel:
            versions: tuple[str, ...] = self.kernel_versions
        elif app.only_old or app.only_new:
            versions = (old,) if app.only_old else (new,)
        else:
            versions = (old, new)
        return [self.package(name, version) for version in versions]
