# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The patch set: the exact packages that were proven, per platform, and its id.

The id is the SHA-256 of the canonical JSON of ``{"platforms": ...}`` with every list sorted. Times, the
engine's version and the name are left out of it, so equal content has an equal id wherever it was sealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import digest
from ansible_collections.patchops.fleet.plugins.module_utils.payload import PayloadError
from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import (
    SCHEMAS,
    DocumentError,
    read_document,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import (
    parse_foreign,
    shaped,
    within_bounds,
)

KIND = "patchops.patch_set"
# What a patch set may be when it is unpacked; its wire form in an artifact is at most 256 KiB.
MAX_BYTES = 16 * 1024 * 1024
_MEMBER_KEYS = ("name", "arch", "version", "sha256", "size", "origin", "suite", "action", "security")
_FORWARD = ("upgrade", "install")
# What names, architectures and versions of packages are made of, in every format.
_WORD = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_.+:~^@%-]{0,255}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class PatchSetError(ValueError):
    """A patch set is damaged, or what the hosts proved does not make one set."""


class PatchSetAltered(PatchSetError):
    """The content of a patch set is not what its id says."""


@dataclass(frozen=True)
class Proof:
    """What one verified host has installed in this run: the ``plan.packages`` of its transaction."""

    host: str
    platform: str
    changes: Iterable[Mapping[str, Any]] = field(default_factory=tuple)


def build_platforms(proofs: Iterable[Proof]) -> dict[str, Any]:
    """Merge what the hosts proved into the ``platforms`` of a patch set.

    Raises PatchSetError when two hosts of one platform proved different versions or bytes of a package.
    """
    platforms: dict[str, Any] = {}
    for proof in sorted(proofs, key=lambda proof: proof.host):
        entry = platforms.setdefault(proof.platform, {"packages": {}, "removals": {}})
        for change in proof.changes:
            if change["action"] in _FORWARD:
                _add_member(entry["packages"], _member(change), proof)
            elif change["action"] == "remove":
                key = (change["name"], change["arch"])
                removal = {"name": change["name"], "arch": change["arch"], "proven_on": []}
                entry["removals"].setdefault(key, removal)["proven_on"].append(proof.host)
    return {
        platform: {part: [members[key] for key in sorted(members)] for part, members in entry.items()}
        for platform, entry in sorted(platforms.items())
        if entry["packages"] or entry["removals"]
    }


def is_installable(change: Mapping[str, Any]) -> bool:
    """Tell whether a change can be a member of a set as hosts accept it: named whole, with its bytes' sum."""
    if change["action"] not in _FORWARD:
        return all(_WORD.match(str(change.get(key) or "")) for key in ("name", "arch"))
    return is_exact(*(str(change.get(key) or "") for key in ("name", "arch", "to", "sha256")))


def is_exact(name: str, arch: str, version: str, sha256: str) -> bool:
    """Tell whether these name one package file as a member of a set does. All of them are a host's words."""
    return all(_WORD.match(word) for word in (name, arch, version)) and _SHA256.match(sha256) is not None


def patch_set_id(platforms: Mapping[str, Any]) -> str:
    """Return the id of a patch set with these platforms: 64 hexadecimal digits."""
    return digest({"platforms": {name: _sorted(entry) for name, entry in platforms.items()}})


def seal(platforms: Mapping[str, Any], now: str, name: str | None = None) -> dict[str, Any]:
    """Return the sealed document for `platforms`; `now` is the UTC time as documents write it."""
    return {
        "kind": KIND,
        "schema": SCHEMAS[KIND],
        "engine_version": ENGINE_VERSION,
        "id": patch_set_id(platforms),
        "created_at": now,
        "sealed_at": now,
        "name": name,
        "platforms": {platform: _sorted(entry) for platform, entry in sorted(platforms.items())},
    }


def read_patch_set(data: Any, where: str = "the patch set") -> dict[str, Any]:
    """Return `data` when it is a sealed patch set whose content matches its id.

    The data is untrusted, wherever it was kept. Raises DocumentError for what is no such document and
    PatchSetError for altered content.
    """
    if isinstance(data, (bytes, str)):
        try:
            data = parse_foreign(data, MAX_BYTES)
        except PayloadError as error:
            raise DocumentError(f"{where} is {error}") from None
    document = within_bounds(read_document(data, KIND, where), where)
    platforms = document.get("platforms")
    try:
        found = patch_set_id(platforms if isinstance(platforms, Mapping) else {})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PatchSetError(f"{where} is damaged: its platforms have not the shape of a patch set") from error
    if document.get("id") != found:
        raise PatchSetAltered(
            f"{where} says it is {plain(document.get('id'), 64)} but its content is {found}: it was altered "
            "after it was sealed. Take an unaltered copy, or seal a new set from a ring."
        )
    return shaped(document, KIND, where)


def select_platform(document: Mapping[str, Any], platform: str) -> dict[str, Any] | None:
    """Return the part of a patch set that concerns hosts of `platform`, or None when it has none."""
    entry: dict[str, Any] | None = document["platforms"].get(platform)
    return entry


def count_members(platforms: Mapping[str, Any]) -> int:
    """Return how many packages (installed or removed) the platforms name together."""
    return sum(len(entry["packages"]) + len(entry["removals"]) for entry in platforms.values())


def _member(change: Mapping[str, Any]) -> dict[str, Any]:
    return {key: change["to"] if key == "version" else change.get(key) for key in _MEMBER_KEYS}


def _add_member(members: dict[tuple[str, str], dict[str, Any]], member: dict[str, Any], proof: Proof) -> None:
    key = (member["name"], member["arch"])
    known = members.setdefault(key, {**member, "proven_on": []})
    for part in ("version", "sha256"):
        if known[part] != member[part]:
            raise PatchSetError(
                f"{known['proven_on'][0]} has {plain(member['name'], 80)} {plain(known['version'], 80)} and "
                f"{proof.host} has {plain(member['version'], 80)} ({plain(proof.platform, 80)}, sha256 "
                f"{known['sha256']} and {member['sha256']}): "
                f"two "
                "hosts of one platform proved different packages, so there is no one set to seal. Bring "
                "both to "
                "the same repositories and patch them again."
            )
    # A package that is new on one host and an update on another is an update in the set: that serves both.
    if member["action"] == "upgrade":
        known["action"] = "upgrade"
    known["proven_on"].append(proof.host)


def _sorted(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        part: sorted(
            ({**member, "proven_on": sorted(member["proven_on"])} for member in entry[part]),
            key=lambda member: (member["name"], member["arch"], member.get("version") or ""),
        )
        for part in ("packages", "removals")
    }
