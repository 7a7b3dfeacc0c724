# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that dnf and the rpm database know of the host, read in one go."""

import configparser
import time
from typing import Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.in_dnf import (
    describing,
    modules,
    opening,
    updateinfo,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import rpm_packages
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.choice import (
    Choice,
    Pair,
    pair_updates,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)

try:
    import hawkey
    from dnf.subject import Subject
except ImportError:
    hawkey = None  # see opening.py

_VERSIONLOCK = "/etc/dnf/plugins/versionlock.conf"


def read(opened: opening.Opened) -> Dict[str, Any]:
    """Return {packages, updates, repositories, holds, present}."""
    base = opened.base
    return {
        "packages": _packages(base),
        "updates": updates(opened),
        "repositories": [_repository(repo, opened.errors) for repo in base.repos.iter_enabled()],
        "holds": held_names(base),
        "present": _present(base),
    }


def present() -> Dict[str, Any]:
    """Return what can be told without a repository (see rpm_packages.py)."""
    with opening.without_repositories() as base:
        return _present(base)


def _present(base: Any) -> Dict[str, Any]:
    installed = describing.records_of(opening.installed(base))
    return rpm_packages.present(installed, opening.names_beside(base), _kernels(base), _rebooting(base))


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


def updates(opened: opening.Opened) -> List[Dict[str, Any]]:
    """Return the updates of installed packages, those that excludes and locks keep away included."""
    if opened.updates is None:
        opened.updates = _updates(opened.base, held_names(opened.base))
    return opened.updates


def _updates(base: Any, holds: List[str]) -> List[Dict[str, Any]]:
    installed = describing.records_of(opening.installed(base))
    hidden, streams = modules.hidden(base, installed)
    offers = describing.records_of(base.sack.query(flags=hawkey.IGNORE_REGULAR_EXCLUDES).upgrades())
    offers += hidden
    choice = choose(base, {one.name for one in offers}, streams)
    pairs = list(pair_updates(rpm_packages.newest(installed), offers, choice))
    for before, after in _replacements(base):
        old, new = describing.records_of((before, after))
        pairs.append(Pair(old, new, replaced_by=after.name))
    found = [describing.advisories_between(base.sack, one.before.found, one.after.found) for one in pairs]
    details = _details(base) if any(found) else {}
    return [
        rpm_packages.update_entry(
            pair.before,
            pair.after,
            [describing.describe_advisory(one, details) for one in advisories],
            pair.blocked,
            pair.before.name in holds,
            pair.replaced_by,
            choice.kept_back(pair, _is_worth_telling(base, pair, advisories)),
        )
        for pair, advisories in zip(pairs, found)
    ]


def choose(base: Any, names: Iterable[str], streams: Optional[Mapping[str, str]] = None) -> Choice:
    """Return which of the offered packages of `names` dnf takes; `streams`: see Choice."""
    shown = base.sack.query().available().filter(name=sorted(names))
    priorities = {repo.id: repo.priority for repo in base.repos.iter_enabled()}
    return Choice(describing.records_of(shown), priorities, streams)


def _is_worth_telling(base: Any, pair: Pair, found: List[Any]) -> bool:
    """Tell whether what is passed over closes security holes that stay open without it."""
    if pair.passed_over is None:
        return False
    closed = set() if pair.blocked else {one.id for one in found}
    return any(
        describing.type_of(one) == "security" and one.id not in closed
        for one in describing.advisories_between(base.sack, pair.before.found, pair.passed_over.found)
    )


def _packages(base: Any) -> List[Dict[str, Any]]:
    installed = describing.records_of(opening.installed(base))
    available = base.sack.query().available().filter(name=sorted({one.name for one in installed}))
    offered = {(one.name, one.arch, describing.version_of(one)): one.reponame for one in available}
    streams = modules.labels()
    return [
        rpm_packages.installed_entry(
            one, offered.get((one.name, one.arch, one.version)), streams.get(one.found.rpmdbid, "")
        )
        for one in installed
    ]


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
    for one in opening.installed(base).filter(provides=rpm_packages.KERNEL):
        releases = [
            str(dep).rsplit(" = ", 1)[-1]
            for dep in one.provides
            if str(dep).startswith(rpm_packages.KERNEL + " = ")
        ]
        for release in releases:
            kernels.setdefault(release, one)
    return [
        {"release": release, "package": one.name, "version": describing.version_of(one)}
        for release, one in sorted(kernels.items(), key=lambda item: item[1])
    ]


def _rebooting(base: Any) -> List[Package]:
    query = opening.installed(base)
    named = query.filter(name=list(rpm_packages.REBOOT_FOR))
    return describing.records_of(named.union(query.filter(provides=rpm_packages.REBOOT_HINT)))


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
