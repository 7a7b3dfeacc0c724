# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that DKMS builds for each kernel (drivers of disks and network cards may be among them)."""

import glob
import os
from typing import List, Set

DKMS = "/var/lib/dkms"


def unbuilt_modules(kernel: str, model: str, root: str = DKMS) -> List[str]:
    """Return the modules that the kernel `model` has and `kernel` has not: neither installed nor built."""
    return sorted(_modules_of(root, model) - _modules_of(root, kernel))


def _modules_of(root: str, kernel: str) -> Set[str]:
    # <module>/<version>/<kernel>/<arch> holds what was built, <module>/kernel-<kernel>-<arch> leads to what
    # was installed of that.
    escaped = glob.escape(kernel)
    built = glob.glob(os.path.join(root, "*", "*", escaped, "*", "module", "*.ko*"))
    installed = glob.glob(os.path.join(root, "*", f"kernel-{escaped}-*", "module", "*.ko*"))
    return {os.path.relpath(path, root).split(os.sep)[0] for path in built + installed}
