# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels that dpkg has installed."""

import functools
import re
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.inventory import Row
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

# linux-image-6.1.0-25-amd64 carries a kernel; linux-image-amd64 only depends on the newest one.
_IMAGE = re.compile(r"^linux-image-(?:unsigned-)?(\d.*)$")


def installed_kernels(rows: List[Row]) -> List[Dict[str, Any]]:
    """Return [{release, package, version}] from the oldest to the newest."""
    kernels = []
    for row in rows:
        match = _IMAGE.match(row.name)
        if match and row.status == "installed" and not row.name.endswith("-dbg"):
            kernels.append({"release": match.group(1), "package": row.name, "version": row.version})
    return sorted(kernels, key=functools.cmp_to_key(_compare))


def _compare(left: Dict[str, Any], right: Dict[str, Any]) -> int:
    # There are two or three of them: asking dpkg is cheaper than knowing its rules.
    if run(["dpkg", "--compare-versions", left["release"], "lt", right["release"]]).rc == 0:
        return -1
    return 1 if run(["dpkg", "--compare-versions", left["release"], "gt", right["release"]]).rc == 0 else 0
