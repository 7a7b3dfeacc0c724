# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break a Debian suite on the lab's mirror, and to put it right.

Before a suite is broken for the first time, its lists and packages are kept (as links: nothing writes into a
file that is there); putting a suite right brings all of that back.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from patchops_lab import apps
from patchops_lab.commands import run
from patchops_lab.distributions.base import BrokenSuite
from patchops_lab.errors import LabError
from patchops_lab.files import replace_file
from patchops_lab.image_spec import machine_architecture
from patchops_lab.paths import LabPaths
from patchops_lab.pools import Suite, identity_of, index, split_stanzas
from patchops_lab.repository import VENDOR_SUITE, Repository, SuitePlace, field, stanza_file

_EXPIRED = timedelta(days=-2)


class BrokenDebianSuite(BrokenSuite):
    """One suite of a lab's mirror, to be broken.

    :param target: its name ("bookworm-security", "stable" for the third party's), or name/package
    :raises LabError: the mirror has no such suite, or the suite no such package
    """

    def __init__(self, paths: LabPaths, target: str) -> None:
        name, _slash, self.package = target.partition("/")
        self.repository = Repository(paths.repository, paths.signing_home, machine_architecture())
        self.place = place_of(name)
        self._kept = paths.kept / name
        if not self.repository.directory(self.place).is_dir():
            raise LabError(f"The mirror of the lab {paths.state.name} has no suite {name!r}.")
        if self.package and not self._entries():
            raise LabError(f"The suite {name} has no package {self.package!r}.")

    def break_signature(self) -> None:
        """The lists are no longer what was signed."""
        self._keep()
        release = self.repository.directory(self.place) / "InRelease"
        replace_file(
            release, release.read_bytes().replace(b"\nComponents: main\n", b"\nComponents: main extra\n")
        )

    def expire(self) -> None:
        """The lists are signed, and two days past their date."""
        self._keep()
        self.repository.write_release(self.place, self._identity(), valid=_EXPIRED)

    def date_back(self, age: timedelta) -> None:
        """The lists are signed, of a date in the past, and never expire."""
        self._keep()
        self.repository.write_release(self.place, self._identity(), valid=None, age=age)

    def remove_file(self) -> None:
        """The lists name the package, and its file is gone."""
        files = self._files()
        self._keep()
        for file in files:
            file.unlink()

    def flip_bytes(self) -> None:
        """The file of the package has its size, and other bytes."""
        files = self._files()
        self._keep()
        for file in files:
            content = bytearray(file.read_bytes())
            middle = len(content) // 2
            content[middle : middle + 16] = bytes(byte ^ 0xFF for byte in content[middle : middle + 16])
            replace_file(file, bytes(content))

    def withdraw(self) -> None:
        """The package is neither in the lists nor there."""
        kept = self._other_entries()
        self.remove_file()
        self._publish(kept)

    def withdraw_old(self) -> None:
        """As `withdraw`: the suite of the installed versions has no newer ones."""
        self.withdraw()

    def rebuild(self) -> None:
        """The same version of the package, properly listed and signed, with other bytes."""
        files = self._files()
        self._keep()
        with _scratch() as scratch:
            for file in files:
                tree = scratch / "tree"
                run(["dpkg-deb", "--raw-extract", str(file), str(tree)], doing=f"unpack {file.name}")
                (tree / "DEBIAN/rebuilt").write_text("elsewhere\n", encoding="ascii")
                build = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build"]
                run([*build, str(tree), str(scratch / "debs" / file.name)], doing=f"rebuild {file.name}")
                shutil.rmtree(tree)
            self._publish([*self._other_entries(), *self._add(scratch)])

    def publish_newer(self) -> None:
        """A version 1.2 of one of the lab's own packages appears beside what there is.

        :raises LabError: the package is not one of the lab's
        """
        name = apps.app_of(self.package)
        if name is None or apps.APPS[name].only:
            raise LabError(
                f"{self.package!r} is not a package of the lab that can have a version {apps.NEWEST}."
            )
        self._keep()
        with _scratch() as scratch:
            apps.build(name, apps.NEWEST, scratch / "debs")
            self._publish([*self._stanzas(), *self._add(scratch)])

    def put_right(self) -> None:
        """Bring back what the suite was before it was first broken; nothing happens if it never was."""
        if not self._kept.is_dir():
            return
        for kept, current in self._parts():
            shutil.rmtree(current)
            kept.rename(current)
        shutil.rmtree(self._kept)
        # apt keeps what it has read since, unless these lists are newer.
        self.repository.write_release(self.place, self._identity(), valid=self.place.valid)

    def _parts(self) -> list[tuple[Path, Path]]:
        """Where each part of the suite is kept, and where it belongs."""
        return [
            (self._kept / "lists", self.repository.directory(self.place)),
            (self._kept / "pool", self.repository.pool(self.place)),
        ]

    def _keep(self) -> None:
        if self._kept.is_dir():
            return
        self._kept.mkdir(parents=True)
        for kept, current in self._parts():
            shutil.copytree(current, kept, copy_function=os.link)

    def _stanzas(self) -> list[str]:
        lists = self.repository.lists(self.place) / "Packages"
        return list(split_stanzas(lists.read_text(encoding="utf-8")))

    def _entries(self) -> list[str]:
        return [stanza for stanza in self._stanzas() if field(stanza, "Package") == self.package]

    def _other_entries(self) -> list[str]:
        return [stanza for stanza in self._stanzas() if field(stanza, "Package") != self.package]

    def _files(self) -> list[Path]:
        suite = self.place.suite
        if not self.package:
            raise LabError(f"{suite!r} names no package; give {suite}/PACKAGE.")
        files = [self.repository.pool(self.place) / stanza_file(stanza) for stanza in self._entries()]
        gone = [file.name for file in files if not file.exists()]
        if gone:
            raise LabError(f"{gone[0]} is gone from {suite} already; put the suite right first.")
        return files

    def _identity(self) -> dict[str, str]:
        release = self.repository.directory(self.place) / "InRelease"
        return identity_of(release.read_text(encoding="utf-8"))

    def _add(self, scratch: Path) -> list[str]:
        """Move built packages into the pool; returns their entries."""
        entries = split_stanzas(index(scratch, "debs"))
        for deb in (scratch / "debs").iterdir():
            replace_file(self.repository.pool(self.place) / deb.name, deb.read_bytes())
        return list(entries)

    def _publish(self, stanzas: list[str]) -> None:
        self.repository.write_lists(self.place, Suite(self._identity(), tuple(stanzas)))


def place_of(suite: str) -> SuitePlace:
    """Where a suite lies, by its name."""
    if suite == VENDOR_SUITE:
        return SuitePlace.vendor()
    release = suite.removesuffix("-security")
    return SuitePlace.main(release) if release == suite else SuitePlace.security(release)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="patchops-lab-") as name:
        scratch = Path(name)
        (scratch / "debs").mkdir()
        yield scratch
