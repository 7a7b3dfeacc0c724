# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dpkg's status file (/var/lib/dpkg/status), or several stanzas of the kind in one file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import CUT, Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory

_NAMES = "Package|Status|Architecture|Version|Source|Section"
# The fields of interest, and the empty lines that end stanzas. What continues a field begins with a space.
_MARKS = re.compile(rf"^(?:({_NAMES}):(.*)|[ \t\r]*)$", re.MULTILINE)
# How dpkg itself begins a stanza; the fields in this order, those behind Version are of no interest.
_HEAD = re.compile(
    r"Package: (?P<Package>\S+)\n(?:(?:Essential|Protected): .*\n)*Status: (?P<Status>\S+ \S+ \S+)\n"
    r"(?:(?:Priority|Essential|Protected): .*\n)*(?:Section: (?P<Section>\S+)\n)?"
    r"(?:(?:Priority|Essential|Protected|Installed-Size|Origin|Maintainer|Bugs): .*\n)*"
    r"Architecture: (?P<Architecture>\S+)\n(?:Multi-Arch: .*\n)?(?:Source: (?P<Source>\S+(?: \(\S+\))?)\n)?"
    r"Version: (?P<Version>\S+)(?:\n|\Z)"
)
# For a text with a newline in front: an expression that begins with one is searched ten times as fast.
_ANY_MARK = re.compile(rf"\n(?:{_NAMES}):")
# An empty line that is not quite empty, which ends a stanza too.
_BLANK = re.compile(r"\n[ \t\r]+(?:\n|\Z)")
_NO_FIELD = re.compile(r"\n[^ \t\r\n:][^:\n]*(?=\n|\Z)")
_SOURCE = re.compile(r"(\S+)(?:\s+\((\S+)\))?")
# The state of a package whose files are there; config-files and not-installed are none.
_INSTALLED = {"installed", "triggers-pending", "triggers-awaited"}
_BROKEN = {"half-installed", "unpacked", "half-configured"}
_GONE = {"not-installed", "config-files"}
_ANY_STATE = _INSTALLED | _BROKEN | _GONE
# dpkg writes it of every package, and an empty line behind each; what was written otherwise may lack both.
_BY_DPKG = re.compile(r"^Maintainer:", re.MULTILINE)

Stanza = dict[str, str]


def read(feed: Feed) -> Inventory:
    """Installed packages with their sources, and those that are only half installed."""
    text = feed.whole_text()
    inventory = Inventory(unproven=_doubt(feed, text))
    for place, stanza in _stanzas(text):
        _take(feed, text, place, stanza, inventory)
    return inventory


def _take(feed: Feed, text: str, place: int, stanza: Stanza, inventory: Inventory) -> None:
    name, status = stanza.get("Package", ""), stanza.get("Status", "").split(" ")
    if not name or len(status) != 3:
        raise FeedError(
            feed.name,
            _line(text, place),
            "a stanza without Package or Status; is it a dpkg status file?",
        )
    state, version = status[2], stanza.get("Version", "")
    if state not in _ANY_STATE:
        raise FeedError(
            feed.name, _line(text, place), f"{name} has a state that dpkg does not have: {state[:40]!r}"
        )
    if state in _INSTALLED and not version:
        raise FeedError(feed.name, _line(text, place), f"{name} is installed, but has no Version")
    if state in _BROKEN:
        inventory.broken.append({"name": name, "arch": stanza.get("Architecture"), "state": state})
    if state in _GONE or not version:
        return
    told = stanza.get("Source", "")
    source = _SOURCE.fullmatch(told) if told else None
    if told and not source:
        raise FeedError(feed.name, _line(text, place), f"not a source: {told[:80]!r}")
    inventory.packages.append(
        {
            "name": name,
            "version": version,
            "arch": stanza.get("Architecture", ""),
            "source": source[1] if source else name,
            "source_version": (source[2] if source else None) or version,
            "section": stanza.get("Section") or None,
            "origin": "",
            "suite": None,
            "manual": None,
        }
    )


def _stanzas(text: str) -> Iterable[tuple[int, Stanza]]:
    """Where each stanza starts, and its fields of interest."""
    return _as_dpkg_writes(text) or _however_written(text)


def _as_dpkg_writes(text: str) -> list[tuple[int, Stanza]] | None:
    """The same several times as fast, from the head of each stanza alone.

    None where the text has more fields of interest than were found so: it is written in another way.
    """
    found, start, number = [], 0, 0
    for stanza in text.split("\n\n"):
        if head := _HEAD.match(stanza):
            fields = head.groupdict("")
            found.append((start, fields))
            number += 4 + (fields["Section"] != "") + (fields["Source"] != "")
        elif fields := {mark[1]: mark[2].strip() for mark in _MARKS.finditer(stanza) if mark[1]}:
            found.append((start, fields))
            number += len(fields)
        start += len(stanza) + 2
    return found if number == len(_ANY_MARK.findall("\n" + text)) and not _BLANK.search(text) else None


def _however_written(text: str) -> Iterator[tuple[int, Stanza]]:
    start, fields = 0, Stanza()
    for mark in _MARKS.finditer(text):
        key = mark[1]
        if key is not None:
            if not fields:
                start = mark.start()
            fields[key] = mark[2].strip()
        elif fields:
            yield start, fields
            fields = {}
    if fields:
        yield start, fields


def _doubt(feed: Feed, text: str) -> str:
    """Why the file may have been cut, "" where its form shows that it was not. Raises FeedError if it was."""
    if wrong := _NO_FIELD.search("\n" + text):
        raise FeedError(feed.name, _line(text, wrong.start()), f"not a field: {wrong[0][1:81]!r}")
    if not text.endswith("\n") and text:
        raise FeedError(feed.name, _line(text, len(text)), f"has no end: {CUT}")
    if not text or text.endswith("\n\n"):
        return ""
    if _BY_DPKG.search(text):
        raise FeedError(feed.name, _line(text, len(text)), f"no empty line ends the last stanza: {CUT}")
    return "no empty line ends its last stanza, as dpkg writes it"


def _line(text: str, place: int) -> str:
    return f"line {text.count(chr(10), 0, place) + 1}"
