# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distributions that a lab's hosts can be of."""

from patchops_lab.distributions.arch import Arch
from patchops_lab.distributions.base import Distribution
from patchops_lab.distributions.debian import Debian
from patchops_lab.distributions.fedora import Fedora
from patchops_lab.distributions.rocky import Rocky
from patchops_lab.distributions.sles import Sles

DEBIAN_RELEASES = ("bullseye", "bookworm", "trixie")
DISTRIBUTIONS: dict[str, Distribution] = {
    distribution.release: distribution
    for distribution in (*map(Debian, DEBIAN_RELEASES), Rocky(), Fedora(), Sles(), Arch())
}
