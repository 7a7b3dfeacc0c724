# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which advisories of the repositories an update answers. Pure."""

from typing import Any, Dict, Iterable, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.versions.rpm import key

_TOLD = ("id", "type", "severity", "cves", "reboot_suggested", "module")


class Advisories:
    """Advisories (see repodata.read_advisories) by the packages that they are about."""

    def __init__(self, advisories: Iterable[Dict[str, Any]]) -> None:
        self._by_name: Dict[str, List[Any]] = {}
        for one in advisories:
            for package in one["packages"]:
                self._by_name.setdefault(package["name"], []).append((package, one))

    def between(self, name: str, arch: str, installed: Optional[str], candidate: str) -> List[Dict[str, Any]]:
        """Return the advisories about what is newer than `installed` and not newer than `candidate`.

        `installed` None: those about exactly the candidate. Each as {id, type, severity, cves,
        reboot_suggested, module}, sorted by id.
        """
        found = {}
        for package, advisory in self._by_name.get(name, ()):
            if package["arch"] != arch:
                continue
            version = key(package["version"])
            low = version == key(candidate) if installed is None else version > key(installed)
            if low and version <= key(candidate):
                found[advisory["id"]] = {field: advisory[field] for field in _TOLD}
        return [found[name] for name in sorted(found)]

    def about(self, name: str, version: str) -> List[str]:
        """Return the ids of the advisories about exactly this version of a package, sorted."""
        return sorted(
            {
                advisory["id"]
                for package, advisory in self._by_name.get(name, ())
                if key(package["version"]) == key(version)
            }
        )
