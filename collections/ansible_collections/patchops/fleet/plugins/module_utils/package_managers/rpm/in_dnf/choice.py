# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the offered versions dnf takes: excludes, the priorities of repositories, module streams. Pure."""

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause, KeptBack
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Key,
    Package,
    by_version,
    older,
)


class Pair(NamedTuple):
    """An installed package and its update.

    `after`: the newest version that dnf takes, or where it takes none the newest one, which is `blocked`;
    `passed_over`: the newest version of all, where that is not what dnf takes; `replaced_by`: the name of
    `after` where it is another one.
    """

    before: Package
    after: Package
    blocked: bool = False
    passed_over: Optional[Package] = None
    replaced_by: Optional[str] = None


class Choice:
    """What excludes leave (`shown`), and of that what the best repository with the package has.

    `priorities`: by repository, 99 where none is set; the lower the better. `modules`: the module stream of
    what only module filtering hides, by ``name-version.arch``.
    """

    def __init__(
        self,
        shown: Iterable[Package],
        priorities: Mapping[str, int],
        modules: Optional[Mapping[str, str]] = None,
    ) -> None:
        self._priorities = priorities
        self._modules = modules or {}
        self._shown = set()
        self._best: Dict[str, int] = {}
        for one in shown:
            self._shown.add(_identity(one))
            self._best[one.name] = min(self._priority(one), self._best.get(one.name, self._priority(one)))

    def takes(self, package: Package) -> bool:
        """Tell whether dnf would take this package of this repository."""
        return _identity(package) in self._shown and self._priority(package) == self._best[package.name]

    def why_not(self, package: Package) -> Tuple[Cause, str]:
        """Return why it would not."""
        told = f"{package.version} of {package.repository}"
        stream = self._modules.get(f"{package.name}-{package.version}.{package.arch}")
        if stream is not None:
            if stream:
                return Cause.MODULE, f"{told} is of the module stream {stream}, which is not enabled"
            return Cause.MODULE, f"an enabled module stream hides {told}, which is part of none"
        if _identity(package) not in self._shown:
            return Cause.EXCLUDE, f"an exclude or version lock in dnf's configuration keeps {told} away"
        best, own = self._best[package.name], self._priority(package)
        return (
            Cause.PRIORITY,
            f"{told} stands back, whose priority is {own}: a repository of priority {best} has the package",
        )

    def kept_back(self, pair: Pair, security: bool) -> Optional[KeptBack]:
        """Return what is passed over of an update; `security`: whether that closes holes which stay."""
        kept = pair.passed_over
        if kept is None or not (pair.blocked or security):
            return None
        cause, reason = self.why_not(kept)
        return KeptBack(kept.version, cause, reason, security)

    def _priority(self, package: Package) -> int:
        return self._priorities.get(package.repository or "", 99)


def _identity(package: Package) -> Tuple[str, str, str, Optional[str]]:
    return package.name, package.arch, package.version, package.repository


def pair_updates(
    installed: Mapping[Key, Package], offers: Iterable[Package], choice: Choice
) -> Iterable[Pair]:
    """Yield the updates among `offers`; `installed`: the newest version of each package."""
    by_key: Dict[Key, List[Package]] = {}
    for one in offers:
        by_key.setdefault((one.name, one.arch), []).append(one)
    for key in sorted(by_key):
        before = installed.get(key) or next((installed[one] for one in installed if one[0] == key[0]), None)
        if before is None:
            continue
        sorted_offers = by_version(by_key[key])
        allowed = [one for one in sorted_offers if choice.takes(one)]
        after, newest = (allowed or sorted_offers)[-1], sorted_offers[-1]
        passed_over = newest if not allowed or older(after, newest) else None
        yield Pair(before, after, not allowed, passed_over)
