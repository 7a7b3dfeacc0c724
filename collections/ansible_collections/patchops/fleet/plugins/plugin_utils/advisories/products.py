# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vendors' products: which releases a product's name, CPE or OSV ecosystem stands for.

A product gives pairs of a release key (releases.py) and a channel: "" for what every host of the release
gets,
else the entitlement that the product's fixes need ("ltss", "sap", "esm"). A module or an extension of SUSE
Linux
Enterprise serves servers and desktops. A product gives nothing when no host can have it as its release: other
systems, and Red Hat's extended support, whose fixes have versions of their own.
"""

from __future__ import annotations

import re

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    OSV_LANGUAGES,
    release_key,
)

RELEASE_IN_NAME = re.compile(r"\b\d\d\.\d\d\b")
"""A release of Ubuntu in the name of a product that is not known otherwise."""

# A release key and the channel of its fixes.
Product = tuple[str, str]

_OSV_FAMILIES = {
    "AlmaLinux": "almalinux",
    "Alpine": "alpine",
    "Debian": "debian",
    "Rocky Linux": "rocky",
    "Ubuntu": "ubuntu",
}
# Ecosystems whose names are those of source RPMs; in the second table a name can be a source or a binary.
_OSV_SOURCES = {"Rocky Linux", "SUSE", "openSUSE"}
_OSV_EITHER = {"Red Hat"}
_OSV_UBUNTU = re.compile(r"(?:Pro(?:-[a-z]+)?:)?(\d\d\.\d\d)")

_PLAIN_NAMES = (
    (re.compile(r"AlmaLinux(?: OS)?[ -]?(\d+)", re.I), "almalinux"),
    (re.compile(r"Rocky Linux (\d+)", re.I), "rocky"),
    (re.compile(r"Oracle Linux (\d+)", re.I), "ol"),
    (re.compile(r"CentOS (?:Linux|Stream) (\d+)", re.I), "centos"),
    (re.compile(r"Amazon Linux (\d+)", re.I), "amzn"),
    (re.compile(r"\bEPEL[ -]?(\d+)", re.I), "epel"),
    (re.compile(r"Fedora (?:Linux )?(\d+)", re.I), "fedora"),
    (re.compile(r"openSUSE Leap (\d+\.\d+)", re.I), "opensuse-leap"),
)
# "Red Hat Enterprise Linux for x86_64 - BaseOS (v. 9)", "Red Hat Enterprise Linux 9.4"
_RED_HAT = re.compile(
    r"Red Hat (?:Enterprise Linux|CodeReady Linux Builder)\b"
    r"(?:.*?\(v\. ?(?P<in_words>\d+(?:\.\d+)*)\)|[^(]*? (?P<plain>\d+)\b)"
)
_RED_HAT_EXTENDED = re.compile(
    r"\b(?:EUS|AUS|E4S|TUS|ELS|ELP|Extended|Advanced|Telecommunications)\b|-els\b", re.I
)
_SUSE = re.compile(
    r"SUSE (?:Linux Enterprise (?P<product>.+?)|(?P<hub>Package Hub)) (?P<version>\d+(?:\.\d+)?)"
    r"(?: SP(?P<sp>\d+))?(?P<more>.*)",
    re.I,
)
_CPE = re.compile(
    r"cpe:(?:/|2\.3:)[aho]:(?P<vendor>[^:]+):(?P<product>[^:]+):(?P<version>[\d.]+)(?P<more>.*)"
)
# SUSE writes its release behind the major one from 16 on: "cpe:/o:suse:sles:16:16.0:server".
_CPE_MINOR = re.compile(r":(\d+\.\d+)(?=:|$)")
# Systems and streams that are known, and that no host can have as its release.
_CPE_OF_OTHERS = re.compile(
    r"(?:enterprise_linux|rhel)_(?:eus|aus|e4s|tus|els|elp|mission_critical).*|sle-(?:hpc|micro).*"
)
_NAMES_OF_OTHERS = re.compile(r"SUSE Linux (?:Enterprise )?(?:High Performance|Micro)\b", re.I)
# By the begin of a product's name, or the vendor of its CPE.
_VENDORS = {
    "almalinux": ("almalinux",),
    "alpine": ("alpine",),
    "amazon": ("amzn",),
    "centos": ("centos",),
    "debian": ("debian",),
    "epel": ("epel",),
    "fedora": ("fedora",),
    "opensuse": ("opensuse-leap",),
    "oracle linux": ("ol",),
    "red hat": ("rhel",),
    "redhat": ("rhel",),
    "rocky": ("rocky",),
    "suse": ("sles", "sled"),
    "ubuntu": ("ubuntu",),
}
_CPE_SERVICE_PACK = re.compile(r":sp(\d+)")
_CPE_SERVER = re.compile(r"(?:suse_)?sles(?:[-_](?P<channel>.+))?")
_CPE_DESKTOP = re.compile(r"(?:suse_)?sled")
_CPE_ADDED = re.compile(r"sle-(?!hpc|micro)[a-z0-9-]+|packagehub[a-z-]*")


def of_name(name: str) -> tuple[Product, ...]:
    """The products behind a full name, like "Rocky Linux 8" or "SUSE Linux Enterprise Server 15 SP3-LTSS"."""
    if match := _SUSE.search(name):
        version = f"{match['version']}.{match['sp']}" if match["sp"] else match["version"]
        return _suse(match["product"] or match["hub"], version, match["more"])
    if match := _RED_HAT.search(name):
        version = match["in_words"] or match["plain"]
        if _RED_HAT_EXTENDED.search(name) or "." in (match["in_words"] or ""):
            return ()
        return _products("rhel", version)
    for pattern, family in _PLAIN_NAMES:
        if match := pattern.search(name):
            return _products(family, match[1])
    return ()


def of_cpe(cpe: str) -> tuple[Product, ...] | None:
    """The products behind a CPE; None where it is not a CPE of a vendor that is known by CPEs."""
    match = _CPE.match(cpe.lower())
    vendor = match["vendor"] if match else re.match(r"cpe:(?:/|2\.3:)[aho]:(redhat|suse):", cpe.lower())
    if not match:
        return () if vendor else None
    product, version = match["product"], match["version"]
    if vendor == "redhat":
        return _products("rhel", version) if product == "enterprise_linux" else ()
    if vendor == "opensuse":
        return _products("opensuse-leap", version) if product == "leap" else ()
    if vendor != "suse":
        return None
    minor = _CPE_MINOR.match(match["more"])
    if minor and minor[1].startswith(f"{version}.") and product.startswith(("sle", "suse_sle")):
        edition = _channel(match["more"][minor.end() :].replace("server", ""))
        return _products("sled" if _CPE_DESKTOP.fullmatch(product) else "sles", minor[1], edition)
    pack = _CPE_SERVICE_PACK.match(match["more"])
    edition = re.sub(r"[:*]+", " ", match["more"][pack.end() :] if pack else match["more"]).strip()
    version = f"{version}.{pack[1]}" if pack else version
    if server := _CPE_SERVER.fullmatch(product):
        return _products("sles", version, _channel(server["channel"] or "", edition))
    if _CPE_DESKTOP.fullmatch(product):
        return _products("sled", version, _channel(edition))
    return _of_all_suse(version, _channel(edition)) if _CPE_ADDED.fullmatch(product) else ()


def families_of_unknown(name: str, cpe: str = "") -> tuple[str, ...]:
    """The families whose hosts may have a product that is not known here, by its name or CPE.

    Empty for a product of another vendor, and for one that is known to be none of a host's release.
    """
    match = re.match(r"cpe:(?:/|2\.3:)[aho]:([^:]+):([^:]+)", cpe.lower())
    if match and _CPE_OF_OTHERS.fullmatch(match[2]):
        return ()
    if _NAMES_OF_OTHERS.search(name) or (_RED_HAT.search(name) and _RED_HAT_EXTENDED.search(name)):
        return ()
    words = (match[1] if match else "", name.lower())
    found = (vendor for vendor in _VENDORS if any(word.startswith(vendor) for word in words))
    return _VENDORS.get(next(found, ""), ())


def families_of_unknown_ecosystem(ecosystem: str) -> tuple[str, ...]:
    """The same for an OSV ecosystem; any may be meant where none is told."""
    if not ecosystem:
        return tuple(dict.fromkeys(family for families in _VENDORS.values() for family in families))
    family, _separator, rest = ecosystem.partition(":")
    return families_of_unknown(ecosystem, f"cpe:/o:redhat:{rest}" if family == "Red Hat" else "")


def of_osv(ecosystem: str) -> tuple[Product, ...]:
    """The products behind an OSV ecosystem: "Ubuntu:Pro:20.04:LTS" is ubuntu:20.04 with the channel "esm"."""
    family, _separator, rest = ecosystem.partition(":")
    if family in OSV_LANGUAGES:
        return ((OSV_LANGUAGES[family], ""),)
    if family == "Red Hat":
        return of_cpe(f"cpe:/o:redhat:{rest}") or ()
    if family in ("SUSE", "openSUSE"):
        return of_name(f"{family} {rest.replace(':', ' ')}")
    if family == "Ubuntu":
        match = _OSV_UBUNTU.match(rest)
        return _products("ubuntu", match[1], "esm" if rest.startswith("Pro") else "") if match else ()
    os_id = _OSV_FAMILIES.get(family)
    return _products(os_id, rest) if os_id else ()


def osv_name_arches(ecosystem: str) -> tuple[str, ...]:
    """What a package's name means in an ecosystem, as values of Affected.arch: "src" a source RPM, "" the
    rest."""
    family = ecosystem.partition(":")[0]
    if family in _OSV_SOURCES:
        return ("src",)
    return ("src", "") if family in _OSV_EITHER else ("",)


def _suse(product: str, version: str, more: str) -> tuple[Product, ...]:
    words = product.split()
    kind, added = words[0].lower(), _channel(" ".join(words[1:]), re.sub(r"\(.*?\)", "", more))
    if kind == "server":
        return _products("sles", version, added)
    if kind == "desktop":
        return _products("sled", version, added)
    if [word.lower() for word in words[:2]] == ["real", "time"]:
        return _of_all_suse(version, "real-time")
    last = words[-1].lower()
    if kind in ("module", "package") or last in ("availability", "extension", "kit", "patching"):
        return _of_all_suse(version, _channel(re.sub(r"\(.*?\)", "", more)))
    return ()


def _channel(*words: str) -> str:
    """The entitlement that is left of a product's words: "for SAP Applications" is sap, "-LTSS" is ltss."""
    found = re.findall(r"[a-z0-9]+", " ".join(words).lower())
    return "-".join(dict.fromkeys(word for word in found if word not in ("for", "applications", "the")))


def _of_all_suse(version: str, channel: str) -> tuple[Product, ...]:
    return _products("sles", version, channel) + _products("sled", version, channel)


def _products(family: str, version: str, channel: str = "") -> tuple[Product, ...]:
    key = release_key(family, version)
    return ((key, channel),) if key else ()
