# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who publishes the packages of a live host that tell no origin themselves.

An installed version that no repository offers any more is the distribution's where the distribution offers
a newer one of it, or a newer build of its source is installed beside it (kernels that are kept). Of anything
else (a local file, a repository without Origin, an RPM without vendor) nobody knows who made it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import (
    UNKNOWN_PUBLISHER,
    foreign_origin,
)

# apk tells of no package which repository it is of; whole repositories are judged instead.
_TELLS_NO_ORIGIN = ("alpine",)

Packages = Sequence[Mapping[str, Any]]


def with_origins(document: Mapping[str, Any], family: str, key: Callable[[str], Any] | None) -> Packages:
    """The host's packages; one whose origin is not told has its publisher's, or UNKNOWN_PUBLISHER.

    key: the order of versions. Files (inventories without a live host) stay as they are: they never tell it.
    """
    packages: Packages = document.get("packages") or ()
    if family in _TELLS_NO_ORIGIN or not is_live(document) or all(one.get("origin") for one in packages):
        return packages
    offered = {
        (one["name"], one.get("arch")): str(one.get("origin") or "") for one in document.get("updates") or ()
    }
    newest = _newest_of_sources(packages, family, key)
    return [
        one if one.get("origin") else {**one, "origin": _publisher(one, offered, newest, key)}
        for one in packages
    ]


def is_live(document: Mapping[str, Any]) -> bool:
    """Whether a host answered, so that its packages' origins could be told; of a file all of this is null."""
    return any(document.get(fact) is not None for fact in ("repositories", "updates", "refresh"))


def _newest_of_sources(
    packages: Packages, family: str, key: Callable[[str], Any] | None
) -> dict[str, tuple[Any, str]]:
    """The newest version of each source of the distribution's installed packages, and their origin."""
    found: dict[str, tuple[Any, str]] = {}
    for one in packages:
        source, origin = one.get("source"), one.get("origin")
        if key and source and origin and not foreign_origin(family, one):
            version = key(str(one.get("source_version") or one["version"]))
            if source not in found or found[source][0] < version:
                found[source] = (version, str(origin))
    return found


def _publisher(
    package: Mapping[str, Any],
    offered: Mapping[tuple[str, Any], str],
    newest: Mapping[str, tuple[Any, str]],
    key: Callable[[str], Any] | None,
) -> str:
    if offer := offered.get((package["name"], package.get("arch"))):
        return offer
    known = newest.get(str(package.get("source") or ""))
    if known and key and key(str(package.get("source_version") or package["version"])) <= known[0]:
        return known[1]
    return UNKNOWN_PUBLISHER
