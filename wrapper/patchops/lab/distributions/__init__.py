# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distributions that a lab's hosts can be of."""

from patchops.lab.distributions.arch import Arch
from patchops.lab.distributions.base import Distribution
from patchops.lab.distributions.debian import Debian
from patchops.lab.distributions.fedora import Fedora
from patchops.lab.distributions.rocky import Rocky
from patchops.lab.distributions.sles import Sles

DEBIAN_RELEASES = ("bullseye", "bookworm", "trixie")
DISTRIBUTIONS: dict[str, Distribution] = {
    distribution.release: distribution
    for distribution in (*map(Debian, DEBIAN_RELEASES), Rocky(), Fedora(), Sles(), Arch())
}
