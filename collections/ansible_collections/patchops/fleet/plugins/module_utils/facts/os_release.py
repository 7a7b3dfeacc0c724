# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which distribution the host runs."""

import shlex
from typing import Any, Dict, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.support import find_support
from ansible_collections.patchops.fleet.plugins.module_utils.times import now

_PATHS = ("/etc/os-release", "/usr/lib/os-release")


def read_os_release() -> Dict[str, str]:
    """Return the assignments of os-release; raises OSError when there is none."""
    error = FileNotFoundError(2, "No such file or directory", _PATHS[0])
    for path in _PATHS:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return parse_os_release(file.read())
        except FileNotFoundError:
            continue
    raise error


def parse_os_release(text: str) -> Dict[str, str]:
    """Return the assignments of an os-release file, quotes removed."""
    values = {}
    for line in text.splitlines():
        name, separator, value = line.strip().partition("=")
        if not separator or name.startswith("#"):
            continue
        try:
            words = shlex.split(value)
        except ValueError:
            words = [value]  # a stray quote: what is there still tells more than nothing
        values[name] = words[0] if words else ""
    return values


def version_of(values: Dict[str, str]) -> Optional[str]:
    """Return the release in the assignments of os-release: ``12``, ``rolling`` where releases don't exist.

    Arch has no version, or in its images for containers the day on which they were made; Tumbleweed's is the
    day of its newest packages.
    """
    rolls = values.get("BUILD_ID") == "rolling" or values.get("ID") == "opensuse-tumbleweed"
    return "rolling" if rolls else values.get("VERSION_ID")


def collect_os(arch: str) -> Dict[str, Any]:
    """Return the `os` part of the host document."""
    values = read_os_release()
    distribution, version = values.get("ID", "linux"), version_of(values)
    return {
        "id": distribution,
        "id_like": values.get("ID_LIKE", "").split(),
        "name": values.get("PRETTY_NAME") or values.get("NAME", ""),
        "version_id": version,
        "codename": values.get("VERSION_CODENAME"),
        "arch": arch,
        "support": find_support(distribution, version, now()[:10], values.get("SUPPORT_END")),
    }
