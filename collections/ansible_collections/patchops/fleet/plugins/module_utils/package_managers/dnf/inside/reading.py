# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that dnf and the rpm database know of the host, read in one go."""

import configparser
import time
from typing import Any, Dict, List, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.inside import (
    describing,
    opening,
    updateinfo,
)

try:
    import hawkey
    import rpm
    from dnf.subject import Subject
except ImportError:
    hawkey = None  # see opening.py

_KERNEL = "kernel-uname-r"
# needs-restarting(1) has the same list.
_REBOOT_FOR = (
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
_REBOOT_HINT = "installhint(reboot-needed)"
_VERSIONLOCK = "/etc/dnf/plugins/versionlock.conf"


def read(opened: opening.Opened) -> Dict[str, Any]:
    """Return {packages, updates, repositories, kernels, duplicates, holds, reboot_hints}."""
    base = opened.base
    installed = list(opening.installed(base))
    holds = held_names(base)
    return {
        "packages": _packages(base, installed),
        "updates": updates(base, holds),
        "repositories": [_repository(repo, opened.errors) for repo in base.repos.iter_enabled()],
        "kernels": _kernels(base),
        "duplicates": _duplicates(base, installed),
        "holds": holds,
        "reboot_hints": _reboot_hints(base),
    }


def held_names(base: Any) -> List[str]:
    """Return the installed packages that the versionlock plugin keeps in their version."""
    names: Set[str] = set()
    installed = opening.installed(base)
    for pattern in _locks():
        for possible in Subject(pattern).get_nevra_possibilities():
            found = (
                {one.name for one in installed.filter(name__glob=possible.name)} if possible.name else set()
            )
            if found:
                names |= found
                break
    return sorted(names)


def updates(base: Any, holds: List[str]) -> List[Dict[str, Any]]:
    """Return the updates of installed packages, those that excludes and locks keep away included."""
    visible = {_key(one) + (describing.version_of(one),) for one in base.sack.query().available()}
    newest = _newest(opening.installed(base))
    offers: Dict[Tuple[str, str], List[Any]] = {}
    # Packages of module streams that are not enabled stay out: they are not for this host.
    for one in base.sack.query(flags=hawkey.IGNORE_REGULAR_EXCLUDES).upgrades():
        offers.setdefault(_key(one), []).append(one)
    pairs = []
    for key, packages in sorted(offers.items()):
        before = newest.get(key) or next((newest[other] for other in newest if other[0] == key[0]), None)
        if before is None:
            continue
        packages.sort(reverse=True)
        allowed = [one for one in packages if _key(one) + (describing.version_of(one),) in visible]
        pairs.append((before, (allowed or packages)[0], not allowed, None))
    pairs += [(before, after, False, after.name) for before, after in _replacements(base)]
    found = [pair + (describing.advisories_between(base.sack, pair[0], pair[1]),) for pair in pairs]
    details = _details(base) if any(one[-1] for one in found) else {}
    return [
        _update(
            before,
            after,
            [describing.describe_advisory(one, details) for one in advisories],
            blocked,
            before.name in holds,
            replaced_by,
        )
        for before, after, blocked, replaced_by, advisories in found
    ]


def _packages(base: Any, installed: List[Any]) -> List[Dict[str, Any]]:
    offered = {
        _key(one) + (describing.version_of(one),): one.reponame for one in base.sack.query().available()
    }
    modules = _module_labels()
    packages = []
    for one in installed:
        version = describing.version_of(one)
        recorded = one.from_repo or ""
        package = {
            "name": one.name,
            "version": version,
            "arch": one.arch,
            "section": one.group or "",
            "origin": describing.vendor_of(one),
            "suite": offered.get(_key(one) + (version,)) or (recorded if recorded.strip("@") else None),
            "manual": describing.is_manual(one.reason),
            "module": modules.get(one.rpmdbid, ""),
        }
        package.update(describing.source_of(one))
        packages.append(package)
    return packages


def _update(
    before: Any,
    after: Any,
    advisories: List[Dict[str, Any]],
    blocked: bool,
    held: bool,
    replaced_by: Optional[str],
) -> Dict[str, Any]:
    update = {
        "name": before.name,
        "arch": before.arch if replaced_by else after.arch,
        "installed": describing.version_of(before),
        "candidate": describing.version_of(after),
        "origin": describing.vendor_of(after) or None,
        "label": after.reponame,
        "suite": after.reponame,
        "security": any(one["type"] == "security" for one in advisories),
        "held": held,
        "blocked": blocked and not held,
        "sha256": describing.sha256_of(after),
        "size": after.downloadsize,
        "advisories": advisories,
        "replaced_by": replaced_by,
    }
    update.update(describing.source_of(after))
    return update


def _replacements(base: Any) -> List[Tuple[Any, Any]]:
    """Return the installed packages that a package of another name obsoletes, each with that one."""
    if not base.conf.obsoletes:
        return []
    installed = opening.installed(base)
    pairs = []
    for after in base.sack.query().available().filter(latest=True, obsoletes=installed):
        names = {str(reldep).split()[0] for reldep in after.obsoletes}
        for before in installed.filter(name=sorted(names - {after.name})):
            one = opening.installed(base).filter(pkg=[before])
            if base.sack.query().available().filter(pkg=[after], obsoletes=one):
                pairs.append((before, after))
    return sorted(pairs, key=lambda pair: (pair[0].name, pair[0].arch))


def _repository(repo: Any, errors: Dict[str, str]) -> Dict[str, Any]:
    error = errors.get(repo.id)
    known = bool(repo._repo.getMetadataPath("primary"))
    stamp = repo._repo.getMaxTimestamp() if known else None
    uris = list(repo.baseurl) or [repo.metalink or repo.mirrorlist or ""]
    return {
        "id": repo.id,
        "uri": uris[0],
        "suite": repo.id,
        "codename": None,
        "archive": None,
        "component": None,
        "origin": None,
        "label": repo.name,
        "signed": bool(repo.repo_gpgcheck or repo.gpgcheck),
        "signature": "metadata" if repo.repo_gpgcheck else "packages" if repo.gpgcheck else "none",
        "signed_by": (list(repo.gpgkey) or [None])[0],
        "published_at": stamp,
        "read_seconds_ago": max(0, repo._repo.getAge()) if known else None,
        "age_seconds": max(0, int(time.time() - stamp)) if stamp else None,
        # One that could not be read may be the one with the security updates.
        "security": bool(repo._repo.getMetadataPath("updateinfo")) if known else True,
        "error": error,
    }


def _kernels(base: Any) -> List[Dict[str, Any]]:
    kernels: Dict[str, Any] = {}
    for one in opening.installed(base).filter(provides=_KERNEL):
        releases = [
            str(dep).rsplit(" = ", 1)[-1] for dep in one.provides if str(dep).startswith(_KERNEL + " = ")
        ]
        for release in releases:
            kernels.setdefault(release, one)
    return [
        {"release": release, "package": one.name, "version": describing.version_of(one)}
        for release, one in sorted(kernels.items(), key=lambda item: item[1])
    ]


def _reboot_hints(base: Any) -> List[Dict[str, Any]]:
    """Return {name, installed_at} of the packages that are in effect only after a reboot."""
    query = opening.installed(base)
    found = query.filter(name=list(_REBOOT_FOR)).union(query.filter(provides=_REBOOT_HINT))
    return [{"name": one.name, "installed_at": one.installtime} for one in found]


def _duplicates(base: Any, installed: List[Any]) -> List[Dict[str, str]]:
    """Return all but the newest of packages that are there twice: what an interrupted upgrade leaves."""
    beside = opening.names_beside(base)
    newest = _newest(installed)
    return [
        {"name": one.name, "arch": one.arch, "version": describing.version_of(one)}
        for one in installed
        if one.name not in beside and newest[_key(one)] != one
    ]


def _newest(packages: Any) -> Dict[Tuple[str, str], Any]:
    newest: Dict[Tuple[str, str], Any] = {}
    for one in packages:
        if _key(one) not in newest or newest[_key(one)] < one:
            newest[_key(one)] = one
    return newest


def _key(package: Any) -> Tuple[str, str]:
    return package.name, package.arch


def _details(base: Any) -> Dict[str, Dict[str, Any]]:
    found: Dict[str, Dict[str, Any]] = {}
    for repo in base.repos.iter_enabled():
        if not repo._repo.getMetadataPath("updateinfo"):
            continue
        try:
            found.update(updateinfo.parse(repo._repo.getMetadataContent("updateinfo")))
        except ValueError:
            continue  # the advisories themselves are dnf's reading; this only adds to them
    return found


def _module_labels() -> Dict[int, str]:
    """Return ``name:stream`` by the number of the package in the rpm database, of modular packages."""
    labels = {}
    tag = getattr(rpm, "RPMTAG_MODULARITYLABEL", None)
    for header in rpm.TransactionSet().dbMatch() if tag else ():
        label = header[tag]
        if label:
            text = label.decode("utf-8", "replace") if isinstance(label, bytes) else label
            labels[header[rpm.RPMTAG_DBINSTANCE]] = ":".join(text.split(":")[:2])
    return labels


def _locks() -> List[str]:
    """Return the patterns of the versionlock plugin that hold; ``!`` keeps just one version away."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        if not parser.read(_VERSIONLOCK) or not parser.getboolean("main", "enabled", fallback=True):
            return []
        with open(parser.get("main", "locklist"), encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file]
    except (configparser.Error, OSError, ValueError):
        return []
    return [line for line in lines if line and not line.startswith(("#", "!"))]
