# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf's packages in the words of our documents."""

from typing import Any, Dict, Iterable, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)

try:
    import hawkey
except ImportError:
    hawkey = None  # see opening.py

_TYPES = ("unknown", "security", "bugfix", "enhancement", "newpackage")


def records_of(packages: Iterable[Any]) -> List[rpm_packages.Package]:
    """Return dnf's packages as records."""
    return [record_of(one) for one in packages]


def record_of(package: Any) -> rpm_packages.Package:
    """Return one of dnf's packages as a record."""
    present = package._from_system
    return rpm_packages.Package(
        name=package.name,
        arch=package.arch,
        version=version_of(package),
        source_rpm=package.sourcerpm or "",
        # Older bindings can't tell.
        vendor=getattr(package, "vendor", None) or "",
        section=package.group or "",
        repository=None if present else package.reponame,
        recorded=(package.from_repo or "") if present else "",
        manual=present and rpm_packages.is_manual(package.reason),
        sha256=sha256_of(package),
        download_bytes=package.downloadsize,
        disk_bytes=package.installsize,
        installed_at=package.installtime,
        found=package,
    )


def version_of(package: Any) -> str:
    """Return ``[epoch:]version-release``; an epoch of 0 is left out."""
    return rpm_packages.version_text(package.epoch, package.version, package.release)


def sha256_of(package: Any) -> Optional[str]:
    """Return the SHA-256 that the repository's metadata has of a package, None when it has another sum."""
    kind, digest = package.chksum or (None, b"")
    return digest.hex() if kind == hawkey.CHKSUM_SHA256 else None


def advisories_between(sack: Any, installed: Any, candidate: Any) -> List[Any]:
    """Return the advisories about what is newer than `installed` and not newer than `candidate`.

    Of a package that replaces one of another name: those about itself.
    """
    limit = candidate.evr
    found = {}
    if installed.name != candidate.name:
        return advisories_of(candidate)
    for advisory in installed.get_advisories(hawkey.GT):
        if any(
            one.name == candidate.name and one.arch == candidate.arch and sack.evr_cmp(one.evr, limit) <= 0
            for one in advisory.packages
        ):
            found[advisory.id] = advisory
    return [found[name] for name in sorted(found)]


def advisories_of(package: Any) -> List[Any]:
    """Return the advisories about exactly this version of a package."""
    return sorted(package.get_advisories(hawkey.EQ), key=lambda one: str(one.id))


def describe_advisory(advisory: Any, details: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    """Return {id, type, severity, cves, reboot_suggested, module}; `details` are of updateinfo.py."""
    more = details.get(advisory.id, {"reboot_suggested": None, "module": None})
    return {
        "id": advisory.id,
        "type": type_of(advisory),
        "severity": advisory.severity if advisory.severity not in ("", "None") else None,
        "cves": sorted({one.id for one in advisory.references if one.type == hawkey.REFERENCE_CVE}),
        "reboot_suggested": more["reboot_suggested"],
        "module": more["module"],
    }


def type_of(advisory: Any) -> str:
    """Return security, bugfix, enhancement, newpackage or unknown."""
    names = {getattr(hawkey, "ADVISORY_" + name.upper()): name for name in _TYPES}
    return names.get(advisory.type, "unknown")
