# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package URLs (https://github.com/package-url/purl-spec) of installed packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_TYPES = {
    "apt": "deb",
    "dnf": "rpm",
    "dnf5": "rpm",
    "yum": "rpm",
    "zypper": "rpm",
    "apk": "apk",
    "pacman": "alpm",
}


def package_url(
    host: Mapping[str, Any],
    name: str,
    version: str | None,
    arch: str | None = None,
    source: tuple[str, str] | None = None,
) -> str:
    """The purl of a package on a host, such as ``pkg:deb/debian/openssl@3.0.11-1?arch=amd64``.

    ``host`` is a host document; what it doesn't say is left out. ``source``: name and version of the source
    package, told as the ``upstream`` qualifier of Debian's and Alpine's packages: their advisories speak of
    sources.
    """
    system = host.get("os") or {}
    kind = _TYPES.get(str((host.get("package_manager") or {}).get("name")), "generic")
    namespace = str(system.get("id") or "")
    parts = [kind, *([_quoted(namespace)] if namespace else []), _quoted(name)]
    epoch, version = _epoch(kind, version)
    distribution = "-".join(str(system[key]) for key in ("id", "version_id") if system.get(key))
    upstream = "@".join(source) if source and kind in ("deb", "apk") else None
    qualifiers = {"arch": arch, "distro": distribution, "epoch": epoch, "upstream": upstream}
    query = "&".join(f"{key}={_quoted(value)}" for key, value in sorted(qualifiers.items()) if value)
    return (
        f"pkg:{'/'.join(parts)}"
        + (f"@{_quoted(version)}" if version else "")
        + (f"?{query}" if query else "")
    )


def _epoch(kind: str, version: str | None) -> tuple[str | None, str | None]:
    """RPM's epoch is a qualifier of the purl; everywhere else it stays in the version."""
    if kind == "rpm" and version and ":" in version:
        epoch, _colon, rest = version.partition(":")
        return (epoch if epoch != "0" else None), rest
    return None, version


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
