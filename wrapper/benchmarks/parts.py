# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the benchmark: on which hosts, under which conditions, and who runs there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import contenders
from benchmarks.contenders import Contender, Ratios
from patchops_lab.spec import HostSpec


@dataclass(frozen=True)
class Size:
    """How large a benchmark is.

    :ivar hosts: how many in the parts that patch all there is
    :ivar many: how many in the part with few forks
    :ivar seconds: how long lab-slowapp takes to be installed
    """

    hosts: int
    many: int
    runs: int
    forks: int
    seconds: int


@dataclass(frozen=True)
class Part:
    """One table of the benchmark.

    :ivar host: what each of its hosts is like
    :ivar rounds: those of one tuple take turns
    :ivar marked: hosts say that they want a reboot, as Debian's do after some updates
    """

    title: str
    host: HostSpec
    size: Size
    rounds: tuple[tuple[Contender, ...], ...]
    ratios: Ratios
    marked: bool = False

    @property
    def specs(self) -> tuple[HostSpec, ...]:
        """The hosts of the part's lab."""
        return tuple(replace(self.host, name=f"host{number}") for number in range(1, self.size.hosts + 1))


def parts(names: Iterable[str], size: Size, store: Path) -> list[Part]:
    """Return the named parts; our contenders keep their documents in `store`."""
    # With Python's bindings to apt: Ansible's apt module would install them first.
    debian = HostSpec("host", python_apt=True)
    known = {
        "apt": Part(
            "apt (Debian 12): all pending updates; a reboot",
            debian,
            size,
            (contenders.looking(store), contenders.patching("patch_apt", store)),
            (*contenders.LOOK_RATIOS, *contenders.PATCH_RATIOS),
            marked=True,
        ),
        "dnf": Part(
            f"dnf 4 (Rocky Linux 9): a kernel, packages of the lab ({size.seconds} s for one); a reboot",
            HostSpec("host", "rocky9", kernel=True, apps=("goodapp", "library", "plainapp", "slowapp")),
            size,
            (contenders.patching("patch_dnf", store, patchops_reboot="always"),),
            contenders.PATCH_RATIOS,
        ),
        "forks": Part(
            f"few forks (Debian 12): one package that takes {size.seconds} seconds; no reboot",
            replace(debian, apps=("slowapp",)),
            replace(size, hosts=size.many, runs=1, forks=min(size.forks, 5)),
            (contenders.updating_slowly(store),),
            contenders.SLOW_RATIOS,
        ),
    }
    return [known[name] for name in names]


NAMES = ("apt", "dnf", "forks")
