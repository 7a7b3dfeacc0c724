# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much room there is where packages land."""

import os
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text

_PATHS = (
    {"path": "/", "purpose": "root"},
    {"path": "/boot", "purpose": "boot"},
    {"path": "/var", "purpose": "var"},
    {"path": "/var/lib/patchops", "purpose": "state"},
)


def collect_space(more_paths: List[Dict[str, str]]) -> List[Dict[str, Any]]:
    """Return [{path, purpose, mount, free_bytes, total_bytes, free_inodes}]; raises OSError.

    A path that does not exist yet is measured at its nearest parent. `free_inodes` is None on file systems
    that don't count them.
    """
    mounts = mount_points(read_text("/proc/self/mountinfo"))
    return [_measure(item, mounts) for item in list(_PATHS) + more_paths]


def mount_points(mountinfo: str) -> List[str]:
    """Return the mount points of /proc/self/mountinfo."""
    points = [line.split()[4] for line in mountinfo.splitlines() if len(line.split()) > 4]
    return [point.replace("\\040", " ").replace("\\134", "\\") for point in points]


def mount_of(path: str, mounts: List[str]) -> str:
    """Return the mount point that holds `path`."""
    holding = [mount for mount in mounts if path == mount or path.startswith(mount.rstrip("/") + "/")]
    return max(holding, key=len) if holding else "/"


def _measure(item: Dict[str, str], mounts: List[str]) -> Dict[str, Any]:
    there = item["path"]
    while not os.path.exists(there):
        there = os.path.dirname(there)
    there = os.path.realpath(there)
    stat = os.statvfs(there)
    return {
        "path": item["path"],
        "purpose": item["purpose"],
        "mount": mount_of(there, mounts),
        "free_bytes": stat.f_bavail * stat.f_frsize,
        "total_bytes": stat.f_blocks * stat.f_frsize,
        "free_inodes": stat.f_favail if stat.f_files else None,
    }
