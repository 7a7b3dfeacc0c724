# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels: several are installed side by side, one runs, one would boot next."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

# Debian and Ubuntu carry the kernel's release in the package name, so that builds are installed side by side.
_DEB_SIDE_BY_SIDE = re.compile(
    r"(linux-(?:image|headers|modules|modules-extra)(?:-unsigned)?)-(\d[^-]*-\d[^-]*)(-.*)?"
)
_DEB_IMAGE = re.compile(r"linux-image-(?:unsigned-)?(\d.+)")
_RPM_KERNEL = re.compile(
    r"kernel(?:-rt|-uek|-64k|-default|-lts)?(?:-core|-modules|-modules-core|-modules-extra|-devel)?"
)
_RPM_IMAGES = {
    "kernel",
    "kernel-core",
    "kernel-rt-core",
    "kernel-uek-core",
    "kernel-64k-core",
    "kernel-default",
}


class _HasPackage(Protocol):
    @property
    def package(self) -> Mapping[str, Any]: ...


Named = TypeVar("Named", bound=_HasPackage)


def role(scheme: str, name: str) -> str | None:
    """What builds that replace one another have in common, for packages that are installed side by side; else
    None."""
    if scheme == "deb":
        match = _DEB_SIDE_BY_SIDE.fullmatch(name)
        return f"{match[1]}{match[3] or ''}" if match else None
    return name if scheme == "rpm" and _RPM_KERNEL.fullmatch(name) else None


def image_release(scheme: str, package: Mapping[str, Any]) -> str | None:
    """What `uname -r` says when this package's kernel runs; None for what is no kernel image."""
    name = str(package["name"])
    if scheme == "deb":
        match = _DEB_IMAGE.fullmatch(name)
        return match[1] if match else None
    if scheme == "rpm" and name in _RPM_IMAGES:
        return f"{str(package['version']).rpartition(':')[2]}.{package.get('arch') or ''}"
    return None


def running(document: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Release and build of the host's own running kernel, None where they can't be told, as in a
    container."""
    kernel, machine = document.get("kernel"), document.get("machine")
    if not isinstance(kernel, Mapping) or not isinstance(machine, Mapping):
        return None, None
    if (machine.get("virtualization") or {}).get("kind") not in ("host", "vm"):
        return None, None
    return kernel.get("running"), kernel.get("running_build")


def split_by_role(
    scheme: str, members: Sequence[Named], keys: Sequence[Any]
) -> tuple[list[Named], list[Named]]:
    """Members that decide, and older builds of those that are installed side by side. keys: of their
    versions."""
    newest: dict[tuple[str, str], Any] = {}
    places = []
    for member, key in zip(members, keys, strict=True):
        found = role(scheme, str(member.package["name"]))
        place = (found, str(member.package.get("arch"))) if found else None
        places.append(place)
        if place:
            newest[place] = max(newest.get(place, key), key)
    older = [place is not None and key < newest[place] for place, key in zip(places, keys, strict=True)]
    return (
        [member for member, is_older in zip(members, older, strict=True) if not is_older],
        [member for member, is_older in zip(members, older, strict=True) if is_older],
    )
