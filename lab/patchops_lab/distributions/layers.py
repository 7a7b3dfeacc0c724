# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is laid over an image so that a host starts with packages of the lab."""

import shutil
from collections.abc import Callable
from pathlib import Path

from patchops_lab.cache import cached, content_key
from patchops_lab.commands import IN_OVERLAY, ISOLATED, run


def ensure_layer(
    image: Path,
    ingredients: object,
    install: Callable[[Path], list[str]],
    edit: Callable[[Path], None] = lambda upper: None,
) -> Path:
    """The upper directory of an overlay on an image in which a command ran, made when it is not in the cache.

    :param ingredients: what decides the layer's content besides the image (anything JSON can carry)
    :param install: the command, given where the overlay is mounted
    :param edit: changes the upper directory afterwards
    :raises LabError: the command failed
    """

    def build(place: Path) -> None:
        upper, work, mounted = place / "upper", place / "work", place / "mounted"
        for directory in (upper, work, mounted):
            directory.mkdir()
        options = f"lowerdir={image},upperdir={upper},workdir={work}"
        run(
            [*ISOLATED, "sh", "-ec", IN_OVERLAY, "sh", options, str(mounted), *install(mounted)],
            doing=f"install the lab's packages on the image {image.parent.name}",
        )
        edit(upper)
        shutil.rmtree(work)
        mounted.rmdir()

    return cached("layers", content_key([image.parent.name, ingredients]), build) / "upper"
