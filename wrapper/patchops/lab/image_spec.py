# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides the content of an image, and so its place in the cache."""

from dataclasses import asdict, dataclass

from patchops.lab.cache import content_key
from patchops.lab.commands import run

_RECIPE = 1


@dataclass(frozen=True)
class ImageSpec:
    """What decides the content of an image.

    :ivar release: of which the hosts are (a key of patchops.lab.distributions.DISTRIBUTIONS)
    :ivar packages: the Debian packages in it, sorted
    """

    release: str
    packages: tuple[str, ...]

    @property
    def key(self) -> str:
        """Names the image in the cache."""
        return content_key({"recipe": _RECIPE, **asdict(self)})


def machine_architecture() -> str:
    """Debian's name for the architecture of this machine, and so of the hosts."""
    return run(["dpkg", "--print-architecture"], doing="find this machine's architecture").strip()
