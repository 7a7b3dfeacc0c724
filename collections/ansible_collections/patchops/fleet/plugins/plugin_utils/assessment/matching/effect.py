# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an installed fix is in effect: does the fixed code run, and would it after a reboot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import kernels
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason

Effect = tuple[str, list[dict[str, str]]]


class RunningCode:
    """What a host says of the code that it runs."""

    def __init__(
        self,
        document: Mapping[str, Any],
        scheme: str | None,
        packages: Sequence[Mapping[str, Any]] = (),
        publisher: Callable[[Mapping[str, Any]], str] = lambda _package: "",
    ) -> None:
        """packages: those of the document, with their origins. publisher: of a package, "" where it is the
        distribution."""
        self._packages, self._publisher = packages, publisher
        self._scheme = scheme or ""
        self._document = document
        self._restarts = document.get("restarts")
        self.kernels = kernels.Kernels(document, self._scheme)
        # Packages whose replaced files still run, with the units that run them.
        self.stale: dict[str, list[str]] = {}
        self._unattributed: list[str] = []
        for one in self._restarts or ():
            unit = one.get("unit") or f"{len(one.get('processes') or ())} processes"
            for package in one.get("packages") or ():
                self.stale.setdefault(package, []).append(unit)
            if not one.get("packages"):
                self._unattributed.append(unit)

    @property
    def watched(self) -> frozenset[str]:
        """Packages whose fixes can be installed and not in effect: those of kernels, and those of `stale`."""
        return self.kernels.packages.union(self.stale)

    def gaps(self) -> list[dict[str, str]]:
        """Why it can't be told of every fix whether it is in effect; empty when it can."""
        if self._restarts is None:
            return [reason("running_code_unreadable")]
        if self._unattributed:
            return [reason("old_code_running", ", ".join(sorted(self._unattributed)))]
        return []

    @cached_property
    def kernel_doubt(self) -> dict[str, str] | None:
        """Why no feed tells what is wrong with the kernel that runs; None where one does, or it is not the
        host's."""
        if self.kernels.is_shared:
            return None
        running = self.kernels.running
        if not running:
            return reason("kernel_running_unknown")
        if self.kernels.is_foreign:
            return reason("kernel_of_no_package", running)
        owners = self.kernels.running_packages(self._packages)
        if not owners:
            return reason("kernel_running_unknown", running)
        publishers = {str(one["name"]): self._publisher(one) for one in owners}
        if "" in publishers.values():
            return None
        named = ", ".join(f"{name} of {publisher}" for name, publisher in sorted(publishers.items()))
        return reason("kernel_not_judged", f"{running}, {named}")

    @cached_property
    def running_packages(self) -> list[Mapping[str, Any]]:
        """The packages of the kernel that runs; none while that is in doubt."""
        return [] if self.kernel_doubt else self.kernels.running_packages(self._packages)

    def of_programs(self, packages: Sequence[Mapping[str, Any]]) -> Effect:
        """yes, no or unknown for the fix of ordinary packages."""
        if self._restarts is None:
            return "unknown", [reason("running_code_unreadable")]
        units = sorted({unit for package in packages for unit in self.stale.get(package["name"], ())})
        if units:
            return "no", [reason("old_code_running", ", ".join(units))]
        return "yes", []

    def of_kernel(self, images: Mapping[str, str], fixed: str, key: Callable[[str], Any]) -> Effect:
        """The same for a fix of the kernel, and regresses_on_reboot.

        images: version of each installed kernel image, by what `uname -r` says of it.
        """
        running = self.kernels.running
        if not running:
            return "unknown", [reason("kernel_running_unknown")]
        version = self._running_version(images)
        if version is None and not (self.kernels.is_owned and running not in images):
            return "unknown", [reason("kernel_running_unknown", running)]
        # A kernel of another package runs: of this one nothing does, and that one has its own advisories.
        if version is None and self.kernel_doubt:
            return "unknown", [self.kernel_doubt]
        if version is not None and key(version) < key(fixed):
            return "no", [reason("kernel_not_running", f"{running} ({version}) runs")]
        booting = images.get(self.kernels.default_boot or "")
        if booting is not None and key(booting) < key(fixed):
            return "regresses_on_reboot", [reason("regresses_on_reboot", str(self.kernels.default_boot))]
        return "yes", []

    def _running_version(self, images: Mapping[str, str]) -> str | None:
        """The running kernel's version: what it says itself, else that of its package unless that was rebuilt
        since."""
        installed = images.get(self.kernels.running or "")
        if self.kernels.build and (installed is not None or not self.kernels.told):
            return str(self.kernels.build)
        if installed is None or self._scheme != "deb":
            return installed
        reboot = self._document.get("reboot")
        if reboot is None or any(
            one.get("code") in ("kernel", "marker") for one in reboot.get("reasons") or ()
        ):
            return None
        return installed
