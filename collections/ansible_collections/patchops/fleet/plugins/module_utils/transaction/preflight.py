# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be true before a host is touched; each check refuses with its reason and remedy."""

import os
import re
import time
from typing import Any, Dict, List, Sequence, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.facts.space import collect_space
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError

_MIB = 1024 * 1024
# Logs and daemons need some room too while packages land.
_RESERVE = {"root": 64 * _MIB, "var": 32 * _MIB, "boot": 8 * _MIB, "state": 16 * _MIB, "cache": 1 * _MIB}
# A package that is named by the build of its kernel: linux-image-6.1.0-25-amd64, proxmox-kernel-6.8.12-4-pve.
_IMAGE_NAME = re.compile(r"(?:^linux-image-|(?:^|-)kernel-\d+\.\d)")
# A Debian kernel with its initial ramdisk, twice for update-initramfs' own copy.
_KERNEL = 160 * _MIB
_INODES = 2000

# What packages are written to; a directory that is not there is no obstacle.
_WRITTEN = ("/", "/usr", "/etc", "/var", "/opt")

_EXPIRED = re.compile(
    r"expired|valid until|not valid yet|not yet valid|not live until|in the future", re.IGNORECASE
)
_UNSIGNED = re.compile(
    r"NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|not signed|signature|GPG error|does not trust|no longer signed",
    re.IGNORECASE,
)


# rpm and pacman hand the scripts of packages to an interpreter, and need no right to run files.
_SCRIPTS = ("/var/lib/dpkg/info",)


def check_clean(driver: Driver) -> None:
    """Raise DriverError when an earlier change of packages was left half done."""
    broken = driver.broken()
    if broken["interrupted"]:
        raise DriverError(
            "interrupted_packages",
            "An earlier change of packages, not ours, was left half done: "
            f"{broken['reason']}. Nothing was changed.",
            f"Run {driver.repairing} on the host, see what they say, call again.",
        )


def check_writable(driver: Driver) -> None:
    """Raise DriverError when packages would be written to a file system that is mounted read-only."""
    locked = [] if driver.remounts() else read_only(_WRITTEN)
    if locked:
        raise DriverError(
            "read_only",
            f"Read-only on this host: {', '.join(locked)}. Packages are written there. Nothing was changed.",
            "Mount it writable (mount -o remount,rw), when the kernel has not made it read-only because of a "
            "fault (dmesg); a system that is updated as a whole image is not patched by packages.",
        )
    if not driver.remounts() and no_exec(_SCRIPTS):
        raise DriverError(
            "no_exec",
            f"{_SCRIPTS[0]} lies on a file system that is mounted noexec, and dpkg runs the scripts of "
            "packages from there: each would fail in the middle of the change. Nothing was changed.",
            "Mount it with exec (mount -o remount,exec /var), or have apt do that (DPkg::Pre-Invoke and "
            "DPkg::Post-Invoke, see apt.conf(5)).",
        )


def no_exec(paths: Sequence[str]) -> List[str]:
    """Return those of `paths` that lie on a file system from which nothing can be run."""
    return [path for path in paths if os.path.isdir(path) and os.statvfs(path).f_flag & os.ST_NOEXEC]


def read_only(paths: Sequence[str]) -> List[str]:
    """Return those of `paths` that lie on a file system mounted read-only."""
    return [path for path in paths if os.path.isdir(path) and os.statvfs(path).f_flag & os.ST_RDONLY]


def check_repositories(repositories: List[Dict[str, Any]], errors: List[Dict[str, Any]]) -> None:
    """Raise DriverError for repositories that could not be read, are past their date, or badly signed.

    `errors`: what the refresh of the indexes complained about, [] without a refresh.
    """
    found = [(str(one["repository"] or "the package manager"), str(one["message"])) for one in errors]
    found += [(one["id"], one["error"]) for one in repositories if one["error"] and not errors]
    if not found:
        return
    code = _fault(" ".join(message for _name, message in found))
    raise DriverError(
        code,
        "; ".join(f"{name}: {message}" for name, message in found[:5]) + ". Nothing was changed.",
        {
            "repository_expired": "Update the mirror, or set the host's clock, then call again.",
            "repository_unsigned": "See whether the host's clock is right (it believes no signature from its "
            "future), install the right key, or find out who altered the repository.",
            "lock_held": "Wait until the other program has ended, then call again.",
        }.get(code, "Repair the repository or the way to it, or disable it, then call again."),
    )


def _fault(text: str) -> str:
    if "Could not get lock" in text or "Unable to lock" in text:
        return "lock_held"
    if _UNSIGNED.search(text):
        return "repository_unsigned"
    return "repository_expired" if _EXPIRED.search(text) else "repository_unreadable"


def wait_for_lock(driver: Driver, patience: float) -> None:
    """Wait until the package manager is free; after `patience` seconds DriverError names who holds it."""
    ends = time.monotonic() + patience
    while True:
        holder = driver.lock_holder()
        if holder is None:
            return
        if time.monotonic() >= ends:
            process = f"process {holder['pid']} ({holder['command']})" if holder["pid"] else holder["command"]
            raise DriverError(
                "lock_held",
                f"The package manager's lock is held by {process}; waited {patience:.0f} seconds "
                "and changed nothing.",
                "Wait until it has ended, or find out why it hangs; then call again or raise lock_timeout.",
            )
        time.sleep(1)


