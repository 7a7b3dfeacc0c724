# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make one policy of the files of a folder.

Sections are merged: names come together, lists follow each other in the order of the files' names. What two
files both give a value is a contradiction, also where both say the same: one of the two would be forgotten
at the next change.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.text import PolicyText

_HEAD = {"kind": "patchops.policy", "schema": 1}


def merged(name: str, texts: Sequence[PolicyText], named_sections: Collection[str]) -> PolicyText:
    """Return the policy of a folder.

    ``named_sections``: those whose keys are names, so that a list below one of them is never continued.
    """
    merging = _Merging(named_sections)
    for text in texts:
        merging.add(text)
    return PolicyText(name, merging.data, merging.lines, merging.hints, merging.files, tuple(merging.clashes))


class _Merging:
    def __init__(self, named_sections: Collection[str]) -> None:
        self.data: dict[str, Any] = dict(_HEAD)
        self.lines: dict[str, int] = {}
        self.hints: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.clashes: list[Problem] = []
        self._named_sections = named_sections

    def add(self, text: PolicyText) -> None:
        data = text.data if isinstance(text.data, dict) else {}
        if any(repr(data.get(key)) != repr(value) for key, value in _HEAD.items()):
            head = ", ".join(f"{key}: {value}" for key, value in _HEAD.items())
            self.clashes.append(
                Problem("", f"{text.name} does not begin with {head}", "add that, or keep it elsewhere")
            )
            return
        for section, value in data.items():
            if section not in _HEAD:
                self._put(self.data, section, section, value, text, depth=0)

    def _put(
        self, into: dict[str, Any], key: str, place: str, value: Any, text: PolicyText, depth: int
    ) -> None:
        section = place.partition(".")[0]
        if key not in into:
            into[key] = _shallow_copy(value)
            self._take(text, place)
        elif depth == 0 and isinstance(into[key], dict) and isinstance(value, dict):
            for name, part in value.items():
                self._put(into[key], name, f"{place}.{name}", part, text, depth=1)
        elif isinstance(into[key], list) and isinstance(value, list) and section not in self._named_sections:
            self._take_items(text, place, len(into[key]))
            into[key] += value
        else:
            self.clashes.append(
                Problem(place, f"is given again in {text.where(place)}", "keep one of the two")
            )

    def _take(self, text: PolicyText, place: str) -> None:
        """Take over where a place and everything below it stands."""
        for found in text.lines:
            if found == place or found.startswith((f"{place}.", f"{place}[")):
                self._stands(text, found, found)

    def _take_items(self, text: PolicyText, place: str, before: int) -> None:
        """Take over where the items of a list stand, which come after ``before`` others."""
        for found in text.lines:
            if found.startswith(f"{place}["):
                number, bracket, rest = found[len(place) + 1 :].partition("]")
                self._stands(text, found, f"{place}[{int(number) + before}{bracket}{rest}")

    def _stands(self, text: PolicyText, found: str, place: str) -> None:
        self.lines[place], self.files[place] = text.lines[found], text.name
        if found in text.hints:
            self.hints[place] = text.hints[found]


def _shallow_copy(value: Any) -> Any:
    """Return lists and mappings anew: they grow, and what a file says stays as it is."""
    if isinstance(value, list):
        return list(value)
    return dict(value) if isinstance(value, dict) else value
