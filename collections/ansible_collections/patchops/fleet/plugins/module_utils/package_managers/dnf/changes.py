# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The half of dnf's driver that plans and acts; the reading half is in `Dnf` itself."""

from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError


class DnfChanges(Driver):
    """Planning and acting by dnf."""

    def plan(self, selection: Dict[str, Any], options: Dict[str, Any]) -> Dict[str, Any]:
        raise DriverError(
            "unsupported_platform",
            "Hosts with dnf can be scanned, but not patched by this version; nothing was changed.",
            "Leave them out of the run, or patch them with dnf itself.",
        )
