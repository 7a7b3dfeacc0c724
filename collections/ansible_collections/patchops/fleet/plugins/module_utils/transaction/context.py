# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of a worker share: one transaction, its files, and the driver."""

import os
import shutil
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple, cast

from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import (
    Journal,
    named_snapshot,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import expectations
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import is_revertible

Outcome = Dict[str, str]


class Context:
    """One transaction in the hands of a worker."""

    def __init__(self, state: StateDirectory, directory: TransactionDirectory, driver: Driver) -> None:
        self.state = state
        self.directory = directory
        self.driver = driver
        self.journal = Journal(directory.journal)
        self.request: Dict[str, Any] = read_json(directory.request)
        self.plan: Dict[str, Any] = read_json(directory.plan)

    @property
    def patience(self) -> float:
        """Seconds to wait for locks of others."""
        return float(self._settings()["lock_timeout"])

    @property
    def restarts_services(self) -> bool:
        """Whether units that execute replaced files are restarted."""
        return bool(self._settings()["restart_services"])

    @property
    def confirm_within(self) -> int:
        """Seconds within which a change of what a login goes through has to be confirmed; 0 for never."""
        return int(self._settings()["confirm_within"])

    @property
    def access_packages(self) -> List[str]:
        """Patterns of the site's own packages that a login goes through."""
        return list(self._settings()["access_packages"])

    def _settings(self) -> Dict[str, Any]:
        """Return what the latest call asked for; each call has its own patience."""
        return [one for one in self.journal.entries() if one["event"] == "launched"][-1]

    @property
    def going_back(self) -> List[Dict[str, Any]]:
        """The changes of the plan that packages take back."""
        return [one for one in self.plan["packages"] if is_revertible(one)]

    @property
    def snapshot(self) -> Optional[str]:
        """The snapshot of the host that a call named last, None where none did."""
        return named_snapshot(self.journal.entries())

    @property
    def way_back_limit(self) -> int:
        """Bytes that the packages of all transactions together may take on the host."""
        return int(self._settings()["way_back_limit"])

    def present(self) -> Set[expectations.Package]:
        """Return the host's list of packages as it is now."""
        self.driver.forget()
        return expectations.listed(self.driver.versions())

    def former(self) -> Dict[str, Any]:
        """Return what was saved before the first change: packages, marks, units, material."""
        return cast(Dict[str, Any], read_json(self.directory.way_back_state))

    def former_files(self, changes: Sequence[Dict[str, Any]]) -> Tuple[List[str], List[str]]:
        """Return what takes `changes` back: files to install, and removals as the driver takes them."""
        wanted = {expectations.before_of(one) for one in changes if one["from"]}
        files = [
            os.path.join(self.directory.way_back_packages, one["file"])
            for one in self.former()["material"]
            if (one["name"], one["arch"], one["version"]) in wanted
        ]
        removals = [
            self.driver.removal(one["name"], one["arch"], one["to"]) for one in changes if not one["from"]
        ]
        return files, removals

    def describe(self) -> str:
        """Return the number of packages in words for people."""
        return counted(self.plan["packages"])

    def step(self, name: str, **details: Any) -> None:
        """Journal what is done next."""
        self.journal.append("step", step=name, **details)


def counted(changes: Sequence[Dict[str, Any]]) -> str:
    """Return how many changes these are, in words for people."""
    return "1 package" if len(changes) == 1 else f"{len(changes)} packages"


def outcome_of(error: DriverError) -> Outcome:
    """Return a driver's error as an outcome."""
    return make_outcome(error.code, error.message, error.remedy)


def lift_block(driver: Driver, directory: TransactionDirectory) -> None:
    """Let the versions that a transaction keeps away be installed again."""
    journal = Journal(directory.journal)
    blocked = journal.view().blocked
    if blocked:
        driver.unblock(directory.id)
        journal.append("unblocked", versions=blocked)


def release_files(directory: TransactionDirectory) -> None:
    """Delete what takes room; journal, request and plan stay. Raises OSError for what can't be deleted."""
    for path in (directory.packages, directory.way_back):
        if os.path.exists(path):
            shutil.rmtree(path)
    for path in (directory.payload, directory.environment):
        if os.path.exists(path):
            os.unlink(path)


def nearby_packages(state: StateDirectory, own_id: str) -> List[str]:
    """Return the directories in which other transactions keep packages."""
    directories = [state.transaction(name) for name in state.ids() if name != own_id]
    return [path for one in directories for path in (one.packages, one.way_back_packages)]
