# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel runs, which ones are installed, and which one the boot loader would start."""

import os
import re
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text_or_none

_GRUB_CONFIGS = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg")
_GRUB_ENVIRONMENTS = ("/boot/grub/grubenv", "/boot/grub2/grubenv")
_LOADER_CONFIGS = ("/boot/loader", "/boot/efi/loader", "/efi/loader")

_ENTRY = re.compile(r"^(\s*)menuentry\s+(['\"])(.*?)\2(.*)$")
_ENTRY_ID = re.compile(r"\$menuentry_id_option\s+['\"]([^'\"]+)['\"]")
_LINUX = re.compile(r"^\s*linux(?:16|efi)?\s+\S*/vmlinu[xz]-(\S+)")
_DEFAULT = re.compile(r"^\s*set default=\"([^\"]*)\"", re.MULTILINE)
# What the running kernel says of its own package: "#1 SMP Debian 6.1.106-3 (2024-08-26)".
_DEBIAN_BUILD = re.compile(r"\bDebian (\S+)")
_FLAVOUR = re.compile(r"^\d[\w.+~]*-(?:\d[\w.]*-)?")
# 5.14.0-427.el9.x86_64, 5.14.0-427.el9.x86_64+rt
_RPM_RELEASE = re.compile(r"^\d[^+]*\.(?:x86_64|aarch64|ppc64le|s390x)(?:\+(.*))?$")


def collect_kernel(installed: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the `kernel` part of the host document; `installed` runs from the oldest to the newest."""
    running = os.uname()
    newest = newest_of_flavour(installed, running.release)
    return {
        "running": running.release,
        "running_build": _build(running.version),
        "installed": installed,
        "newest_installed": newest["release"] if newest else None,
        "default_boot": read_default_boot(),
    }


def newest_of_flavour(installed: List[Dict[str, Any]], running: str) -> Optional[Dict[str, Any]]:
    """Return the newest kernel of the running one's flavour (amd64, cloud-amd64), else the newest of all."""
    same = [kernel for kernel in installed if flavour(kernel["release"]) == flavour(running)]
    return (same or installed or [None])[-1]  # type: ignore[list-item]


def flavour(release: str) -> str:
    """Return what kind of kernel it is: `cloud-amd64` of `6.1.0-25-cloud-amd64`, `rt` of `...x86_64+rt`."""
    of_rpm = _RPM_RELEASE.match(release)
    if of_rpm:
        return of_rpm.group(1) or ""
    return _FLAVOUR.sub("", release)


def read_default_boot() -> Optional[str]:
    """Return the release that boots next, None where it can't be told (containers, other boot loaders)."""
    config = _first_text(_GRUB_CONFIGS)
    if config is not None:
        return grub_default(config, _first_text(_GRUB_ENVIRONMENTS) or "")
    for directory in _LOADER_CONFIGS:
        config = read_text_or_none(os.path.join(directory, "loader.conf"))
        if config is not None:
            return _systemd_boot_default(directory, config)
    return None


def grub_default(config: str, environment: str) -> Optional[str]:
    """Return the kernel release of GRUB's default entry from grub.cfg and grubenv."""
    entries = _grub_entries(config)
    variables = dict(line.split("=", 1) for line in environment.splitlines() if "=" in line)
    wanted = variables.get("next_entry") or ""
    if not wanted:
        # The first assignment that is not a reference; Debian writes "${next_entry}" before it.
        plain = [value for value in _DEFAULT.findall(config) if not value.startswith("${next_entry")]
        wanted = plain[0] if plain else "0"
        if "saved_entry" in wanted:
            wanted = variables.get("saved_entry", "0")
    last = wanted.split(">")[-1]  # entries below a submenu are named "submenu>entry"
    for number, entry in enumerate(entries):
        if last in (entry["title"], entry["id"]) or (last == wanted == str(number)):
            return entry["release"]
    return None


def _grub_entries(config: str) -> List[Dict[str, Optional[str]]]:
    # Top-level entries come before the submenu that repeats them, so that numbers below its place stay right.
    entries: List[Dict[str, Optional[str]]] = []
    for line in config.splitlines():
        match = _ENTRY.match(line)
        if match:
            identity = _ENTRY_ID.search(match.group(4))
            entries.append(
                {"title": match.group(3), "id": identity.group(1) if identity else None, "release": None}
            )
            continue
        kernel = _LINUX.match(line)
        if kernel and entries and entries[-1]["release"] is None:
            entries[-1]["release"] = kernel.group(1)
    return entries


def _systemd_boot_default(directory: str, config: str) -> Optional[str]:
    match = re.search(r"^default\s+(\S+)", config, re.MULTILINE)
    if not match or "*" in match.group(1) or "/" in match.group(1):
        return None
    name = match.group(1) if match.group(1).endswith(".conf") else match.group(1) + ".conf"
    entry = read_text_or_none(os.path.join(directory, "entries", name)) or ""
    version = re.search(r"^version\s+(\S+)", entry, re.MULTILINE)
    return version.group(1) if version else None


def _build(uname_version: str) -> Optional[str]:
    match = _DEBIAN_BUILD.search(uname_version)
    return match.group(1) if match else None


def _first_text(paths: Any) -> Optional[str]:
    return next((text for text in map(read_text_or_none, paths) if text is not None), None)
