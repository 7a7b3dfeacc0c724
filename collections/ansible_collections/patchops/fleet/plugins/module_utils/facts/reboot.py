# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host has to reboot for what is installed to be in effect, and why."""

from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text_or_none

_MARKER = "/run/reboot-required"
# Restarting these takes the host's sessions and services with it.
_CORE_UNITS = ("init.scope", "dbus.service", "dbus-broker.service")


def read_marker(requests: Sequence[str] = ()) -> Optional[List[str]]:
    """Return the packages that asked for a reboot, None when none did.

    `requests` are those that the package manager knows of, besides the marker that Debian's packages leave.
    """
    if read_text_or_none(_MARKER) is None:
        return sorted(requests) or None
    return sorted({*requests, *(read_text_or_none(_MARKER + ".pkgs") or "").split()})


def judge_reboot(
    marker: Optional[List[str]],
    kernel: Optional[Dict[str, Any]],
    in_container: bool,
    restarts: Optional[List[Dict[str, Any]]],
) -> Dict[str, Any]:
    """Return {required, reasons: [{code, detail}]}, with `unknown` where the running kernel is no package's.

    `required` is None when nothing asks for a reboot but kernels or running programs could not be looked into
    (None), or the running kernel belongs to no package. The kernel of a container is not its own.
    """
    reasons = []
    unknown = None
    if marker is not None:
        reasons.append({"code": "marker", "detail": "asked for by " + (", ".join(marker) or _MARKER)})
    if kernel is not None and not in_container:
        detail = pending_kernel(kernel)
        if detail:
            reasons.append({"code": "kernel", "detail": detail})
        unknown = unknown_kernel(kernel)
    core = [item["unit"] for item in restarts or [] if item["unit"] in _CORE_UNITS]
    if core:
        reasons.append({"code": "services", "detail": "replaced while it runs: " + ", ".join(core)})
    unseen = unknown is not None or restarts is None or (kernel is None and not in_container)
    judged = {"required": True if reasons else (None if unseen else False), "reasons": reasons}
    return dict(judged, unknown=unknown) if unknown else judged


def unknown_kernel(kernel: Dict[str, Any]) -> Optional[str]:
    """Return why nothing can be said of the running kernel, None when something can.

    On a host without packages of kernels there is none that a reboot could start.
    """
    releases = [one["release"] for one in kernel["installed"]]
    if not releases or kernel["running"] in releases or kernel["newest_installed"] is not None:
        return None
    return f"kernel {kernel['running']} runs, which belongs to no installed package ({', '.join(releases)})"


def pending_kernel(kernel: Dict[str, Any]) -> Optional[str]:
    """Return what keeps the running kernel from being the newest installed one, None when it is."""
    running, newest = kernel["running"], kernel["newest_installed"]
    releases = [one["release"] for one in kernel["installed"]]
    if newest is None:
        return None
    if newest != running:
        gone = "" if running in releases else ", which is no longer installed"
        return f"{newest} is installed, {running} runs{gone}"
    # The same release can be built again: only the build that the kernel names tells.
    version = next(one["version"] for one in reversed(kernel["installed"]) if one["release"] == newest)
    build = kernel["running_build"]
    if build is not None and build != version:
        return f"{newest} is installed as {version}, {build} runs"
    return None
