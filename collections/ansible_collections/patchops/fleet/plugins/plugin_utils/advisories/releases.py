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
    "fedora": "rpm",
    "ol": "rpm",
    "opensuse-leap": "rpm",
    "rhel": "rpm",
    "rocky": "rpm",
    "sled": "rpm",
    "sles": "rpm",
    "ubuntu": "deb",
}
_MAJOR_ONLY = {"almalinux", "centos", "ol", "rhel", "rocky"}
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
# What OSV calls a distribution -> os-release ID.
_OSV_FAMILIES = {
    "AlmaLinux": "almalinux",
    "Alpine": "alpine",
    "Debian": "debian",
    "Rocky Linux": "rocky",
    "Ubuntu": "ubuntu",
}
_OSV_LANGUAGES = {"PyPI": "pypi", "npm": "npm"}
# Ecosystems of languages, whose packages don't belong to a release.
LANGUAGES = set(_OSV_LANGUAGES.values())
# How updateinfo.xml calls the release of an advisory, in its release, its collections or nowhere.
_RELEASE_NAMES = (
    (re.compile(r"AlmaLinux[ -]?(\d+)", re.I), "almalinux"),
    (re.compile(r"Rocky Linux (\d+)", re.I), "rocky"),
    (re.compile(r"Red Hat Enterprise Linux .*?(?:v\. )?(\d+)\b", re.I), "rhel"),
    (re.compile(r"Oracle Linux (\d+)", re.I), "ol"),
    (re.compile(r"CentOS (?:Linux|Stream) (\d+)", re.I), "centos"),
    (re.compile(r"Amazon Linux (\d+)", re.I), "amzn"),
    (re.compile(r"Fedora (\d+)", re.I), "fedora"),
    (re.compile(r"openSUSE Leap (\d+\.\d+)", re.I), "opensuse-leap"),
    (re.compile(r"SUSE Linux Enterprise Server (\d+(?: SP\d+)?)", re.I), "sles"),
)
# The main stream alone; extended support ("rhel_eus:9.2") has fixes at other versions.
_RED_HAT = re.compile(r"enterprise_linux:(\d+)")
_UBUNTU = re.compile(r"(?:Pro(?:-[a-z]+)?:)?(\d\d\.\d\d)")


def release_key(os_id: str, version_id: str, codename: str = "") -> str | None:
    """The key of a host's release, from its os-release. None where the family is unknown or the release isn't
    told."""
    family = os_id.lower()
    if family not in SCHEMES:
        return None
    if family == "arch":
        return "arch:rolling"
    if family == "debian":
        name = codename or DEBIAN_CODENAMES.get(version_id.partition(".")[0], "")
        return f"debian:{name}" if name else None
    if family in _MAJOR_ONLY:
        version_id = version_id.partition(".")[0]
    elif family == "alpine":
        version_id = ".".join(version_id.removeprefix("v").split(".")[:2])
    return f"{family}:{version_id}" if version_id else None


def is_release(key: str) -> bool:
    """Whether hosts or language packages can have this key."""
    family, separator, version = key.partition(":")
    return key in LANGUAGES or (bool(separator) and release_key(family, version, version) == key)


def scheme_of(release: str) -> str | None:
    """The packaging scheme of a release key; None for ecosystems whose version order is not known here."""
    if release in LANGUAGES:
        return release
    return SCHEMES.get(release.partition(":")[0])


def from_osv(ecosystem: str) -> tuple[str, str] | None:
    """Release key and channel of an OSV ecosystem ("Ubuntu:Pro:20.04:LTS" -> "ubuntu:20.04", "esm"), or
    None."""
    family, _separator, rest = ecosystem.partition(":")
    if family in _OSV_LANGUAGES:
        return _OSV_LANGUAGES[family], ""
    if family == "Red Hat":
        match = _RED_HAT.match(rest)
        return (f"rhel:{match[1]}", "") if match else None
    if family in ("SUSE", "openSUSE"):
        product = from_name(f"{family} {rest}")
        return (product, "") if product else None
    os_id = _OSV_FAMILIES.get(family)
    if os_id is None:
        return None
    if os_id == "ubuntu":
        match = _UBUNTU.match(rest)
        return (f"ubuntu:{match[1]}", "esm" if rest.startswith("Pro") else "") if match else None
    key = release_key(os_id, rest)
    return (key, "") if key else None


def from_name(name: str) -> str | None:
    """The release key behind a product's full name ("Rocky Linux 8", "Amazon Linux 2 2017.12"), or None."""
    for pattern, family in _RELEASE_NAMES:
        if match := pattern.search(name):
            return release_key(family, re.sub(r" SP", ".", match[1], flags=re.IGNORECASE))
    return None


def language_name(ecosystem: str, name: str) -> str:
    """The one spelling of a language package's name: PyPI's names don't tell "-", "_" and "." apart."""
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "pypi" else name
