# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf's packages in the words of our documents."""

import re
from typing import Any, Dict, List, Optional

try:
    import hawkey
except ImportError:
    hawkey = None  # see opening.py

_SOURCE_RPM = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<release>[^-]+)\.(?:no)?src\.rpm\Z")
_AUTOMATIC = ("dependency", "weak-dependency", "clean")
_TYPES = ("unknown", "security", "bugfix", "enhancement", "newpackage")


def version_of(package: Any) -> str:
    """Return ``[epoch:]version-release``; an epoch of 0 is left out."""
    epoch = f"{package.epoch}:" if package.epoch else ""
    return f"{epoch}{package.version}-{package.release}"


def without_zero_epoch(version: str) -> str:
    """Return a version as `version_of` writes it."""
    return version[2:] if version.startswith("0:") else version


def source_of(package: Any) -> Dict[str, str]:
    """Return {source, source_version} from the name of the source package."""
    match = _SOURCE_RPM.match(package.sourcerpm or "")
    if match is None:
        return {"source": package.name, "source_version": version_of(package)}
    return {
        "source": match.group("name"),
        "source_version": f"{match.group('version')}-{match.group('release')}",
    }


def is_manual(reason: str) -> bool:
    """Tell whether a package is there for its own sake."""
    return reason not in _AUTOMATIC


def vendor_of(package: Any) -> str:
    """Return who made a package; older bindings can't tell."""
    return getattr(package, "vendor", None) or ""


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
