# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels: several are installed side by side, one runs, one would boot next."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

# The source packages of kernels: linux, linux-signed-hwe-6.8, proxmox-kernel-6.8; kernel, kernel-uek,
# kernel6.12.
_DEB_SOURCE = re.compile(r"(?:^|-)(?:linux|kernel)(?:$|[-.\d])")
_RPM_SOURCE = re.compile(r"kernel(?:$|[-.\d])")
# What advisories call kernels: linux, linux-aws, kernel, kernel-rt, kernel6.12.
_KERNEL = re.compile(r"(?:linux|kernel)(?:$|[-.\d])")
# The build in a package's name, by which builds are installed side by side: 6.1.0-35, 6.12.43+deb13,
# 6.8.12-4.
_DEB_BUILD = re.compile(r"-(?=\d)(\d+\.\d+(?:\.\d+)*(?:[+~][\w.+~]*|-\d[\w.]*)?)(?=-|$)")
_SIGNED = re.compile(r"-(?:un)?signed(?=-|$)")
# An image of Debian's kind, by what stands before the build; debug symbols are none.
_DEB_IMAGE = re.compile(r"(?:^|-)(?:image|kernel)$")
_DEB_NO_IMAGE = re.compile(r"-(?:dbg|dbgsym)$")
# The packages of an rpm kernel that don't hold its image.
_RPM_NO_IMAGE = re.compile(
    r"-(?:modules|devel|headers|tools|libs|docs?|source|syms|macros|extra|internal|matched|partner|optional"
    r"|selftests|abi|whitelists|stablelists|ipaclones|addons|firmware|livepatch|debuginfo|vdso)(?:-|$)"
)
_RPM_NAME = re.compile(r"kernel(?P<stream>[\d.]*)(?P<flavour>(?:-\w+?)*?)(?:-core|-base)?")


def is_kernel(name: str) -> bool:
    """Whether an advisory's name for a package can be that of a kernel."""
    return _KERNEL.match(name) is not None


class _HasPackage(Protocol):
    @property
    def package(self) -> Mapping[str, Any]: ...


Named = TypeVar("Named", bound=_HasPackage)


def role(scheme: str, package: Mapping[str, Any]) -> str | None:
    """What builds that replace one another have in common, for packages of kernels that are installed side by
    side; else None."""
    name = str(package["name"])
    source = str(package.get("source") or name)
    if scheme == "deb":
        build = _build(name) if _DEB_SOURCE.search(source) else None
        return _SIGNED.sub("", f"{name[: build.start(1)]}*{name[build.end(1) :]}") if build else None
    # A package that was rebuilt can be of another source and keep its name.
    return name if scheme == "rpm" and (_RPM_SOURCE.match(source) or _RPM_SOURCE.match(name)) else None


def image_releases(scheme: str, package: Mapping[str, Any]) -> tuple[str, ...]:
    """What `uname -r` can say when this package's kernel runs, going by names; none for what is no image.

    For hosts that don't tell which packages own their kernels.
    """
    name = str(package["name"])
    if role(scheme, package) is None:
        return ()
    if scheme == "deb":
        build = _build(name)
        if (
            not build
            or _DEB_NO_IMAGE.search(name)
            or not _DEB_IMAGE.search(_SIGNED.sub("", name[: build.start()]))
        ):
            return ()
        return (_SIGNED.sub("", name[build.start(1) :]),)
    match = None if _RPM_NO_IMAGE.search(name) else _RPM_NAME.fullmatch(name)
    if not match:
        return ()
    version, flavour = str(package["version"]).rpartition(":")[2], match["flavour"].lstrip("-")
    plain = f"{version}.{package.get('arch') or ''}"
    # SUSE leaves the count of rebuilds out and puts the flavour behind; Red Hat puts most flavours behind a
    # plus.
    found = (plain, f"{plain}+{flavour}", f"{version.rpartition('.')[0]}-{flavour}")
    return found if flavour else found[:1]


def _build(name: str) -> re.Match[str] | None:
    """The last build in a name: linux-hwe-6.8-headers-6.8.0-45 is of 6.8.0-45."""
    return next(reversed(list(_DEB_BUILD.finditer(name))), None)


class Kernels:
    """What a host document says of the host's kernels.

    told: whether the host tells by their files which packages own them; documents of former versions don't.
    """

    def __init__(self, document: Mapping[str, Any], scheme: str) -> None:
        kernel = document.get("kernel")
        facts: Mapping[str, Any] = kernel if isinstance(kernel, Mapping) else {}
        self._scheme = scheme
        self._document = document
        self.told = "running_package" in facts
        self.running, self.build = running(document)
        self.default_boot = facts.get("default_boot")
        self._owned: dict[tuple[str, str], list[str]] = {}
        for one in facts.get("installed") or ():
            self._owned.setdefault((one["package"], one["version"]), []).append(one["release"])
        self.packages = frozenset(name for name, _version in self._owned)
        self._releases = {release for releases in self._owned.values() for release in releases}

    @property
    def is_foreign(self) -> bool:
        """Whether the host's own kernel runs and belongs to no package."""
        return self.told and self.running is not None and self.running not in self._releases

    @property
    def is_owned(self) -> bool:
        """Whether the host tells which package the running kernel belongs to."""
        return self.told and self.running in self._releases

    def running_packages(self, packages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those of these packages whose kernel runs."""
        return [one for one in packages if self.running in self.releases_of(one)] if self.running else []

    @property
    def is_shared(self) -> bool:
        """Whether the kernel that runs is another machine's, as in a container."""
        machine = self._document.get("machine")
        virtualization = machine.get("virtualization") if isinstance(machine, Mapping) else None
        return isinstance(virtualization, Mapping) and virtualization.get("kind") == "container"

    def releases_of(self, package: Mapping[str, Any]) -> Sequence[str]:
        """What `uname -r` says, or can say, when this package's kernel runs."""
        owned = self._owned.get((package["name"], package["version"]))
        if owned or self.told:
            return owned or ()
        return image_releases(self._scheme, package)


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
        found = role(scheme, member.package)
        place = (found, str(member.package.get("arch"))) if found else None
        places.append(place)
        if place:
            newest[place] = max(newest.get(place, key), key)
    older = [place is not None and key < newest[place] for place, key in zip(places, keys, strict=True)]
    return (
        [member for member, is_older in zip(members, older, strict=True) if not is_older],
        [member for member, is_older in zip(members, older, strict=True) if is_older],
    )
