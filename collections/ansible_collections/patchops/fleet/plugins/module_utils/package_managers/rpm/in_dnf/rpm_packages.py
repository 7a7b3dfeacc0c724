# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages as both versions of dnf know them, in the words of our documents. Pure."""

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import (
    KeptBack,
    write_kept_back,
)
from ansible_collections.patchops.fleet.plugins.module_utils.versions import rpm as versions

# `version`: [epoch:]version-release, an epoch of 0 left out. `repository`: which offers it, None for an
# installed one; `recorded`: which that came from. `installed_at`: seconds since 1970. `found`: what dnf has.
Package = NamedTuple(
    "Package",
    [
        ("name", str),
        ("arch", str),
        ("version", str),
        ("source_rpm", str),
        ("vendor", str),
        ("section", str),
        ("repository", Optional[str]),
        ("recorded", str),
        ("manual", bool),
        ("sha256", Optional[str]),
        ("download_bytes", int),
        ("disk_bytes", int),
        ("installed_at", int),
        ("found", Any),
    ],
)
Key = Tuple[str, str]

# The capability that kernels provide, with the release as its version.
KERNEL = "kernel-uname-r"
# needs-restarting(1) has the same list; packages may also say it of themselves.
REBOOT_FOR = (
    "kernel",
    "kernel-core",
    "kernel-rt",
    "kernel-rt-core",
    "glibc",
    "linux-firmware",
    "microcode_ctl",
    "systemd",
    "dbus",
    "dbus-broker",
    "dbus-daemon",
)
REBOOT_HINT = "installhint(reboot-needed)"

_SOURCE_RPM = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<release>[^-]+)\.(?:no)?src\.rpm\Z")
_AUTOMATIC = ("dependency", "weak-dependency", "clean")


def version_text(epoch: int, version: str, release: str) -> str:
    """Return ``[epoch:]version-release``; an epoch of 0 is left out."""
    return f"{epoch}:{version}-{release}" if epoch else f"{version}-{release}"


def without_zero_epoch(version: str) -> str:
    """Return a version as `version_text` writes it."""
    return version[2:] if version.startswith("0:") else version


def is_manual(reason: str) -> bool:
    """Tell whether a package is there for its own sake, from dnf's word for why it is there."""
    return reason.lower().replace(" ", "-") not in _AUTOMATIC


def key_of(package: Package) -> Key:
    """Return what one version of a package replaces the other by."""
    return package.name, package.arch


def nevra(package: Package) -> str:
    """Return what the command line of rpm calls an installed package (see rpm/command.py)."""
    return f"{package.name}-{package.version}.{package.arch}"


def newest(packages: Iterable[Package]) -> Dict[Key, Package]:
    """Return the newest version of each package."""
    found: Dict[Key, Package] = {}
    for one in packages:
        other = found.get(key_of(one))
        if other is None or older(other, one):
            found[key_of(one)] = one
    return found


def older(package: Package, than: Package) -> bool:
    """Tell whether `package` has the lower version."""
    return versions.key(package.version) < versions.key(than.version)


def by_version(packages: Iterable[Package]) -> List[Package]:
    """Return packages sorted, the oldest first."""
    return sorted(packages, key=lambda one: versions.key(one.version))


def duplicates(packages: List[Package], beside: Set[str]) -> List[Dict[str, str]]:
    """Return all but the newest of packages that are there twice: what an interrupted upgrade leaves.

    `beside`: the names of packages whose versions are meant to lie side by side, as kernels are.
    """
    last = newest(packages)
    return [
        {"name": one.name, "arch": one.arch, "version": one.version}
        for one in packages
        if one.name not in beside and last[key_of(one)] is not one
    ]


def present(
    installed: List[Package], beside: Set[str], kernels: List[Dict[str, Any]], rebooting: List[Package]
) -> Dict[str, Any]:
    """Return {packages, kernels, duplicates, reboot_hints}: what can be told without a repository.

    `beside`: see `duplicates`; `rebooting`: the packages that are in effect only after a reboot.
    """
    return {
        "packages": [
            {"name": one.name, "arch": one.arch, "version": one.version, "manual": one.manual}
            for one in installed
        ],
        "kernels": kernels,
        "duplicates": duplicates(installed, beside),
        "reboot_hints": [{"name": one.name, "installed_at": one.installed_at} for one in rebooting],
    }


def installed_entry(package: Package, suite: Optional[str], module: str) -> Dict[str, Any]:
    """Return an installed package for the host document; `suite`: a repository that offers this version."""
    recorded = package.recorded if package.recorded.strip("@<>") not in ("", "unknown") else None
    entry = {
        "name": package.name,
        "version": package.version,
        "arch": package.arch,
        "section": package.section,
        "origin": package.vendor,
        "suite": suite or recorded,
        "manual": package.manual,
        "module": module,
    }
    entry.update(_source_of(package))
    return entry


def update_entry(
    before: Package,
    after: Package,
    advisories: List[Dict[str, Any]],
    blocked: bool,
    held: bool,
    replaced_by: Optional[str],
    kept_back: Optional[KeptBack] = None,
) -> Dict[str, Any]:
    """Return an update for the host document."""
    entry = {
        "name": before.name,
        "arch": before.arch if replaced_by else after.arch,
        "installed": before.version,
        "candidate": after.version,
        "origin": after.vendor or None,
        "label": after.repository,
        "suite": after.repository,
        "security": any(one["type"] == "security" for one in advisories),
        "held": held,
        "blocked": blocked and not held,
        "sha256": after.sha256,
        "size": after.download_bytes,
        "advisories": advisories,
        "replaced_by": replaced_by,
        "kept_back": write_kept_back(kept_back),
    }
    entry.update(_source_of(after))
    return entry


def coming(new: Package, old: Optional[Package], action: Action, security: bool, beside: bool) -> Change:
    """Return the change that installs `new`, in the place of `old` where there is one."""
    return Change(
        name=new.name,
        arch=new.arch,
        action=action,
        before=old.version if old is not None else None,
        after=new.version,
        origin=new.vendor,
        suite=new.repository,
        security=security,
        size=new.download_bytes,
        sha256=new.sha256,
        disk_bytes=new.disk_bytes - (old.disk_bytes if old is not None else 0),
        from_arch=old.arch if old is not None and old.arch != new.arch else None,
        beside=beside,
    )


def going(old: Package, replaced_by: Optional[str], beside: bool) -> Change:
    """Return the change that removes `old`; `replaced_by`: the name of what obsoletes it."""
    return Change(
        name=old.name,
        arch=old.arch,
        action=Action.REMOVE,
        before=old.version,
        after=None,
        origin=old.vendor,
        disk_bytes=-old.disk_bytes,
        replaced_by=replaced_by,
        beside=beside,
    )


def _source_of(package: Package) -> Dict[str, str]:
    match = _SOURCE_RPM.match(package.source_rpm)
    if match is None:
        return {"source": package.name, "source_version": package.version}
    return {
        "source": match.group("name"),
        "source_version": f"{match.group('version')}-{match.group('release')}",
    }
