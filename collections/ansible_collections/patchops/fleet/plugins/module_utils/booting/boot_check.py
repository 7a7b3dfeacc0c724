# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Would the host come up? Asked before every reboot, of kernel, initramfs, modules and the menu's entry."""

import os
from typing import Any, Dict, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_files import (
    Reading,
    kernel_release,
    read_initramfs,
    read_kernel,
)
from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_loader import Loader, find_entry
from ansible_collections.patchops.fleet.plugins.module_utils.facts.dkms import DKMS, unbuilt_modules
from ansible_collections.patchops.fleet.plugins.module_utils.facts.grub import Entry

# `path`: what it is about; `remedy`: one step for a person.
Problem = NamedTuple("Problem", [("check", str), ("path", str), ("detail", str), ("remedy", str)])
# Less than this free is full: what was written there last may have been cut off.
_FULL_BYTES = 1 << 20
_MIB = 1 << 20
_BOOT_MOUNTS = ("/boot", "/boot/efi", "/efi")
_INITRAMFS_NAMES = ("/boot/initrd.img-{}", "/boot/initramfs-{}.img", "/boot/initrd-{}")


class BootCheck:
    """One look at what the host would boot.

    `expected`: the release that has to run afterwards, None where no package of a kernel is known. `once`: it
    is to be started by an order for one boot, so that the default entry doesn't count. `root` is put before
    paths.
    """

    def __init__(
        self, loader: Loader, running: str, expected: Optional[str], once: bool = False, root: str = ""
    ) -> None:
        self.loader = loader
        self.running = running
        self.entry = find_entry(loader, expected) if once and expected else loader.following
        self.expected = expected or (self.entry.release if self.entry else None)
        self.once = once
        self.root = root
        self.problems: List[Problem] = []
        self.unread: List[str] = []

    def run(self) -> Dict[str, Any]:
        """Return {applicable, kernel, problems: [{check, path, detail, remedy}], unread: [what]}."""
        self._check_entry()
        if self.expected:
            self._check_kernel()
            self._check_initramfs()
            self._check_modules()
        self._check_space()
        return {
            "applicable": True,
            "kernel": self.expected,
            "problems": [dict(problem._asdict()) for problem in self.problems],
            "unread": self.unread,
        }

    def _check_entry(self) -> None:
        problem = entry_problem(self.loader, self.entry, self.expected, self.once)
        if problem:
            self._found("boot_entry", self.loader.config, problem, menu_remedy(self.loader))
            # What else is wrong with the kernel that should run is worth knowing at once.
            self.entry = find_entry(self.loader, self.expected) if self.expected else None
        elif self.entry is None:
            self.unread.append(f"which entry {self.loader.config} starts: the firmware decides")

    def _check_kernel(self) -> None:
        path = self._kernel_path()
        reading = read_kernel(self.root + path)
        self._take("kernel", path, reading, f"install the package of kernel {self.expected} again")
        own = kernel_release(self.root + path)
        if own is not None and own != self.expected:
            self._found("kernel", path, f"it is kernel {own}, not {self.expected}", menu_remedy(self.loader))

    def _check_initramfs(self) -> None:
        paths = [locate(self.loader, path, self.root) for path in self.entry.initrds] if self.entry else []
        remedy = initramfs_remedy(str(self.expected))
        if not paths:
            own = self._initramfs_of(str(self.expected))
            if self.entry is not None and self._initramfs_of(self.running):
                detail = f"the boot entry {self.entry.title!r} loads none; the running kernel has one"
                self._found("initramfs", own or self.loader.config, detail, remedy)
            paths = [own] if own else []
        for path in paths:
            self._take("initramfs", path, read_initramfs(self.root + path), remedy)

    def _check_modules(self) -> None:
        for module in unbuilt_modules(str(self.expected), self.running, self.root + DKMS):
            detail = f"{module} is built for {self.running} and not for {self.expected}"
            self._found("dkms", f"{DKMS}/{module}", detail, f"dkms autoinstall -k {self.expected}")

    def _check_space(self) -> None:
        for path in _BOOT_MOUNTS:
            there = self.root + path
            # Where the firmware's file system is not mounted its directory is empty or missing.
            if os.path.isdir(there) and (path == "/boot" or os.path.ismount(there)):
                detail = space_problem(os.statvfs(there))
                if detail:
                    self._found("space", path, detail, f"remove old kernels, or make room in {path}")

    def _kernel_path(self) -> str:
        if self.entry is not None and self.entry.kernel:
            return locate(self.loader, self.entry.kernel, self.root)
        return f"/boot/vmlinuz-{self.expected}"

    def _initramfs_of(self, release: str) -> Optional[str]:
        paths = [name.format(release) for name in _INITRAMFS_NAMES]
        return next((path for path in paths if os.path.exists(self.root + path)), None)

    def _take(self, check: str, path: str, reading: Reading, remedy: str) -> None:
        if reading.problem:
            self._found(check, path, reading.problem, remedy)
        if reading.unread:
            self.unread.append(f"{path}: {reading.unread}")

    def _found(self, check: str, path: str, detail: str, remedy: str) -> None:
        self.problems.append(Problem(check, path, detail, remedy))


def entry_problem(
    loader: Loader, entry: Optional[Entry], expected: Optional[str], once: bool
) -> Optional[str]:
    """Return why the entry that starts next is not the right one, None when it is or can't be told. Pure."""
    if once and entry is None:
        return f"no entry of the boot menu starts kernel {expected}"
    if entry is None:
        return "the default entry is not in the boot menu" if loader.kind == "grub" else None
    if expected is not None and entry.release is not None and entry.release != expected:
        return f"the entry that starts next, {entry.title!r}, is of kernel {entry.release}, not {expected}"
    return None


def space_problem(free: Any) -> Optional[str]:
    """Return in which way a file system (an os.statvfs_result) is full, None when it is not. Pure."""
    room = free.f_bavail * free.f_frsize
    if room < _FULL_BYTES:
        return f"{room // 1024} KiB of {free.f_blocks * free.f_frsize // _MIB} MiB are free"
    return "no inode is free" if free.f_files and not free.f_favail else None


def locate(loader: Loader, path: str, root: str = "") -> str:
    """Return where a file of the boot loader lies in the running system: its paths may start at /boot."""
    base = "/boot" if loader.kind == "grub" else os.path.dirname(os.path.dirname(loader.config))
    within = path if path.startswith(base + "/") else base + "/" + path.lstrip("/")
    candidates = (within, path, os.path.join(base, os.path.basename(path)))
    return next((one for one in candidates if os.path.exists(root + one)), within)


def initramfs_remedy(release: str) -> str:
    """Return the command that makes an initramfs anew on this host."""
    if os.path.exists("/usr/sbin/update-initramfs"):
        return f"update-initramfs -u -k {release} (-c where there is none)"
    return f"dracut --force --kver {release}"


def menu_remedy(loader: Loader) -> str:
    """Return the command that puts the boot menu right."""
    if loader.kind != "grub":
        return "bootctl list, then bootctl set-default"
    if os.path.exists("/usr/sbin/grubby"):
        return "grubby --info=ALL, then grubby --set-default"
    return f"look at GRUB_DEFAULT in /etc/default/grub, then grub-mkconfig -o {loader.config}"
