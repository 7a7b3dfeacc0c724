# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a host's repositories are Alpine's own, whose packages Alpine's database of the release judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

STANDARD: Final = frozenset({"main", "community"})
"""What a host has enabled of which nobody knows the repositories."""
_PUBLISHER: Final = "alpinelinux.org"


def enabled(repositories: Iterable[Mapping[str, Any]] | None, release: str) -> set[str]:
    """What packages of a host can be of: components of Alpine's own release ("main"), and others' addresses.

    release: "3.21". Without any repository that is told, the standard ones.
    """
    known = [one for one in repositories or () if one.get("component")]
    return {_name(one, release) for one in known} or set(STANDARD)


def _name(repository: Mapping[str, Any], release: str) -> str:
    component = str(repository["component"])
    uri = str(repository.get("uri") or "")
    suite = str(repository.get("suite") or "")
    own = release if release == "edge" else f"v{release}"
    if suite == own and (not uri or _is_of_alpine(uri, f"{own}/{component}")):
        return component
    return uri or f"{suite}/{component}"


def _is_of_alpine(uri: str, end: str) -> bool:
    """Alpine's mirrors have one layout: HOST/alpine/v3.21/main. Others publish below a path of their own."""
    parts = urlsplit(uri)
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https", "ftp") or not host:
        return False
    path = parts.path.strip("/")
    if host == _PUBLISHER or host.endswith(f".{_PUBLISHER}"):
        return path.endswith(f"alpine/{end}")
    return path == f"alpine/{end}"
