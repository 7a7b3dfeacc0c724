# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""libdnf5's packages and advisories in the words of our documents."""

from typing import Any, Dict, Iterable, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.versions import rpm as versions

try:
    import libdnf5
except ImportError:
    libdnf5 = None  # see opening.py

_NULL = "<NULL>"


def records_of(packages: Iterable[Any]) -> List[rpm_packages.Package]:
    """Return libdnf5's packages as records."""
    return [record_of(one) for one in packages]


def record_of(package: Any) -> rpm_packages.Package:
    """Return one of libdnf5's packages as a record."""
    present = package.is_installed()
    reason = libdnf5.transaction.transaction_item_reason_to_string(package.get_reason()) if present else ""
    return rpm_packages.Package(
        name=package.get_name(),
        arch=package.get_arch(),
        version=version_of(package),
        source_rpm=_text(package.get_sourcerpm()),
        vendor=_text(package.get_vendor()),
        section=_text(package.get_group()),
        repository=None if present else package.get_repo_id(),
        recorded=package.get_from_repo_id() if present else "",
        manual=present and rpm_packages.is_manual(reason),
        sha256=None if present else sha256_of(package),
        download_bytes=package.get_download_size(),
        disk_bytes=package.get_install_size(),
        installed_at=package.get_install_time(),
        found=package,
    )


def version_of(package: Any) -> str:
    """Return ``[epoch:]version-release``; an epoch of 0 is left out."""
    return rpm_packages.without_zero_epoch(package.get_evr())


def sha256_of(package: Any) -> Optional[str]:
    """Return the SHA-256 that the repository's metadata has of a package, None when it has another sum."""
    checksum = package.get_checksum()
    return checksum.get_checksum() if checksum.get_type_str() == "sha256" else None


class Advisories:
    """The advisories about what is newer than the packages `installed`, and about `new` packages."""

    def __init__(self, base: Any, installed: List[Any], new: List[Any]) -> None:
        self._query = libdnf5.advisory.AdvisoryQuery(base)
        self._base = base
        self._found: Dict[rpm_packages.Key, List[Any]] = {}
        self._take(installed, libdnf5.common.QueryCmp_GT)
        self._take(new, libdnf5.common.QueryCmp_EQ)

    def between(
        self, before: Optional[rpm_packages.Package], after: rpm_packages.Package
    ) -> List[Dict[str, Any]]:
        """Return {id, type, severity, cves, reboot_suggested, module} of what `after` mends, by their ids.

        Of a new package (`before` None), and of one that replaces another name: those about this version.
        """
        replaces = before is not None and before.name == after.name
        lower = versions.key(before.version) if before is not None and replaces else None
        upper = versions.key(after.version)
        found = {}
        for one in self._found.get(rpm_packages.key_of(after), []):
            key = versions.key(rpm_packages.without_zero_epoch(one.get_evr()))
            if (lower < key <= upper) if lower is not None else key == upper:
                found[one.get_advisory_id().id] = one
        entries = [_describe(one) for one in found.values()]
        return sorted(entries, key=lambda one: str(one["id"]))

    def _take(self, packages: List[Any], comparison: int) -> None:
        asked = libdnf5.rpm.PackageSet(self._base)
        for one in packages:
            asked.add(one)
        for one in self._query.get_advisory_packages_sorted(asked, comparison):
            self._found.setdefault((one.get_name(), one.get_arch()), []).append(one)


def _describe(package: Any) -> Dict[str, Any]:
    """Return the advisory of one of its packages."""
    advisory, modules = package.get_advisory(), list(package.get_advisory_collection().get_modules())
    severity = advisory.get_severity()
    return {
        "id": advisory.get_name(),
        "type": advisory.get_type() or "unknown",
        "severity": severity if severity not in ("", "None") else None,
        "cves": sorted({one.get_id() for one in advisory.get_references() if one.get_type() == "cve"}),
        # An advisory stands for all of its packages: each restates what one of them asks for.
        "reboot_suggested": any(
            one.get_reboot_suggested()
            for collection in advisory.get_collections()
            for one in collection.get_packages()
        ),
        "module": f"{modules[0].get_name()}:{modules[0].get_stream()}" if modules else None,
    }


def _text(value: Optional[str]) -> str:
    # libsolv's word for nothing.
    return "" if value in (None, _NULL) else str(value)
