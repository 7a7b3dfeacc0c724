# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the boot loader start a kernel once, and another one whenever that does not come up."""

import os
import shutil
from typing import Dict, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_loader import Loader
from ansible_collections.patchops.fleet.plugins.module_utils.facts.grub import Entry, read_variables
from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text
from ansible_collections.patchops.fleet.plugins.module_utils.facts.space import mount_of
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
# GRUB reads files on these and can't write them, so it would not forget what it was asked for once.
_NOT_WRITTEN = ("btrfs", "zfs", "f2fs")
_STACKED_DEVICES = ("/dev/mapper/", "/dev/dm-", "/dev/md")


class BootOrderError(Exception):
    """The boot loader did not take an order; the text says why. Its variables are as before."""


def why_not_once(loader: Loader) -> Optional[str]:
    """Return why no entry can be started just once on this host, None when one can."""
    if loader.kind != "grub":
        return None if _program("bootctl") else "bootctl is not installed"
    if loader.environment is None:
        return f"there is no grubenv beside {loader.config}"
    if not loader.once:
        return f"{loader.config} does not look at next_entry"
    return None if _editor() else "grub-editenv is not installed"


def why_no_fallback(loader: Loader, former: Optional[Entry]) -> Optional[str]:
    """Return why a new kernel can't be tried once with `former` behind it, None when it can."""
    if loader.kind != "grub":
        return "only GRUB can do this"
    if not loader.saved:
        return "GRUB's default is not a variable (GRUB_DEFAULT=saved in /etc/default/grub makes it one)"
    reason = why_not_once(loader)
    if reason:
        return reason
    mount = read_text("/proc/self/mountinfo")
    if not is_written_by_grub(mount, os.path.realpath(str(loader.environment))):
        return f"GRUB can't write {loader.environment} (on LVM, RAID, btrfs or ZFS)"
    return None if former else "the running kernel has no entry in the boot menu"


def is_written_by_grub(mountinfo: str, path: str) -> bool:
    """Tell whether GRUB itself can change a file: on a plain partition, in place. Pure."""
    mounts = {}
    for line in mountinfo.splitlines():
        fields, _dash, source = line.partition(" - ")
        mounts[fields.split()[4]] = source.split()[:2]
    kind, device = mounts.get(mount_of(path, list(mounts)), ["", ""])
    return kind not in _NOT_WRITTEN and not device.startswith(_STACKED_DEVICES)


def order_once(loader: Loader, entry: Entry) -> None:
    """Have `entry` started at the next boot only; raises BootOrderError."""
    if loader.kind == "grub":
        _edit(loader, "set", f"next_entry={entry.name}")
        return
    answer = run(["bootctl", "set-oneshot", f"{entry.name}.conf"])
    if answer.rc != 0:
        raise BootOrderError(f"bootctl set-oneshot: {answer.stderr.strip()}")


def forget_order(loader: Loader) -> None:
    """Drop an order for one boot that GRUB did not drop itself; raises BootOrderError."""
    if loader.kind == "grub" and "next_entry" in variables(loader):
        _edit(loader, "unset", "next_entry")


def set_default(loader: Loader, name: str) -> None:
    """Make `name` what GRUB starts by default ('': its first entry); raises BootOrderError."""
    if name:
        _edit(loader, "set", f"saved_entry={name}")
    else:
        _edit(loader, "unset", "saved_entry")


def variables(loader: Loader) -> Dict[str, str]:
    """Return GRUB's variables as they are now; raises OSError."""
    return read_variables(read_text(str(loader.environment))) if loader.environment else {}


def _edit(loader: Loader, *words: str) -> None:
    answer = run([_editor() or "grub-editenv", str(loader.environment)] + list(words))
    if answer.rc != 0:
        raise BootOrderError(f"grub-editenv {' '.join(words)}: {answer.stderr.strip()}")


def _editor() -> Optional[str]:
    return _program("grub-editenv") or _program("grub2-editenv")


def _program(name: str) -> Optional[str]:
    return shutil.which(name, path=_SBIN)
