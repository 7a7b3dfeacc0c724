# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many updates of Debian's own a lab's mirror has: those that the archive has today, or a given number.

What the archive has pending changes from day to day: nothing after a point release, a hundred before one.
With PATCHOPS_LAB_ARCHIVE_UPDATES=N a mirror has about N of them on any day: the archive's own as far as they
go, then installed packages again under a higher version. A kernel always has an update.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from patchops_lab import repacking
from patchops_lab.cache import cached, content_key
from patchops_lab.errors import LabError
from patchops_lab.pools import Pool, Suite, index, split_stanzas
from patchops_lab.repository import field

VARIABLE = "PATCHOPS_LAB_ARCHIVE_UPDATES"
_KERNEL = re.compile(r"linux-image-cloud-\w+")
_KERNEL_IMAGE = re.compile(r"linux-image-(\d[^\s,]*)")


def wanted_updates() -> int | None:
    """How many updates of Debian's own the mirror is to have; None: as many as the archive has.

    :raises LabError: the variable says no number
    """
    value = os.environ.get(VARIABLE, "")
    if not value:
        return None
    if not re.fullmatch(r"\d{1,4}", value):
        raise LabError(
            f"{VARIABLE}={value!r} is no number of updates; unset it to have those of the archive."
        )
    return int(value)


def pools_of_the_day(pools: Sequence[Pool]) -> list[Pool]:
    """The pools of one release with the updates that the mirror is to have, also those made here."""
    wanted = wanted_updates()
    shown = list(pools)
    if wanted is not None:
        offered = _distinct(pool.security.stanzas for pool in pools)
        sources = chosen_sources(offered, wanted)
        shown = [_with_updates_of(pool, sources) for pool in pools]
        left = wanted - len(_distinct(pool.security.stanzas for pool in shown))
        installed = _distinct(pool.main.stanzas for pool in pools)
        shown += _repacked(pools, repackable(installed, {*map(source_of, offered)}, left))
    return shown + _kernels(shown)


def chosen_sources(stanzas: Sequence[str], wanted: int) -> set[str]:
    """The sources, the smallest first, whose packages are no more than so many together."""
    chosen: set[str] = set()
    for source, packages in _by_source(stanzas):
        if len(packages) <= wanted:
            chosen.add(source)
            wanted -= len(packages)
    return chosen


def repackable(stanzas: Sequence[str], without: Iterable[str], wanted: int) -> list[str]:
    """The entries of up to so many packages that can have a higher version: no other asks for just this one.

    :param without: sources to leave out
    """
    kernels = {source for source, packages in _by_source(stanzas) if any(map(_is_kernel, packages))}
    tied = {
        source_of(stanza)
        for stanza in stanzas
        for other in stanzas
        if source_of(other) != source_of(stanza) and exactly(stanza) in other
    }
    free = [stanza for stanza in stanzas if source_of(stanza) not in {*without, *kernels, *tied}]
    sources = chosen_sources(free, wanted)
    return [stanza for stanza in free if source_of(stanza) in sources]


def source_of(stanza: str) -> str:
    """The source package of an entry."""
    return (field(stanza, "Source") or field(stanza, "Package")).partition(" ")[0]


def exactly(stanza: str) -> str:
    """How another package depends on just this version of it."""
    return f"{field(stanza, 'Package')} (= {field(stanza, 'Version')})"


def _by_source(stanzas: Iterable[str]) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for stanza in stanzas:
        groups.setdefault(source_of(stanza), []).append(stanza)
    return sorted(groups.items(), key=lambda group: (len(group[1]), group[0]))


def _distinct(suites: Iterable[Sequence[str]]) -> list[str]:
    """The entries of several suites, one for each package."""
    by_name = {field(stanza, "Package"): stanza for stanzas in suites for stanza in stanzas}
    return [by_name[name] for name in sorted(by_name)]


def _with_updates_of(pool: Pool, sources: set[str]) -> Pool:
    kept = tuple(stanza for stanza in pool.security.stanzas if source_of(stanza) in sources)
    return replace(pool, security=replace(pool.security, stanzas=kept))


def _is_kernel(stanza: str) -> bool:
    return _KERNEL_IMAGE.fullmatch(field(stanza, "Package")) is not None


def _repacked(pools: Sequence[Pool], stanzas: Sequence[str]) -> list[Pool]:
    if not stanzas:
        return []
    debs = _debs(pools)
    replaced = {exactly(stanza): f"{exactly(stanza)[:-1]}{repacking.higher('')})" for stanza in stanzas}

    def build(place: Path) -> None:
        for stanza in stanzas:
            repacking.repack(debs[field(stanza, "Package")], place, replaced)

    return [_made(pools[0], stanzas, build)]


def _kernels(pools: Sequence[Pool]) -> list[Pool]:
    """An update of each kernel that has none: a later release of it, which is another package."""
    pending = {field(stanza, "Package") for pool in pools for stanza in pool.security.stanzas}
    installed = _distinct(pool.main.stanzas for pool in pools)
    debs = _debs(pools)
    made = []
    for meta in installed:
        name = field(meta, "Package")
        if not _KERNEL.fullmatch(name) or name in pending:
            continue
        found = _KERNEL_IMAGE.search(field(meta, "Depends"))
        if found is None:
            raise LabError(f"The package {name} depends on no kernel: {field(meta, 'Depends')!r}.")
        build = partial(_build_kernel, (debs[name], debs[found.group()]), found.group(1))
        made.append(_made(pools[0], [meta], build))
    return made


def _build_kernel(files: Iterable[Path], release: str, place: Path) -> None:
    for file in files:
        version = file.name.split("_")[1]
        replaced = {
            release: repacking.next_kernel(release),
            f"(= {version})": f"(= {repacking.higher(version)})",
        }
        repacking.repack(file, place, replaced, rename_files=True)


def _debs(pools: Iterable[Pool]) -> Mapping[str, Path]:
    return {
        field(stanza, "Package"): pool.directory / field(stanza, "Filename")
        for pool in pools
        for stanza in pool.main.stanzas
    }


def _made(like: Pool, stanzas: Sequence[str], build: Callable[[Path], None]) -> Pool:
    """A pool of packages that are made of others, with nothing but their updates."""

    def fill(place: Path) -> None:
        (place / "security").mkdir()
        build(place / "security")
        (place / "security.packages").write_text(index(place, "security"), encoding="utf-8")

    place = cached("made", content_key(list(stanzas)), fill)
    made = split_stanzas((place / "security.packages").read_text(encoding="utf-8"))
    return Pool(place, replace(like.main, stanzas=()), Suite(like.security.identity, made))
