# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks an RPM repository of the lab, and puts it right."""

from patchops_lab.distributions.own_suite import OwnSuite
from patchops_lab.distributions.rpm_repository import RpmRepository
from patchops_lab.errors import LabError
from patchops_lab.files import replace_file


class BrokenRpmSuite(OwnSuite[RpmRepository]):
    """The RPM repository of a lab's hosts of one release, to be broken."""

    def break_signature(self) -> None:
        """The index of the metadata is no longer what was signed."""
        self.keep()
        index = self.repository.directory / "repodata/repomd.xml"
        replace_file(index, index.read_bytes() + b"<!-- altered -->\n")

    def expire(self) -> None:
        """Raises LabError: signed RPM metadata carries no date until which it holds."""
        raise LabError(
            "The metadata of an RPM repository doesn't expire: nothing signed says until when it holds."
        )

    def rebuild(self) -> None:
        """The newest version of the package, listed and signed, with other bytes."""
        newest = self.newest()
        self.keep()
        file = self.repository.packages / newest.file
        # A signature more changes the file and nothing that is installed.
        replace_file(file, self.repository.ensure(newest).read_bytes())
        self.repository.sign([file], digest="sha512")
        self.repository.write_lists(self.repository.offers())
