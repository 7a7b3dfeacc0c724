# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as it was written: plain data, and where each part of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem


@dataclass(frozen=True)
class PolicyText:
    """The plain data of a policy: of one file, or of the files of a folder.

    ``lines`` has the line of each place, ``files`` its file where that is not ``name``, ``hints`` what helps
    where YAML makes a value of an unquoted text. ``clashes``: what two files of a folder contradict in.
    """

    name: str
    data: Any
    lines: Mapping[str, int]
    hints: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    clashes: tuple[Problem, ...] = ()

    def told(self, problem: Problem) -> str:
        """Return a problem as one line: file, line, place, what and remedy."""
        hint = f" ({self.hints[problem.place]})" if problem.place in self.hints else ""
        remedy = f". Remedy: {problem.remedy}" if problem.remedy else ""
        place = problem.place or "the whole file"
        return f"{self.where(problem.place)}: {place}: {problem.message}{hint}{remedy}"

    def where(self, place: str) -> str:
        """Return file and line of a place; where it does not exist, those of what it would be a part of."""
        while place and place not in self.lines:
            place = place.rpartition(".")[0]
        return f"{self.files.get(place, self.name)}:{self.lines.get(place, 1)}"
