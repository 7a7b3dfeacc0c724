# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides the content of an image, and so its place in the cache."""

from dataclasses import dataclass

from patchops_lab.cache import content_key
from patchops_lab.commands import run

# Counts the changes of what patchops_lab.images does to every image.
_RECIPE = 1


@dataclass(frozen=True)
class ImageSpec:
    """What decides the content of an image.

    :ivar release: of which the hosts are (a key of patchops_lab.distributions.DISTRIBUTIONS)
    :ivar packages: the Debian packages in it, sorted
    :ivar changes: stands for what the distribution changes in a Debian; empty: nothing
    """

    release: str
    packages: tuple[str, ...]
    changes: str = ""

    @property
    def key(self) -> str:
        """Names the image in the cache."""
        ingredients = {"recipe": _RECIPE, "release": self.release, "packages": self.packages}
        if self.changes:
            ingredients["changes"] = self.changes
        return content_key(ingredients)


def machine_architecture() -> str:
    """Debian's name for the architecture of this machine, and so of the hosts."""
    return run(["dpkg", "--print-architecture"], doing="find this machine's architecture").strip()
