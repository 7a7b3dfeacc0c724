# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running programs whose files were replaced: what is installed is not what they execute."""

import re
from typing import Any, Callable, Dict, List, Optional, Set

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import (
    process_ids,
    read_text,
    unit_of_cgroup,
)

# address perms offset dev inode path; only what is executed counts, data files are replaced all the time.
_MAPPED = re.compile(r"^\S+ ..x. \S+ \S+ \d+\s+(/.*) \(deleted\)$", re.MULTILINE)
_NOT_CODE = (
    "/tmp/",  # noqa: S108 - compared, never opened
    "/var/tmp/",  # noqa: S108
    "/dev/",
    "/run/",
    "/memfd:",
    "/SYSV",
    "/home/",
    "/root/",
    "/[aio]",
    "/anon_hugepage",
)
# dpkg and rpm unpack a file beside its final name.
_UNPACKED = re.compile(r"(\.dpkg-(new|tmp)|;[0-9a-f]{8})$")


def collect_restarts(owners: Callable[[List[str]], Dict[str, str]]) -> List[Dict[str, Any]]:
    """Return [{unit, processes, files, packages}], by unit.

    `owners` returns the package of each file that one owns. Raises OSError when a process
    can't be looked into.
    """
    stale: List[Dict[str, Any]] = []
    for pid in process_ids():
        try:
            if in_container_of_host(read_text(f"/proc/{pid}/status")):
                continue
            files = replaced_files(read_text(f"/proc/{pid}/maps"))
            if files:
                unit = unit_of_cgroup(read_text(f"/proc/{pid}/cgroup"))
                stale.append({"unit": unit, "pid": pid, "files": files})
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    groups = group_by_unit(stale)
    owned = owners(sorted({path for group in groups for path in group["files"]})) if groups else {}
    for group in groups:
        group["packages"] = sorted({owned[path] for path in group["files"] if path in owned})
    return groups


def in_container_of_host(status: str) -> bool:
    """Tell from /proc/PID/status whether a process has a process namespace below ours.

    A container's files are replaced by its own image, not by the host's packages.
    """
    line = next((line for line in status.splitlines() if line.startswith("NSpid:")), "")
    return len(line.split()) > 2


def replaced_files(maps: str) -> Set[str]:
    """Return the executed files that are deleted, from /proc/PID/maps."""
    paths = {_UNPACKED.sub("", path) for path in _MAPPED.findall(maps)}
    return {path for path in paths if not path.startswith(_NOT_CODE)}


def group_by_unit(stale: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return one entry a unit, processes outside of any unit last."""
    units: Dict[Optional[str], Dict[str, Any]] = {}
    for process in stale:
        group = units.setdefault(process["unit"], {"processes": set(), "files": set()})
        group["processes"].add(process["pid"])
        group["files"].update(process["files"])
    return [
        {"unit": unit, "processes": sorted(units[unit]["processes"]), "files": sorted(units[unit]["files"])}
        for unit in sorted(units, key=lambda unit: (unit is None, unit))
    ]
