# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels that dpkg has installed: images, or modules, that a package owns."""

import functools
from typing import Any, Callable, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.inventory import (
    Row,
    read_owners,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.kernel_files import find_files
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_INSTALLED = ("installed", "triggers-awaited", "triggers-pending")


def installed_kernels(
    rows: List[Row], owners: Callable[[List[str]], Dict[str, str]] = read_owners, root: str = ""
) -> List[Dict[str, Any]]:
    """Return [{release, package, version}] from the oldest to the newest. `owners`: the package of each
    path."""
    found = find_files(root)
    owned = owners(sorted(path for paths in found.values() for path in paths)) if found else {}
    versions = {row.name: row.version for row in rows if row.status in _INSTALLED}
    kernels = []
    for release, paths in found.items():
        # The image comes first: modules can be of a package of their own.
        package = next((owned[path] for path in paths if owned.get(path) in versions), None)
        if package is not None:
            kernels.append({"release": release, "package": package, "version": versions[package]})
    return sorted(kernels, key=functools.cmp_to_key(_compare))


def _compare(left: Dict[str, Any], right: Dict[str, Any]) -> int:
    # There are two or three of them: asking dpkg is cheaper than knowing its rules.
    if run(["dpkg", "--compare-versions", left["release"], "lt", right["release"]]).rc == 0:
        return -1
    return 1 if run(["dpkg", "--compare-versions", left["release"], "gt", right["release"]]).rc == 0 else 0
