# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release keys: how a distribution's release is called in the database, whatever feeds and hosts call it.

A key is "family:release": "debian:bookworm", "ubuntu:22.04", "almalinux:9", "alpine:3.19". Enterprise
rebuilds count by major version, as their advisories do. Language ecosystems (OSV's PyPI, npm) have their name
alone: "pypi".
"""

from __future__ import annotations

import re

# os-release ID -> packaging scheme, which is also the version order.
SCHEMES = {
    "almalinux": "rpm",
    "alpine": "apk",
    "amzn": "rpm",
    "arch": "pacman",
    "centos": "rpm",
    "debian": "deb",
    "epel": "rpm",
    "fedora": "rpm",
    "ol": "rpm",
    "opensuse-leap": "rpm",
    "rhel": "rpm",
    "rocky": "rpm",
    "sled": "rpm",
    "sles": "rpm",
    "ubuntu": "deb",
}
# How many parts of a version make a release; "15-SP4" and "15 SP4" are 15.4, "22.04.2" is 22.04.
_PARTS = {
    **dict.fromkeys(("almalinux", "amzn", "centos", "epel", "fedora", "ol", "rhel", "rocky"), 1),
    **dict.fromkeys(("alpine", "opensuse-leap", "sled", "sles", "ubuntu"), 2),
}
_VERSION_PARTS = re.compile(r"\d+")
DEBIAN_CODENAMES = {
    "6": "squeeze",
    "7": "wheezy",
    "8": "jessie",
    "9": "stretch",
    "10": "buster",
    "11": "bullseye",
    "12": "bookworm",
    "13": "trixie",
    "14": "forky",
    "15": "duke",
}
# Languages' ecosystems of OSV, whose packages don't belong to a release.
OSV_LANGUAGES = {"Go": "golang", "Maven": "maven", "PyPI": "pypi", "npm": "npm"}
LANGUAGES = set(OSV_LANGUAGES.values())
# What SBOMs and vendors call a distribution beside its os-release ID.
_ALIASES = {
    "alma": "almalinux",
    "amazon": "amzn",
    "opensuse.leap": "opensuse-leap",
    "oracle": "ol",
    "redhat": "rhel",
    "sles_sap": "sles",
    "suse linux enterprise server": "sles",
}


def os_id(name: str) -> str:
    """The os-release ID of a distribution, whatever an SBOM calls it."""
    return _ALIASES.get(name.lower(), name.lower())


def release_key(identity: str, version_id: str, codename: str = "") -> str | None:
    """The key of a host's release, from its os-release. None where the family is unknown or the release isn't
    told."""
    family = os_id(identity)
    if family not in SCHEMES:
        return None
    if family == "arch":
        return "arch:rolling"
    if family == "debian":
        name = codename or DEBIAN_CODENAMES.get(version_id.partition(".")[0], "")
        return f"debian:{name}" if name else None
    parts = _VERSION_PARTS.findall(version_id)
    if family not in _PARTS:
        return f"{family}:{version_id}" if version_id else None
    if family == "alpine" and not parts:
        return f"alpine:{version_id}" if version_id == "edge" else None
    version = ".".join(parts[: _PARTS[family]])
    return f"{family}:{version}" if version else None


def any_release(family: str) -> str:
    """The key of what is said of a family's product that is not known here."""
    return f"{family}:*"


def is_release(key: str) -> bool:
    """Whether hosts or language packages can have this key."""
    family, separator, version = key.partition(":")
    return key in LANGUAGES or (bool(separator) and release_key(family, version, version) == key)


def scheme_of(release: str) -> str | None:
    """The packaging scheme of a release key; None for ecosystems whose version order is not known here."""
    if release in LANGUAGES:
        return release
    return SCHEMES.get(release.partition(":")[0])


def language_name(ecosystem: str, name: str) -> str:
    """The one spelling of a language package's name: PyPI's names don't tell "-", "_" and "." apart.

    Maven's group and artifact have a colon between them in OSV, and a slash in package URLs.
    """
    if ecosystem == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.replace("/", ":") if ecosystem == "maven" else name