def check_space(driver: Driver, needs: Dict[str, int]) -> None:
    """Raise DriverError when a file system has less room than `needs` ({purpose: bytes}) asks for."""
    problems = space_problems(collect_space(driver.space_paths()), needs)
    if problems:
        raise _no_space(driver, problems)


def check_not_full(driver: Driver) -> None:
    """Raise DriverError when a file system is so full that package managers blame something else for it."""
    full = {
        one["mount"]
        for one in collect_space(driver.space_paths())
        if one["purpose"] in ("root", "var") and one["free_bytes"] < _MIB
    }
    if full:
        raise _no_space(driver, [f"{mount} is full" for mount in sorted(full)])


def _no_space(driver: Driver, problems: List[str]) -> DriverError:
    return DriverError(
        "no_space",
        "Too little room: " + "; ".join(problems) + ". Nothing was changed.",
        f"Free space there (old kernels, {driver.cleaning}, logs), or release earlier ways back "
        "(state: committed), then call again.",
    )


def check_limit(kept_bytes: int, more_bytes: int, limit: int) -> None:
    """Raise DriverError when what all transactions keep, and `more_bytes`, would be more than `limit`."""
    if kept_bytes + more_bytes > limit:
        raise DriverError(
            "way_back_limit",
            f"The packages that transactions keep on the host, to go forward and back, would take "
            f"{(kept_bytes + more_bytes) // _MIB + 1} MiB, and {limit // _MIB} MiB is the limit. "
            "Nothing was changed.",
            "Release earlier ways back (state: committed, or the playbook cleanup), or raise way_back_limit.",
        )


def check_kernels(plan: Dict[str, Any], kernels: List[Dict[str, Any]], running: str) -> None:
    """Raise DriverError for a plan that removes the running kernel, or the last other one to boot.

    `kernels`: what is installed, [{release, package, version}]; `running`: a release.
    """
    going = {(one["name"], one["from"]) for one in plan["packages"] if not one["to"]}
    removed = [one for one in kernels if (one["package"], one["version"]) in going]
    others = [one for one in kernels if one["release"] != running]
    is_last = bool(removed) and not [one for one in others if one not in removed]
    if is_last or any(one["release"] == running for one in removed):
        names = ", ".join(one["package"] for one in removed)
        raise DriverError(
            "kernel_removal",
            f"The plan would remove {names}: the running kernel ({running}), or the last other one that the "
            "host could boot. Nothing was changed.",
            "Leave that package out, or install another kernel and boot it first.",
        )


def space_problems(space: List[Dict[str, Any]], needs: Dict[str, int]) -> List[str]:
    """Return what is short, one text a mount. Needs of paths on one file system add up. Pure."""
    mounts: Dict[str, Tuple[int, List[str], Dict[str, Any]]] = {}
    for one in space:
        need = needs.get(one["purpose"], 0)
        if not need:
            continue
        total, paths, _first = mounts.get(one["mount"], (0, [], one))
        mounts[one["mount"]] = (total + need, paths + [one["path"]], one)
    problems = []
    for mount, (need, paths, one) in sorted(mounts.items()):
        reserve = max(_RESERVE.get(item["purpose"], 0) for item in space if item["mount"] == mount)
        if one["free_bytes"] < need + reserve:
            problems.append(
                f"{mount} (for {', '.join(paths)}) has {one['free_bytes'] // _MIB} MiB free, "
                f"{(need + reserve) // _MIB + 1} MiB are needed"
            )
        elif one["free_inodes"] is not None and one["free_inodes"] < _INODES:
            problems.append(f"{mount} has {one['free_inodes']} inodes free, {_INODES} are needed")
    return problems


def staging_needs(plan: Dict[str, Any], way_back: str) -> Dict[str, int]:
    """Return the bytes that staging `plan` takes, and applying it after that."""
    # What is replaced is about as large as what replaces it.
    copies = 1 if way_back == "none" else 2
    needs = applying_needs(plan)
    needs["state"] = copies * plan["download_bytes"]
    return needs


def applying_needs(plan: Dict[str, Any]) -> Dict[str, int]:
    """Return the bytes that applying `plan` takes once everything is on the host."""
    largest = max([one["size"] for one in plan["packages"]] or [0])
    # dpkg unpacks the new files of a package beside the old ones; a package unpacks to three times its size.
    needs = {"root": max(0, plan["disk_bytes"]) + 4 * largest, "var": 4 * _MIB}
    if any(one["to"] and _is_kernel(one) for one in plan["packages"]):
        needs["boot"] = _KERNEL
    return needs


def _is_kernel(change: Dict[str, Any]) -> bool:
    return bool(change.get("beside") or change.get("kernel") or _IMAGE_NAME.search(change["name"]))
