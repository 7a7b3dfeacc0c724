# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ports behind which package managers differ: one reads a host, the other one changes it."""

from abc import ABC, abstractmethod
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.source_terms import terms_of

__all__ = ["Changer", "Driver", "DriverError", "Reader"]


class Reader(ABC):
    """Answers about the packages of a host.

    Shapes are those of the host document (schemas/patchops.host.json). Whatever can't be read raises
    DriverError; an empty answer means that there is nothing.
    """

    name = ""
    # Commands for people, named in remedies: to repair what was left half done, to make room, to look closer.
    repairing = ""
    cleaning = ""
    inspecting = ""
    # What the administrator allows for security repositories; an operation sets what it was told.
    source_terms = terms_of(None)

    @abstractmethod
    def available(self) -> bool:
        """Tell whether this is the package manager of the host."""

    @abstractmethod
    def version(self) -> str:
        """Return the package manager's own version."""

    @abstractmethod
    def platform_arch(self) -> str:
        """Return the architecture as the package manager names it (``amd64``, ``x86_64``)."""

    @abstractmethod
    def forget(self) -> None:
        """Drop what was read before something changed it."""

    @abstractmethod
    def installed(self) -> List[Dict[str, Any]]:
        """Return [{name, version, arch, source, source_version, section, origin, suite, manual}]."""

    def versions(self) -> List[Dict[str, Any]]:
        """Return [{name, version, arch}] of what is installed, whatever state the repositories are in."""
        return self.installed()

    @abstractmethod
    def holds(self) -> List[str]:
        """Return the names of held packages, sorted."""

    def remounts(self) -> bool:
        """Tell whether the package manager makes read-only file systems writable while it installs."""
        return False

    @abstractmethod
    def broken(self) -> Dict[str, Any]:
        """Return {interrupted, packages: [{name, arch, state}], reason}."""

    @abstractmethod
    def repositories(self) -> List[Dict[str, Any]]:
        """Return the enabled repositories with signature, dates and what is wrong with them."""

    @abstractmethod
    def security_source(self, repositories: List[Dict[str, Any]]) -> Dict[str, Any]:
        """Return {status, reason, repositories: [id]} judged from what `repositories` returned."""

    @abstractmethod
    def refresh(self) -> List[Dict[str, Any]]:
        """Fetch the repositories' indexes. Return [{repository, message}], empty when all were fetched."""

    def refresh_warnings(self) -> List[str]:
        """Return what went wrong in the last `refresh` although every index was fetched."""
        return []

    @abstractmethod
    def updates(self) -> List[Dict[str, Any]]:
        """Return the newer versions that enabled repositories offer for installed packages."""

    @abstractmethod
    def lock_holder(self) -> Optional[Dict[str, Any]]:
        """Return {pid, command} of who holds the package manager's lock, or None."""

    @abstractmethod
    def kernel_packages(self) -> List[Dict[str, Any]]:
        """Return the installed kernels, oldest first: [{release, package, version}]."""

    def reboot_requests(self) -> List[str]:
        """Return the packages that changed since the boot and are in effect after the next one only."""
        return []

    @abstractmethod
    def owners(self, paths: List[str]) -> Dict[str, str]:
        """Return the package of each of `paths` that one owns."""

    @abstractmethod
    def space_paths(self) -> List[Dict[str, str]]:
        """Return [{path, purpose}] of where packages land."""


class Changer(ABC):
    """Plans changes of packages, carries them out and takes them back.

    A plan is a contract (contracts/plan.py); `changes` are those of its document.
    """

    @abstractmethod
    def plan(
        self, selection: Dict[str, Any], allow_removals: bool, blocked: Sequence[Dict[str, str]] = ()
    ) -> Plan:
        """Return what would be done for `selection` (see transaction/requests.py), without doing it.

        `blocked`: versions ({name, version}) that were taken back, and that no plan brings again.
        """

    @abstractmethod
    def acquire(self, plan: Dict[str, Any], directory: str) -> List[str]:
        """Put every package of `plan` into `directory`, check its bytes, and return the files."""

    @abstractmethod
    def acquire_way_back(
        self, plan: Dict[str, Any], directory: str, nearby: Iterable[str] = (), rebuilding: bool = False
    ) -> List[Dict[str, Any]]:
        """Put what `plan` replaces or removes into `directory`; each package says `how` it was obtained.

        `nearby`: directories that may hold a package already; `rebuilding`: make what nobody serves any more
        from the installed files.
        """

    @abstractmethod
    def file_names(self, changes: List[Dict[str, Any]]) -> List[str]:
        """Return the names under which `acquire` leaves what `changes` of a plan install."""

    @abstractmethod
    def removal(self, name: str, arch: str, version: str) -> str:
        """Return what `install` and `simulate` take for an installed package that is to go."""

    @abstractmethod
    def known_names(self) -> List[str]:
        """Return the names of all packages that left a trace on the host, removed ones included."""

    @abstractmethod
    def forget_packages(self, names: List[str], log: str) -> None:
        """Remove what packages that were removed left behind; output goes to `log`."""

    @abstractmethod
    def simulate(self, files: List[str], removals: List[str], allow_downgrades: bool) -> List[Dict[str, Any]]:
        """Return what installing `files` would do, without repositories: [{name, arch, from, to}]."""

    @abstractmethod
    def install(self, files: List[str], removals: List[str], allow_downgrades: bool, log: str) -> None:
        """Install `files` and remove `removals`, without repositories; `log` is a file for the output."""

    def complaints(self, log: str) -> List[str]:
        """Return the failures of the newest change in `log` that the package manager takes for success."""
        return []

    def altered(self, packages: Sequence[Tuple[str, str, str]]) -> Set[Tuple[str, str, str]]:
        """Return those of the installed `packages` (name, arch, version) that are not whole.

        Cut off while its files were replaced, a package has files of both versions. Where the package manager
        notes that itself, `broken` tells it and this has nothing to add.
        """
        return set()

    @abstractmethod
    def put_back_by_force(self, files: List[str], removals: List[str], log: str) -> None:
        """The same without asking for consistency, when the former state is the only way out."""

    @abstractmethod
    def recover(self, log: str) -> None:
        """Finish a change of our own that was interrupted."""

    def clear_scratch(self, files: List[str]) -> List[str]:
        """Remove what a killed package manager left of unpacking the packages `files`; return the paths.

        Where the package manager clears that itself there is nothing to do.
        """
        return []

    @abstractmethod
    def marks(self) -> List[str]:
        """Return the automatically installed packages, sorted."""

    @abstractmethod
    def restore_marks(self, marks: List[str], names: List[str]) -> None:
        """Of the packages `names`, make those in `marks` the automatically installed ones."""

    @abstractmethod
    def block(self, versions: List[Dict[str, str]], transaction_id: str) -> None:
        """Keep the host's own updaters from installing `versions` ([{name, version}])."""

    @abstractmethod
    def unblock(self, transaction_id: str) -> None:
        """Take back what `block` did for this transaction."""

    def released(self) -> None:  # noqa: B027 - most package managers have put off nothing
        """Take up what was put off while a transaction of ours was not closed; none is open now."""

    @abstractmethod
    def updater_locks(self) -> List[str]:
        """Return the lock files that keep the host's own updaters waiting while somebody holds them."""


class Driver(Reader, Changer):
    """A package manager that PatchOps changes hosts by."""
