# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package mirror the images are built from: the one this machine uses, never an address of ours."""

import os
from dataclasses import dataclass
from pathlib import Path

from patchops_lab.commands import run
from patchops_lab.errors import LabError

ARCHIVE_VARIABLE = "PATCHOPS_LAB_ARCHIVE"
SECURITY_VARIABLE = "PATCHOPS_LAB_SECURITY_ARCHIVE"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Mirrors:
    """Base addresses of the Debian archive and of its security archive."""

    archive: str
    security: str

    def archive_line(self, release: str) -> str:
        """The sources.list line of a release without its updates."""
        # A mirror that keeps a day of the next release keeps it past the date in its lists.
        return f"deb [signed-by={_KEYRING} check-valid-until=no] {self.archive} {release} main\n"

    def security_line(self, release: str) -> str:
        """The sources.list line of the security updates of a release."""
        return f"deb [signed-by={_KEYRING}] {self.security} {release}-security main\n"


def from_index_targets(listing: str) -> tuple[str | None, str | None]:
    """Find the Debian archive and its security archive among the lines "address suite component origin".

    :return: either is None when this machine has no such source
    """
    archive = security = None
    for line in listing.splitlines():
        address, suite, component, origin = (line.split(" ") + [""] * 4)[:4]
        # apt leaves the placeholder standing for a source it has never downloaded.
        if component != "main" or origin not in ("Debian", "$(ORIGIN)"):
            continue
        if suite.endswith("-security"):
            security = security or address
        elif "/" not in suite and "-" not in suite:
            archive = archive or address
    return archive, security


def machine_mirrors() -> Mirrors:
    """The mirrors of this machine's own apt sources, or those named in the environment.

    :raises LabError: this machine has no Debian source and none is named
    """
    archive, security = os.environ.get(ARCHIVE_VARIABLE), os.environ.get(SECURITY_VARIABLE)
    if not (archive and security):
        form = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)"
        listing = run(
            ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
            doing="read the apt sources",
        )
        of_machine = from_index_targets(listing)
        archive, security = archive or of_machine[0], security or of_machine[1]
    if not (archive and security):
        raise LabError(
            "The lab builds Debian hosts from the apt sources of this machine, and these name no Debian "
            f"archive with its security archive. Set {ARCHIVE_VARIABLE} and {SECURITY_VARIABLE} to the "
            "addresses of a mirror."
        )
    return Mirrors(archive, security)
