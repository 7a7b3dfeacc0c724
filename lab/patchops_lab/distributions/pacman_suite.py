# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks a repository for pacman of the lab, and puts it right."""

import gzip

from patchops_lab.distributions.own_suite import OwnSuite
from patchops_lab.distributions.pacman_repository import PacmanRepository
from patchops_lab.errors import LabError
from patchops_lab.files import replace_file


class BrokenPacmanSuite(OwnSuite[PacmanRepository]):
    """The repository of a lab's hosts with pacman, to be broken."""

    def break_signature(self) -> None:
        """The database is no longer what was signed."""
        self.keep()
        packed = self.repository.database.read_bytes()
        replace_file(self.repository.database, gzip.compress(gzip.decompress(packed), compresslevel=1))

    def expire(self) -> None:
        """Raises LabError: a repository for pacman carries no date until which it holds."""
        raise LabError("A repository for pacman doesn't expire: nothing in it says until when it holds.")

    def rebuild(self) -> None:
        """The newest version of the package, listed and signed, with other bytes."""
        newest = self.newest()
        self.keep()
        file = self.repository.packages / newest.file
        # An xz file may end in padding, which unpacks to nothing.
        self.repository.replace(newest, file.read_bytes() + b"\0" * 4)
