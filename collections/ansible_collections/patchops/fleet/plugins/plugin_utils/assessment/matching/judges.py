# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which feed judges which installed package of a host, and which packages no feed judges.

Most feeds speak of all packages that a distribution publishes for a release. An updateinfo.xml speaks of one
repository, as Alpine's database does: of each repository that packages came from, its own feed must be fresh.
Single documents (VEX, CSAF, OSV) judge the packages that they name, and stand for no other feed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.scope import scope_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import (
    alpine_repositories,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.coverage import not_current
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.placing import Placement
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason

_OF_REPOSITORIES: Final = frozenset({"updateinfo", "alpine-secdb"})
_LTS_LIST: Final = re.compile(r"(?:^|[/-])dla(?:$|[/._-])", re.IGNORECASE)
_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")
_KNOWN_PART: Final = 0.1
"""The part of a repository's packages that its own feed names at least; another's names some by chance."""

Gap = dict[str, str]


@dataclass(slots=True)
class Judged:
    """What of a host was judged. gaps: reasons, with the ``origin`` that they are about where it is one.

    uncovered: {package, origin} of what no feed judges. judges: {repository, feeds, packages, judged}.
    """

    packages: int = 0
    judged: int = 0
    judges: list[dict[str, Any]] = field(default_factory=list)
    uncovered: list[dict[str, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def add(self, repository: str, feeds: Iterable[str], packages: int, judged: bool) -> None:
        self.packages += packages
        self.judged += packages if judged else 0
        row = {"repository": repository, "feeds": sorted(feeds), "packages": packages, "judged": judged}
        if packages:
            self.judges.append(row)

    def take(self, other: Judged) -> None:
        self.packages += other.packages
        self.judged += other.judged
        self.judges += other.judges
        self.uncovered += other.uncovered
        self.gaps += other.gaps


class Judges:
    """The feeds of one release, asked for the packages of many hosts."""

    def __init__(
        self,
        release: str,
        feeds: Sequence[Source],
        is_fresh: Callable[[Source], bool],
        named_by: Callable[[Placement], frozenset[str]],
    ) -> None:
        """named_by: the sources that speak of a package."""
        self._release = release
        self._fresh = {feed.name for feed in feeds if is_fresh(feed)}
        self._some = {feed.name for feed in feeds if _is_of_some(feed)}
        self._whole = [
            feed for feed in feeds if feed.kind not in _OF_REPOSITORIES and feed.name not in self._some
        ]
        self._parts = {feed.name: feed for feed in feeds if feed.kind in _OF_REPOSITORIES}
        self._named_by = named_by
        self._speakers: dict[Placement, frozenset[str]] = {}

    def of(
        self,
        packages: Sequence[Mapping[str, Any]],
        placed: Sequence[Placement],
        document: Mapping[str, Any],
        lts: bool,
    ) -> Judged:
        """What judges these packages of one host. lts: the release gets its updates from an LTS team."""
        found = Judged()
        _of_others(packages, placed, document, found)
        # Most packages of most hosts are neither.
        strange = [one for one in placed if one.foreign or one.nameless]
        strangers = Counter(one.foreign for one in strange if one.foreign)
        for origin, number in sorted(strangers.items()):
            found.add(origin, (), number, judged=False)
        nameless = sum(1 for one in strange if not one.foreign)
        found.add("packages of unknown source", (), nameless, judged=False)
        number = len(placed) - found.packages
        whole = self._whole_release(lts)
        if whole & self._fresh:
            found.add("", whole & self._fresh, number, judged=True)
        elif not self._parts:
            self._by_single_documents(placed, number, whole, found)
            if self._fresh:
                # What is fresh speaks of other packages, so that the release seems to have a feed.
                found.gaps.append(self._gap_of_the_release(whole, lts))
        elif self._release.startswith("alpine:"):
            self._by_component(placed, document.get("repositories"), found)
        else:
            self._by_repository(packages, placed, found)
        return found

    def _by_single_documents(
        self, placed: Sequence[Placement], number: int, whole: set[str], found: Judged
    ) -> None:
        """Without a feed for all packages: those that a fresh document names are judged, and no other."""
        fresh = self._some & self._fresh
        own = [one for one in placed if not one.foreign and not one.nameless] if fresh else []
        judged = Counter(names for one in own if (names := self._spoken_of_by(one) & fresh))
        for names, members in sorted(judged.items(), key=lambda pair: sorted(pair[0])):
            found.add("", names, members, judged=True)
        found.add("", whole, max(number - judged.total(), 0), judged=False)

    def _gap_of_the_release(self, whole: set[str], lts: bool) -> Gap:
        if whole:
            return not_current(self._release, [feed for feed in self._whole if feed.name in whole])
        lists = ", the list of DLAs" if lts else ", the list of DSAs"
        return reason("feed_missing", self._release + (lists if self._whole else ""))

    def _whole_release(self, lts: bool) -> set[str]:
        """The feeds for the whole release; Debian's two lists are of different times of a release's life."""
        return {
            feed.name
            for feed in self._whole
            if feed.kind != "debian-dsa"
            or bool(_LTS_LIST.search(feed.name) or _LTS_LIST.search(feed.location)) == lts
        }

    def _spoken_of_by(self, placement: Placement) -> frozenset[str]:
        known = self._speakers.get(placement)
        if known is None:
            known = self._speakers[placement] = self._named_by(placement)
        return known

    def _by_repository(
        self, packages: Sequence[Mapping[str, Any]], placed: Sequence[Placement], found: Judged
    ) -> None:
        """Each repository's feed is the one called like it, else the one that names most of its packages."""
        members: dict[str, list[Placement]] = {}
        for package, placement in zip(packages, placed, strict=True):
            if not placement.foreign and not placement.nameless:
                members.setdefault(str(package.get("suite") or ""), []).append(placement)
        named = {
            repository: Counter(name for one in its for name in self._spoken_of_by(one) & self._parts.keys())
            for repository, its in members.items()
        }
        for repository, its in sorted(members.items()):
            # A feed that names packages of other repositories alone is theirs, whatever it is called.
            theirs = {name for other in named if other != repository for name in named[other]}
            feeds = self._feeds_of(repository, len(its), named[repository], theirs)
            judged = bool(feeds & self._fresh) if repository else bool(feeds) and feeds <= self._fresh
            found.add(repository, feeds, len(its), judged)
            if not judged:
                self._report(repository or "packages of unknown repository", its, feeds, found)

    def _feeds_of(
        self, repository: str, packages: int, named: Mapping[str, int], theirs: set[str]
    ) -> set[str]:
        if not repository:
            return set(self._parts)
        plain = _NOT_PLAIN.sub("", repository.lower())
        called = {name for name in self._parts if plain and plain in _NOT_PLAIN.sub("", name.lower())}
        if called := {name for name in called if name in named or name not in theirs}:
            return called
        most = max(named.values(), default=0)
        if most < packages * _KNOWN_PART:
            return set()
        return {name for name, number in named.items() if number == most}

    def _by_component(
        self,
        placed: Sequence[Placement],
        repositories: Sequence[Mapping[str, Any]] | None,
        found: Judged,
    ) -> None:
        """apk doesn't tell a package's repository: what no fresh feed names may be of any enabled one."""
        feeds: dict[str, set[str]] = {}
        contents = Counter(feed.sha256 for feed in self._parts.values())
        for name, feed in self._parts.items():
            # One content under two names: of which repository it is, nobody knows.
            if contents[feed.sha256] == 1:
                feeds.setdefault(_component(feed), set()).add(name)
        enabled = alpine_repositories.enabled(repositories, self._release.partition(":")[2])
        lacking = {one for one in enabled if not feeds.get(one, set()) & self._fresh}
        fresh = self._parts.keys() & self._fresh
        own = [one for one in placed if not one.foreign and not one.nameless]
        if not lacking:
            found.add("", fresh, len(own), judged=True)
            return
        silent = [one for one in own if not self._spoken_of_by(one) & fresh]
        found.add("", fresh, len(own) - len(silent), judged=True)
        stale = {name for one in lacking for name in feeds.get(one, ())}
        found.add(", ".join(sorted(lacking)), stale, len(silent), judged=False)
        if silent or stale:
            self._report(", ".join(sorted(lacking)), silent, stale, found)

    def _report(self, repository: str, members: Sequence[Placement], feeds: set[str], found: Judged) -> None:
        if not feeds:
            gap = reason("feed_missing", f"{self._release}, {repository}")
        else:
            gap = not_current(repository, [self._parts[name] for name in feeds])
        found.gaps.append({**gap, "origin": repository})
        names = dict.fromkeys(one.name for one in members)
        found.uncovered += ({"package": name, "origin": repository} for name in names)


def _is_of_some(feed: Source) -> bool:
    """Whether a feed is of single documents; what a former version imported doesn't tell it."""
    return (feed.scope or scope_of(feed.kind, feed.location, feed.records)) == "some"


def _of_others(
    packages: Sequence[Mapping[str, Any]],
    placed: Sequence[Placement],
    document: Mapping[str, Any],
    found: Judged,
) -> None:
    """Packages of the distribution's other releases: its advisories for this one don't speak of them."""
    codename = (document.get("os") or {}).get("codename")
    others = {
        one.get("suite"): str(one["codename"]).partition("-")[0]
        for one in document.get("repositories") or ()
        if codename and one.get("codename") and str(one["codename"]).partition("-")[0] != codename
    }
    if not others:
        return
    members = [
        (placement.name, others[package["suite"]])
        for package, placement in zip(packages, placed, strict=True)
        if package.get("suite") in others and not placement.foreign and not placement.nameless
    ]
    for release, number in sorted(Counter(release for _name, release in members).items()):
        found.add(f"release {release}", (), number, judged=False)
    found.uncovered += (
        {"package": name, "origin": f"release {release}"} for name, release in dict.fromkeys(members)
    )


def _component(feed: Source) -> str:
    """The repository that an Alpine database is of: its files are called main.json, community.json."""
    return PurePath(feed.location).name.partition(".")[0] if ".json" in feed.location else "main"
