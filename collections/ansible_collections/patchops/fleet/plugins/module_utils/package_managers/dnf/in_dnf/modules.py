# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module streams: of which ones packages are, and which updates of installed packages they hide."""

from typing import Any, Dict, List, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.in_dnf import describing
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import rpm_packages
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)

try:
    import hawkey
    import rpm
except ImportError:
    hawkey = None  # see opening.py


def labels() -> Dict[int, str]:
    """Return ``name:stream`` by the number of the package in the rpm database, of modular packages."""
    found = {}
    tag = getattr(rpm, "RPMTAG_MODULARITYLABEL", None)
    for header in rpm.TransactionSet().dbMatch() if tag else ():
        label = header[tag]
        if label:
            text = label.decode("utf-8", "replace") if isinstance(label, bytes) else label
            found[header[rpm.RPMTAG_DBINSTANCE]] = ":".join(text.split(":")[:2])
    return found


def hidden(base: Any, installed: List[Package]) -> Tuple[List[Package], Dict[str, str]]:
    """Return the updates that module filtering hides though they are for this host, and their streams.

    For this host is what is of the stream of the installed package, or like that of none. Streams are by
    ``name-version.arch``, empty for what is of none.
    """
    every = base.sack.query(flags=hawkey.IGNORE_EXCLUDES).upgrades()
    unfiltered = {_nevra(one) for one in base.sack.query(flags=hawkey.IGNORE_REGULAR_EXCLUDES).upgrades()}
    offers = [one for one in describing.records_of(every) if rpm_packages.nevra(one) not in unfiltered]
    if not offers:
        return [], {}
    own, known = labels(), _streams(base)
    present = {one.name: own.get(one.found.rpmdbid, "") for one in installed}
    fitting = [one for one in offers if known.get(rpm_packages.nevra(one), "") == present.get(one.name)]
    return fitting, {rpm_packages.nevra(one): known.get(rpm_packages.nevra(one), "") for one in fitting}


def _nevra(package: Any) -> str:
    return f"{package.name}-{describing.version_of(package)}.{package.arch}"


def _streams(base: Any) -> Dict[str, str]:
    """Return ``name:stream`` of every package that a module lists."""
    found = {}
    for module in base._moduleContainer.getModulePackages():
        for artifact in module.getArtifacts():
            parts = hawkey.split_nevra(artifact)
            version = rpm_packages.version_text(parts.epoch, parts.version, parts.release)
            found[f"{parts.name}-{version}.{parts.arch}"] = f"{module.getName()}:{module.getStream()}"
    return found
