# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dpkg's status file (/var/lib/dpkg/status), or several stanzas of the kind in one file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory

_WANTED = {"Package", "Status", "Architecture", "Version", "Source", "Section"}
_SOURCE = re.compile(r"(\S+)(?:\s+\((\S+)\))?")
# The state of a package whose files are there; config-files and not-installed are none.
_INSTALLED = {"installed", "triggers-pending", "triggers-awaited"}
_BROKEN = {"half-installed", "unpacked", "half-configured"}


def read(feed: Feed) -> Inventory:
    """Installed packages with their sources, and those that are only half installed."""
    inventory = Inventory()
    for number, stanza in _stanzas(feed):
        name, status = stanza.get("Package", ""), stanza.get("Status", "").split(" ")
        if not name or len(status) != 3:
            raise FeedError(
                feed.name, f"line {number}", "a stanza without Package or Status; is it a dpkg status file?"
            )
        if status[2] in _BROKEN:
            inventory.broken.append({"name": name, "arch": stanza.get("Architecture"), "state": status[2]})
        if status[2] not in _INSTALLED | _BROKEN or not stanza.get("Version"):
            continue
        source = _SOURCE.fullmatch(stanza.get("Source", "")) if stanza.get("Source") else None
        if stanza.get("Source") and not source:
            raise FeedError(feed.name, f"line {number}", f"not a source: {stanza['Source'][:80]!r}")
        inventory.packages.append(
            {
                "name": name,
                "version": stanza["Version"],
                "arch": stanza.get("Architecture", ""),
                "source": source[1] if source else name,
                "source_version": (source[2] if source else None) or stanza["Version"],
                "section": stanza.get("Section"),
                "origin": "",
                "suite": None,
                "manual": None,
            }
        )
    return inventory


def _stanzas(feed: Feed) -> Iterator[tuple[int, dict[str, str]]]:
    """The line that each stanza starts on, and its fields of interest."""
    start, fields = 1, dict[str, str]()
    for number, line in feed.lines():
        if not line.strip():
            if fields:
                yield start, fields
            start, fields = number + 1, {}
        elif line[0] not in " \t":
            key, colon, value = line.partition(":")
            if not colon:
                raise FeedError(feed.name, f"line {number}", f"not a field: {line[:80]!r}")
            if key in _WANTED:
                fields[key] = value.strip()
    if fields:
        yield start, fields
