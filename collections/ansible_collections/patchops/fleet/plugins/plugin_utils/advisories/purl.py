# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package URLs (https://github.com/package-url/purl-spec), as far as SBOMs and VEX documents use them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    SCHEMES,
    os_id,
    release_key,
)

# Package types and the packaging schemes of distributions.
DISTRIBUTION_TYPES = {"deb": "deb", "rpm": "rpm", "apk": "apk", "alpm": "pacman"}
# What package URLs call a distribution beside its os-release ID.
NAMESPACES = {
    "ol": ("oraclelinux",),
    "opensuse-leap": ("opensuse",),
    "rocky": ("rockylinux",),
    "sled": ("suse", "sles"),
    "sles": ("suse",),
}
# Languages whose names are whole only with what stands in front of them, and what stands between.
_SEPARATORS = {"composer": "/", "golang": "/", "maven": ":", "npm": "/"}


@dataclass(frozen=True, slots=True)
class Purl:
    """pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS"""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: dict[str, str]

    @property
    def full_version(self) -> str:
        """With the epoch, which the qualifier carries."""
        epoch = self.qualifiers.get("epoch", "")
        has_epoch = ":" in self.version or epoch in ("", "0")
        return self.version if has_epoch else f"{epoch}:{self.version}"

    @property
    def full_name(self) -> str:
        """With the scope, which belongs to the name in npm ("@angular/core"), and its like elsewhere."""
        separator = _SEPARATORS.get(self.type)
        return f"{self.namespace}{separator}{self.name}" if separator and self.namespace else self.name

    @property
    def system(self) -> tuple[str, str] | None:
        """os-release ID and version of the distribution, from "distro" ("debian-12", "alpine-3.18.4"), or
        None."""
        family, _separator, version = self.qualifiers.get("distro", "").rpartition("-")
        family = os_id(family)
        return (family, version) if family in SCHEMES and version else None

    @property
    def release(self) -> str | None:
        """The release key of the distribution, or None."""
        return release_key(*self.system) if self.system else None


def parse(text: str) -> Purl | None:
    """A package URL, or None for what is none."""
    if not text.startswith("pkg:"):
        return None
    rest, _separator, _subpath = text[4:].partition("#")
    path, _separator, query = rest.partition("?")
    # A scope's "@" can stand raw in front of a name; a version never holds a slash.
    path, _separator, version = path.rpartition("@") if "@" in path.rpartition("/")[2][1:] else (path, "", "")
    kind, *names = [unquote(part) for part in path.strip("/").split("/")]
    if not names or not names[-1]:
        return None
    return Purl(kind.lower(), "/".join(names[:-1]), names[-1], unquote(version), _qualifiers(query))


def _qualifiers(query: str) -> dict[str, str]:
    """The qualifiers by name. Unlike in a form, a raw plus is a plus: versions have them."""
    pairs = (part.partition("=") for part in query.split("&"))
    return {unquote(key).lower(): unquote(value) for key, _separator, value in pairs if key and value}
