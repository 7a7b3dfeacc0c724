# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's repositories offer, from the metadata that zypper keeps of them.

zypper's own lists have neither the sums of packages nor which packages an advisory is about.
"""

import os
import re
import time
from typing import Any, Collection, Dict, Iterator, List, Optional, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import repodata
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.advisories import Advisories
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
    by_version,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import (
    answers,
    command,
    configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.times import format_time

# Packages are named on zypper's command line, where a leading "-" or "!" would remove them.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~-]*\Z")
_NEVER_READ = "it was never read: its metadata is not on the host"


class Catalog:
    """The enabled repositories, read as far as somebody asks."""

    def __init__(self) -> None:
        listed = command.ask(["repos", "--details"])
        if listed.rc != command.NO_REPOSITORIES:
            command.expect("repos", listed)
        self.repositories = [self._indexed(one) for one in answers.repositories(listed.root)]
        self._offers: Dict[str, List[Package]] = {}
        self._known: Set[str] = set()
        self._advisories: Optional[Advisories] = None

    def offers(self, name: str) -> List[Package]:
        """Return the packages of a name that repositories offer, the oldest first.

        Of the same version in several repositories the first is that which zypper prefers.
        """
        self.read([name])
        return self._offers.get(name, [])

    def read(self, names: Collection[str]) -> None:
        """Read what repositories offer under `names`, or in the place of them, in one go."""
        missing = set(names) - self._known
        if not missing:
            return
        found: Dict[str, List[Package]] = {}
        for repository in sorted(self.repositories, key=lambda one: (one["priority"], one["alias"])):
            for package in self._packages(repository, missing):
                if _NAME.match(package.name) and package.arch not in ("src", "nosrc"):
                    found.setdefault(package.name, []).append(package)
        self._known |= missing
        for name, packages in found.items():
            known = {(one.arch, one.version, one.repository) for one in self._offers.get(name, ())}
            new = [one for one in packages if (one.arch, one.version, one.repository) not in known]
            self._offers[name] = by_version(self._offers.get(name, []) + new)

    def replacing(self, installed: Collection[Package]) -> Iterator[Package]:
        """Yield the newest packages that obsolete one of `installed`."""
        by_name = {one.name: one for one in installed}
        self.read(by_name)
        for packages in self._offers.values():
            newest = packages[-1]
            if any(entry.name in by_name for entry in newest.found):
                yield newest

    def find(self, name: str, arch: str, version: str, repository: str = "") -> Optional[Package]:
        """Return an offered package; of several repositories the one that zypper prefers."""
        for one in self.offers(name):
            if one.arch == arch and one.version == version and repository in ("", one.repository):
                return one
        return None

    def add(self, offer: answers.Offer) -> Package:
        """Return the package of an offer without repodata, as in a plain directory; a plan refuses it."""
        package = Package(
            name=offer.name,
            arch=offer.arch,
            version=offer.version,
            source_rpm="",
            vendor="",
            section="",
            repository=offer.repository,
            recorded="",
            manual=False,
            sha256=None,
            download_bytes=0,
            disk_bytes=0,
            installed_at=0,
            found=[],
        )
        self._offers[offer.name] = by_version(self.offers(offer.name) + [package])
        return package

    def is_preferred(self, package: Package) -> bool:
        """Tell whether no repository of a better priority offers a package of this name."""
        priorities = {one["alias"]: one["priority"] for one in self.repositories}
        best = min(priorities[one.repository or ""] for one in self.offers(package.name))
        return bool(priorities[package.repository or ""] == best)

    def advisories(self) -> Advisories:
        """Return what the repositories advise."""
        if self._advisories is None:
            found = [one for repository in self.repositories for one in self._advised(repository)]
            self._advisories = Advisories(found)
        return self._advisories

    def _indexed(self, repository: Dict[str, Any]) -> Dict[str, Any]:
        """Return a repository with {error, files, published_at, read_at, valid_until} of its index."""
        place = os.path.join(configuration.metadata_directory(), repository["alias"].replace("/", "_"))
        path = os.path.join(place, "repodata", "repomd.xml")
        found: Dict[str, Any] = {"error": None, "files": {}, "published_at": None, "read_at": None}
        found["valid_until"] = None
        try:
            # zypper touches it when it finds that nothing has changed.
            found["read_at"] = int(os.stat(path).st_mtime)
            found.update(repodata.read_index(path))
            found.update(_validity(found["files"].get("suseinfo"), found["published_at"]))
        except FileNotFoundError:
            if not os.path.isdir(place) or not os.listdir(place):
                found["error"] = _NEVER_READ
        except (OSError, ValueError) as error:
            found["error"] = f"{path}: {error}"
        return dict(repository, **found)

    def _packages(self, repository: Dict[str, Any], names: Set[str]) -> List[Package]:
        path = repository["files"].get("primary")
        if not path:
            return []
        try:
            return list(repodata.read_packages(path, repository["alias"], names))
        except (OSError, ValueError) as error:
            raise _unreadable(repository, error)

    def _advised(self, repository: Dict[str, Any]) -> List[Dict[str, Any]]:
        path = repository["files"].get("updateinfo")
        if not path:
            return []
        try:
            return list(repodata.read_advisories(path))
        except (OSError, ValueError) as error:
            raise _unreadable(repository, error)


def _validity(path: Optional[str], published: Optional[int]) -> Dict[str, Any]:
    """Return {valid_until, error} of an index; zypper only warns of one that is past its date."""
    lifetime = repodata.read_lifetime(path) if path and published else None
    until = published + lifetime if published and lifetime else None
    error = None
    if until and until < time.time():
        error = f"it is past its date, expired since {format_time(until)}: the mirror is out of date"
    return {"valid_until": until, "error": error}


def describe(repository: Dict[str, Any]) -> Dict[str, Any]:
    """Return a repository of the catalog as rpm/driver.py's describe_repository takes it."""
    now = int(time.time())
    published, read_at = repository["published_at"], repository["read_at"]
    known = bool(repository["files"])
    signature = "metadata" if repository["metadata_signed"] else "packages"
    signed = repository["metadata_signed"] or repository["packages_signed"]
    return {
        "id": repository["alias"],
        "uri": repository["uri"],
        "suite": repository["alias"],
        "codename": None,
        "archive": None,
        "component": None,
        "origin": None,
        "label": repository["name"],
        "signed": signed,
        "signature": signature if signed else "none",
        "signed_by": next(iter(configuration.keys_of(repository["alias"])), None),
        "published_at": published,
        "valid_until": repository["valid_until"],
        "read_seconds_ago": max(0, now - read_at) if read_at else None,
        "age_seconds": max(0, now - published) if published else None,
        # One that could not be read may be the one with the security updates.
        "security": "updateinfo" in repository["files"] if known else True,
        "error": repository["error"],
    }


def _unreadable(repository: Dict[str, Any], error: Exception) -> DriverError:
    return DriverError(
        "repository_unreadable",
        "What zypper keeps of the repository {alias} can't be read: {error}.".format(
            alias=repository["alias"], error=error
        ),
        "zypper clean --metadata and zypper refresh fetch it anew.",
    )
