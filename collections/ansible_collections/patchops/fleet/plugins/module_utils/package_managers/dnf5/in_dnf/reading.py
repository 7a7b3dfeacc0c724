# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that libdnf5 and the rpm database know of the host, read in one go."""

import fnmatch
import subprocess
import time
from typing import Any, Dict, Iterable, List, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5.in_dnf import (
    describing,
    opening,
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
    import libdnf5
except ImportError:
    libdnf5 = None  # see opening.py

_NOT_THIS_ONE = ("!=", "<>")
_NOT_READ = "it was never read: its metadata is not on the host"


def read(opened: opening.Opened) -> Dict[str, Any]:
    """Return {packages, updates, repositories, holds, present}."""
    base = opened.everything
    return {
        "packages": _packages(base),
        "updates": updates(opened),
        "repositories": repositories(base),
        "holds": held_names(base),
        "present": _present(base),
    }


def present() -> Dict[str, Any]:
    """Return what can be told without a repository (see rpm_packages.py)."""
    return _present(opening.open_without_repositories())


def _present(base: Any) -> Dict[str, Any]:
    installed = describing.records_of(opening.installed(base))
    return rpm_packages.present(installed, opening.names_beside(base), _kernels(base), _rebooting(base))


def held_names(base: Any) -> List[str]:
    """Return the installed packages that versionlock keeps in their version."""
    # What it returns lives as long as the configuration does.
    config = base.get_rpm_package_sack().get_versionlock_config()
    locks = [
        one.get_name()
        for one in config.get_packages()
        if one.is_valid()
        # `versionlock exclude` keeps just one version away.
        and any(part.get_comparator_str() not in _NOT_THIS_ONE for part in one.get_conditions())
    ]
    names = {one.get_name() for one in opening.installed(base)} if locks else set()
    return sorted(name for name in names if any(fnmatch.fnmatchcase(name, lock) for lock in locks))


def updates(opened: opening.Opened) -> List[Dict[str, Any]]:
    """Return the updates of installed packages, those that excludes and locks keep away included."""
    if opened.updates is None:
        base = opened.everything
        opened.updates = _updates(base, opened.restricted, held_names(base))
    return opened.updates


def _updates(base: Any, restricted: Any, holds: List[str]) -> List[Dict[str, Any]]:
    query = libdnf5.rpm.PackageQuery(base)
    query.filter_upgrades()
    offers = describing.records_of(query)
    choice = choose(restricted, {one.name for one in offers})
    installed = describing.records_of(opening.installed(base))
    pairs = list(pair_updates(rpm_packages.newest(installed), offers, choice))
    pairs += [
        Pair(before, after, replaced_by=after.name) for before, after in _replacements(base, restricted)
    ]
    new = [one.after.found for one in pairs if one.replaced_by]
    advisories = describing.Advisories(base, list(opening.installed(base)), new)
    return [
        rpm_packages.update_entry(
            pair.before,
            pair.after,
            advisories.between(pair.before, pair.after),
            pair.blocked,
            pair.before.name in holds,
            pair.replaced_by,
            choice.kept_back(pair, _is_worth_telling(advisories, pair)),
        )
        for pair in pairs
    ]


def choose(restricted: Any, names: Iterable[str]) -> Choice:
    """Return which of the offered packages of `names` dnf takes."""
    query = libdnf5.repo.RepoQuery(restricted)
    priorities = {repo.get_id(): repo.get_priority() for repo in query}
    return Choice(describing.records_of(opening.available(restricted, names)), priorities)


def _is_worth_telling(advisories: describing.Advisories, pair: Pair) -> bool:
    """Tell whether what is passed over closes security holes that stay open without it."""
    if pair.passed_over is None:
        return False
    closed = set() if pair.blocked else {one["id"] for one in advisories.between(pair.before, pair.after)}
    beyond = advisories.between(pair.before, pair.passed_over)
    return any(one["type"] == "security" and one["id"] not in closed for one in beyond)


def _packages(base: Any) -> List[Dict[str, Any]]:
    installed = describing.records_of(opening.installed(base))
    offered = {
        (one.get_name(), one.get_arch(), describing.version_of(one)): one.get_repo_id()
        for one in opening.available(base, {one.name for one in installed})
    }
    modules = _module_labels()
    return [
        rpm_packages.installed_entry(
            one, offered.get((one.name, one.arch, one.version)), modules.get(one.found.get_rpmdbid(), "")
        )
        for one in installed
    ]


def _replacements(base: Any, restricted: Any) -> List[Tuple[Package, Package]]:
    """Return the installed packages that a package of another name obsoletes, each with that one."""
    if not base.get_config().obsoletes:
        return []
    candidates = opening.available(base)
    candidates.filter_obsoletes(opening.installed(base))
    visible = {
        one.get_nevra() for one in opening.available(restricted, {one.get_name() for one in candidates})
    }
    allowed = [one for one in describing.records_of(candidates) if one.found.get_nevra() in visible]
    pairs = []
    for after in rpm_packages.newest(allowed).values():
        present = opening.installed(base)
        present.filter_name(sorted({one.get_name() for one in after.found.get_obsoletes()} - {after.name}))
        for before in present:
            if _obsoletes(base, after.found, before):
                pairs.append((describing.record_of(before), after))
    return sorted(pairs, key=lambda pair: rpm_packages.key_of(pair[0]))


def _obsoletes(base: Any, after: Any, before: Any) -> bool:
    one = libdnf5.rpm.PackageSet(base)
    one.add(before)
    asked = opening.available(base, [after.get_name()])
    asked.filter_nevra([after.get_nevra()])
    asked.filter_obsoletes(one)
    return not asked.empty()


def repositories(base: Any) -> List[Dict[str, Any]]:
    """Return the enabled repositories, those that were never read included."""
    query = libdnf5.repo.RepoQuery(base)
    query.filter_id(opening.offering())
    return [_repository(repo) for repo in sorted(query, key=lambda repo: repo.get_id())]


def _repository(repo: Any) -> Dict[str, Any]:
    config, known = repo.get_config(), opening.was_read(repo)
    # The bindings of earlier versions have another name for it.
    checked = getattr(config, "get_pkg_gpgcheck_option", None) or config.get_gpgcheck_option
    packages, metadata = checked().get_value(), config.get_repo_gpgcheck_option().get_value()
    stamp = repo.get_max_timestamp() if known else None
    keys = list(config.get_gpgkey_option().get_value())
    return {
        "id": repo.get_id(),
        "uri": _address(config),
        "suite": repo.get_id(),
        "codename": None,
        "archive": None,
        "component": None,
        "origin": None,
        "label": repo.get_name(),
        "signed": bool(metadata or packages),
        "signature": "metadata" if metadata else "packages" if packages else "none",
        "signed_by": keys[0] if keys else None,
        "published_at": stamp,
        "read_seconds_ago": max(0, repo.get_age()) if known else None,
        "age_seconds": max(0, int(time.time() - stamp)) if stamp else None,
        # One that could not be read may be the one with the security updates.
        "security": bool(repo.get_metadata_path("updateinfo")) if known else True,
        "error": None if known else _NOT_READ,
    }


def _address(config: Any) -> str:
    addresses = list(config.get_baseurl_option().get_value())
    for option in (config.get_metalink_option(), config.get_mirrorlist_option()):
        if not option.empty():
            addresses.append(option.get_value())
    return addresses[0] if addresses else ""


def _kernels(base: Any) -> List[Dict[str, Any]]:
    query = opening.installed(base)
    query.filter_provides([rpm_packages.KERNEL])
    kernels: Dict[str, Package] = {}
    for one in rpm_packages.by_version(describing.records_of(query)):
        for provided in one.found.get_provides():
            if provided.get_name() == rpm_packages.KERNEL:
                kernels.setdefault(provided.get_version(), one)
    return [
        {"release": release, "package": one.name, "version": one.version} for release, one in kernels.items()
    ]


def _rebooting(base: Any) -> List[Package]:
    named, hinted = opening.installed(base), opening.installed(base)
    named.filter_name(list(rpm_packages.REBOOT_FOR))
    hinted.filter_provides([rpm_packages.REBOOT_HINT])
    named.update(hinted)
    return describing.records_of(named)


def _module_labels() -> Dict[int, str]:
    """Return ``name:stream`` by the number of the package in the rpm database, of modular packages."""
    command = ["rpm", "-qa", "--queryformat", "%{DBINSTANCE} %{MODULARITYLABEL}\\n"]
    listed = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    rows = [line.split() for line in listed.stdout.decode("utf-8", "replace").splitlines()]
    return {
        int(row[0]): ":".join(row[1].split(":")[:2]) for row in rows if len(row) == 2 and row[1] != "(none)"
    }


def excludes() -> List[str]:
    """Return what libdnf5 excludes, from its configuration file and the directories beside it."""
    base = libdnf5.base.Base()
    base.load_config()
    return list(base.get_config().get_excludepkgs_option().get_value())
