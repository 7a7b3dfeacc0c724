# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of selection ask of a package manager: the part in which package managers differ."""

from typing import Any, Collection, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Change


class Offer(NamedTuple):
    """A version that the host could install. `found`: how the package manager's own code names it."""

    name: str
    arch: str
    version: str
    found: Any = None


class Sighting(NamedTuple):
    """One package as the host sees it.

    `name`: the bare name, None where the host knows no such package; `installed`: its installed versions, the
    oldest first; `offer`: the version that was asked for, else the one that the package manager would take;
    None where neither the repositories nor the host have it.
    """

    name: Optional[str]
    installed: Tuple[str, ...] = ()
    offer: Optional[Offer] = None


class Upgrade(NamedTuple):
    """The changes that upgrade all, and why others stay behind: reasons by name, as far as they are told."""

    changes: List[Change]
    left: Dict[str, str]


class Solver:
    """A package manager that plans. Whatever can't be had raises DriverError.

    `holds`: the names that are held; `updates`: see Driver.updates.
    """

    name = ""
    # The command by which a person sees why something can't be had.
    trying = ""
    # What the remedy for an unknown package says besides.
    naming = ""
    # The distribution whose repositories don't say which updates close security holes; empty where they do.
    unmarked = ""
    holds: Collection[str]
    updates: List[Dict[str, Any]]

    def is_name(self, text: str) -> bool:
        """Tell whether `text` can name a package, and nothing else that the package manager would expand."""
        raise NotImplementedError

    def is_version(self, text: str) -> bool:
        """Tell whether `text` can be a version."""
        raise NotImplementedError

    def normal(self, version: str) -> str:
        """Return a version as the package manager itself writes it."""
        return version

    def named(self, asked: List[Tuple[str, str]]) -> List[Sighting]:
        """Return the sighting of each (name, version) that a user named; an empty version means any."""
        raise NotImplementedError

    def members(self, members: List[Dict[str, Any]]) -> List[Sighting]:
        """Return the sighting of each member of a patch set: `offer` is exactly its version."""
        raise NotImplementedError

    def offer_for(self, update: Dict[str, Any]) -> Optional[Offer]:
        """Return what brings one of `updates`."""
        raise NotImplementedError

    def closing(self, update: Dict[str, Any]) -> List[Offer]:
        """Return the versions of one of `updates` that close security holes, the newest first.

        Among them may be the candidate; none that the host's settings keep away.
        """
        return []

    def is_older(self, version: str, other: str) -> bool:
        """Tell whether `version` sorts before `other`."""
        raise NotImplementedError

    def upgrade_all(self, allow_removals: bool) -> Upgrade:
        """Return the changes that upgrade what can be upgraded."""
        raise NotImplementedError

    def install(self, offers: List[Offer], allow_removals: bool) -> List[Change]:
        """Return the changes that bring exactly `offers`."""
        raise NotImplementedError

    def complete(self, changes: List[Change]) -> List[Change]:
        """Return the changes of the finished plan with what is too expensive to read for each question."""
        return changes
