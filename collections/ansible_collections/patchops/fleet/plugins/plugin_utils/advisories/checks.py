# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small checks that importers make of every value they take from a feed."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    AdvisoryType,
    Severity,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Python 3.10 reads three or six digits behind the point of a second, and offsets with a colon alone.
_OFFSET = re.compile(r"(?<=\d\d:\d\d)\s*([+-]\d\d):?(\d\d)$")
_FRACTION = re.compile(r"(\d\d:\d\d:\d\d)\.\d+")
_RED_HAT_NAME = re.compile(r"[A-Z]{2}([SBE])A-")
_SUSE_NAME = re.compile(r"(?:open)?SUSE-([SRFO])U-")
_TYPE_LETTERS: dict[str, AdvisoryType] = {
    "S": "security",
    "B": "bugfix",
    "E": "enhancement",
    # SUSE's recommended, feature and optional updates.
    "R": "bugfix",
    "F": "enhancement",
    "O": "enhancement",
}
_MAX_TEXT = 1000
_SEVERITIES: dict[str, Severity] = {
    "critical": "critical",
    "important": "high",
    "high": "high",
    "moderate": "medium",
    "medium": "medium",
    "low": "low",
    "negligible": "low",
    "unimportant": "low",
    "none": "none",
}


class Checked:
    """Values of one record, taken by key with the type they must have. file and place go into the error."""

    def __init__(self, value: Any, file: str, place: str) -> None:
        if not isinstance(value, dict):
            raise FeedError(file, place, f"expected an object, found {_kind(value)}")
        self.value: dict[str, Any] = value
        self.file, self.place = file, place

    def text(self, key: str, default: str | None = None) -> str:
        """A string. Without a default the key must be there and not be empty."""
        found = self.value.get(key)
        if found is None and default is not None:
            return default
        if not isinstance(found, str):
            raise self.error(key, "text", found)
        if not found and default is None:
            raise FeedError(self.file, self._at(key), "is empty")
        if len(found) > _MAX_TEXT and default is None:
            raise FeedError(self.file, self._at(key), f"is longer than {_MAX_TEXT} characters")
        return found

    def short(self, key: str, default: str = "") -> str:
        """A string for people, cut where it is overlong."""
        return " ".join(self.text(key, default)[:_MAX_TEXT].split())

    def number(self, key: str) -> float:
        found = self.value.get(key)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise self.error(key, "a number", found)
        return float(found)

    def items(self, key: str) -> list[Any]:
        """A list; a missing key or null is an empty one."""
        found = self.value.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self.error(key, "a list", found)
        return found

    def objects(self, key: str) -> list[Checked]:
        return [
            Checked(one, self.file, f"{self._at(key)}[{number}]")
            for number, one in enumerate(self.items(key))
        ]

    def object(self, key: str) -> Checked:
        """An object; a missing key or null is an empty one."""
        found = self.value.get(key)
        return Checked({} if found is None else found, self.file, self._at(key))

    def date(self, key: str) -> str:
        """The date, in UTC, of a date or time; "" where there is none."""
        found = self.text(key, "")
        date = utc_date(found)
        if found and not date:
            raise FeedError(self.file, self._at(key), f"expected a date (YYYY-MM-DD), found {found[:40]!r}")
        return date

    def error(self, key: str, expected: str, found: Any) -> FeedError:
        return FeedError(self.file, self._at(key), f"expected {expected}, found {_kind(found)}")

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def utc_date(text: str) -> str:
    """The date in UTC of a date or time (ISO 8601); "" for other texts. A time without an offset is in
    UTC."""
    if not _DATE.match(text):
        return ""
    plain = _OFFSET.sub(r"\1:\2", _FRACTION.sub(r"\1", text.strip().replace("Z", "+00:00")))
    try:
        when = datetime.fromisoformat(plain)
    except ValueError:
        # Some feeds write more behind the date than a time ("2021-07-22 18:25:24 UTC").
        return text[:10]
    return (when.astimezone(timezone.utc) if when.tzinfo else when).date().isoformat()


def cves_in(*texts: str) -> tuple[str, ...]:
    """The CVE ids named in texts, each once, sorted."""
    return tuple(sorted({found for text in texts for found in _CVE.findall(text.upper())}))


def is_cve(text: str) -> bool:
    return _CVE.fullmatch(text) is not None


def severity(text: str) -> Severity:
    """The severity behind a vendor's word; "unknown" for words that say nothing."""
    return _SEVERITIES.get(text.strip().strip("*").lower(), "unknown")


def type_of(name: str) -> AdvisoryType:
    """The type that the name of an advisory carries (RHSA, ALBA, RLEA, SUSE-RU); others are for security."""
    match = _RED_HAT_NAME.match(name) or _SUSE_NAME.match(name)
    return _TYPE_LETTERS[match[1]] if match else "security"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    names = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), type(value).__name__)
