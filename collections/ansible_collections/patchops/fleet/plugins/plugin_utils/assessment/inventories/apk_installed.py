# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""apk's database of installed packages (/lib/apk/db/installed): fields of one letter, an empty line between
packages."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import CUT, Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory

_FIELDS = {"P", "V", "A", "o"}


def read(feed: Feed) -> Inventory:
    """The packages; the origin (o) is the source package, which Alpine's advisories name."""
    inventory = Inventory()
    fields: dict[str, str] = {}
    for number, line in feed.lines(ended=True):
        key, colon, value = line.partition(":")
        if not line.strip():
            if fields:
                inventory.packages.append(_package(feed, fields))
            fields = {}
        elif not colon or len(key) != 1:
            raise FeedError(feed.name, f"line {number}", f"not a field of apk's database: {line[:80]!r}")
        elif key in _FIELDS:
            fields[key] = value
    if fields:
        raise FeedError(feed.name, "its end", f"no empty line ends the last package: {CUT}")
    return inventory


def _package(feed: Feed, fields: dict[str, str]) -> dict[str, object]:
    name, version = fields.get("P"), fields.get("V")
    if not name or not version:
        raise FeedError(feed.name, "", f"a package without name or version: {fields!r:.80}")
    return {
        "name": name,
        "version": version,
        "arch": fields.get("A", ""),
        "source": fields.get("o") or name,
        "source_version": version,
        "origin": "",
        "suite": None,
        "manual": None,
    }
