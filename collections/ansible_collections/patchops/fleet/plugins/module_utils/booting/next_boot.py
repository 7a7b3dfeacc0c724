# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel the next boot is for, what stands behind it, and whether it may be tried at all."""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.booting import boot_once
from ansible_collections.patchops.fleet.plugins.module_utils.booting.boot_check import BootCheck
from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_loader import (
    Loader,
    find_entry,
    read_loader,
)
from ansible_collections.patchops.fleet.plugins.module_utils.facts.grub import Entry

# What a caller asks for. `kernel`: the release to start once. `fallback`: auto, required or never. `check`:
# whether what would boot is looked at.
Wishes = NamedTuple("Wishes", [("kernel", Optional[str]), ("fallback", str), ("check", bool)])
NO_WISHES = Wishes(None, "auto", True)

# What stays to be done once the new kernel has proven itself: `former` is what GRUB's default was before it
# was made `pinned`, an entry of the kernel that ran when `kernel` was tried.
Fallback = Dict[str, str]


class NotFit(Exception):
    """The host may not be rebooted: the text says why, `remedy` what to do, `checked` what was found."""

    def __init__(self, message: str, remedy: str, checked: Dict[str, Any]) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.checked = checked


class NextBoot:
    """The next boot of a host whose kernel is its own, or not (a container: nothing of this applies).

    `expected` is the release that has to run afterwards, None where that is nobody's to say. `checked` is
    what the boot check found; its `fallback` says what is behind a new kernel, or why nothing is.
    """

    def __init__(self, document: Dict[str, Any], wishes: Wishes) -> None:
        kernel = document.get("kernel") or {}
        kind = ((document.get("machine") or {}).get("virtualization") or {}).get("kind")
        self._own = kind != "container" and bool(kernel)
        self._wishes = wishes
        self._running = str(kernel.get("running"))
        self.loader: Optional[Loader] = read_loader() if self._own else None
        self.expected = self._expected(kernel) if self._own else None
        self.checked: Dict[str, Any] = {"applicable": False, "reason": self._why_unchecked()}
        self._entry: Optional[Entry] = None
        self._pinned: Optional[Entry] = None

    def decide(self) -> None:
        """Look whether the host may be rebooted so; raises NotFit."""
        if self._wishes.kernel:
            self._entry = self._entry_of_wish(self._wishes.kernel)
        if self.loader is not None and self._wishes.check:
            once = bool(self._wishes.kernel)
            self.checked = BootCheck(self.loader, self._running, self.expected, once).run()
            if self.checked["problems"]:
                message, remedy = _told(self.checked)
                raise NotFit(message, remedy, self.checked)
        if not self._wishes.kernel and self._changes_kernel() and self._wishes.fallback != "never":
            self._look_for_fallback()

    @property
    def behind(self) -> Optional[str]:
        """The release that a power cycle boots while the new kernel has not come up, None where none does."""
        return self._pinned.release if self._pinned else None

    def fallback(self, pending: Optional[Fallback]) -> Optional[Fallback]:
        """Return what will be left to do after the boot; `pending` is what an earlier one left."""
        if self.loader is None or self._pinned is None:
            return pending
        former = pending["former"] if pending else boot_once.variables(self.loader).get("saved_entry", "")
        return {"kernel": str(self.expected), "pinned": self._pinned.name, "former": former}

    def prepare(self) -> None:
        """Tell the boot loader; raises boot_once.BootOrderError."""
        if self.loader is None or self._entry is None:
            return
        # In this order: cut off in between, the host starts the new kernel as it does without a fallback.
        boot_once.order_once(self.loader, self._entry)
        if self._pinned is not None:
            boot_once.set_default(self.loader, self._pinned.name)

    def _expected(self, kernel: Dict[str, Any]) -> Optional[str]:
        newest = kernel.get("newest_installed")
        if self._wishes.kernel:
            return self._wishes.kernel
        # Unchecked, the default entry may be of another kernel, by the administrator's will.
        following = self.loader.following if self.loader else None
        default = following.release if following else kernel.get("default_boot")
        return (newest or default) if self._wishes.check and self.loader else (default or newest)

    def _changes_kernel(self) -> bool:
        return self.expected is not None and self.expected != self._running

    def _entry_of_wish(self, release: str) -> Entry:
        if self.loader is None:
            raise NotFit(
                f"Kernel {release} can't be started on its own: {self.checked['reason']}.",
                "Have it booted by what starts this host.",
                self.checked,
            )
        reason = boot_once.why_not_once(self.loader)
        entry = find_entry(self.loader, release)
        if reason or entry is None:
            raise NotFit(
                f"Kernel {release} can't be started once: {reason or 'no entry of the boot menu starts it'}.",
                f"Look at {self.loader.config}, or choose that kernel at the console.",
                self.checked,
            )
        return entry

    def _look_for_fallback(self) -> None:
        former = find_entry(self.loader, self._running) if self.loader else None
        wanted = find_entry(self.loader, str(self.expected)) if self.loader else None
        reason = boot_once.why_no_fallback(self.loader, former) if self.loader else self.checked["reason"]
        if reason is None and wanted is None:
            reason = "the new kernel has no entry of its own in the boot menu"
        if reason is None:
            self._entry, self._pinned = wanted, former
            self.checked["fallback"] = f"{self._running}, the default entry until {self.expected} has come up"
            return
        self.checked["fallback"] = f"none: {reason}"
        if self._wishes.fallback == "required":
            raise NotFit(
                f"A new kernel is to be tried with the former one behind it, which can't be: {reason}.",
                "Make that possible, or set patchops_boot_fallback to auto.",
                self.checked,
            )

    def _why_unchecked(self) -> str:
        if not self._own:
            return "the host has no kernel of its own"
        if self.loader is None:
            return "no boot loader that is known here (GRUB, systemd-boot) starts this host"
        return "it was switched off (boot_check: false)"


def settle_boot_loader(pending: Optional[Fallback], kernels: Optional[List[str]]) -> bool:
    """Drop an order for a boot that is over, and give GRUB its default back; tell whether it was due.

    It is due when the kernel that was tried runs, or is no longer among `kernels` (None: they are not known).
    A default that somebody has changed since is left alone. Raises boot_once.BootOrderError.
    """
    loader = read_loader()
    if loader is None:
        return False
    boot_once.forget_order(loader)
    if pending is None:
        return False
    gone = kernels is not None and pending["kernel"] not in kernels
    if not gone and pending["kernel"] != os.uname().release:
        return False
    if boot_once.variables(loader).get("saved_entry") == pending["pinned"]:
        boot_once.set_default(loader, pending["former"])
    return True


def _told(checked: Dict[str, Any]) -> Tuple[str, str]:
    """Return message and remedy for the problems of a boot check."""
    found = "; ".join("{check} {path}: {detail}".format(**problem) for problem in checked["problems"])
    remedies = []  # type: List[str]
    for problem in checked["problems"]:
        if problem["remedy"] not in remedies:
            remedies.append(problem["remedy"])
    return (
        f"What would boot is not fit: {found}.",
        f"On the host: {'; '.join(remedies)}. Then run this again.",
    )
