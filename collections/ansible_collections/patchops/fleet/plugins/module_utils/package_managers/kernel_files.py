# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of kernels on a host, whatever their packages are called: images, and what stands beside
modules."""

import glob
import os
from typing import Dict, List

# By their order: an image in /boot carries the release in its name, one beside the modules in its
# directory's.
_IMAGES = ("/boot/vmlinu[xz]-[0-9]*", "/boot/[Ii]mage-[0-9]*")
_BESIDE = ("vmlinu[xz]", "[Ii]mage")
# What comes with the modules and is never made on the host.
_OF_MODULES = ("modules.builtin", "modules.order")
_MODULES = "/usr/lib/modules", "/lib/modules"
# Copies for debuggers, and what is left of an update.
_COPIES = (".gz", ".xz", ".old", ".bak", ".debug")


def find_files(root: str = "") -> Dict[str, List[str]]:
    """Return, by release, the files of kernels that packages can own; images before files of modules."""
    found: Dict[str, List[str]] = {}
    for pattern in _IMAGES:
        for path in _find(root, pattern):
            found.setdefault(os.path.basename(path).partition("-")[2], []).append(path)
    for name in _BESIDE + _OF_MODULES:
        for directory in _MODULES:
            if os.path.islink(root + "/lib") and directory == "/lib/modules":
                continue  # the same files
            for path in _find(root, f"{directory}/*/{name}"):
                found.setdefault(path.split("/")[-2], []).append(path)
    return found


def _find(root: str, pattern: str) -> List[str]:
    paths = sorted(path[len(root) :] for path in glob.glob(root + pattern))
    return [path for path in paths if not path.endswith(_COPIES)]
