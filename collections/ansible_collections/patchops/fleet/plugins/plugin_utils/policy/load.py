# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a policy file and check it as a whole: every problem with file, line, place and remedy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.checks import (
    contradictions,
    waiver_faults,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy, build
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem, problems
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.yaml_places import YamlError, read_yaml

SCHEMA_FILE = Path(__file__).with_name("policy.schema.json")
MAX_BYTES = 4 * 1024 * 1024


class PolicyError(Exception):
    """A policy that can't be used. Each argument is one problem: file, line, place, what, remedy."""

    def __str__(self) -> str:
        return "\n".join(self.args)


@dataclass(frozen=True)
class PolicyText:
    """The plain data of a policy file, and the line of each place in it."""

    name: str
    data: Any
    lines: Mapping[str, int]

    def told(self, problem: Problem) -> str:
        """Return a problem as one line: file, line, place, what and remedy."""
        place = problem.place
        while place and place not in self.lines:
            place = place.rpartition(".")[0]
        where = f"{self.name}:{self.lines.get(place, 1)}"
        remedy = f". Remedy: {problem.remedy}" if problem.remedy else ""
        return f"{where}: {problem.place or 'the whole file'}: {problem.message}{remedy}"


def load_policy(path: str | Path) -> Policy:
    """Read and check a policy file. Raises PolicyError."""
    return _checked(read_policy_text(path))


def read_policy_text(path: str | Path) -> PolicyText:
    """Read a policy file as plain data, without checking what it says. Raises PolicyError."""
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise PolicyError(f"{path}: can't be read: {error.strerror}; name a readable policy file") from None
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    if len(raw) > MAX_BYTES:
        raise PolicyError(f"{path}: larger than {MAX_BYTES} bytes; that is no policy")
    return _plain(text, str(path))


def parse_policy(text: str, name: str) -> Policy:
    """Read and check the text of a policy; ``name`` stands for the file in messages. Raises PolicyError."""
    return _checked(_plain(text, name))


def find_problems(text: PolicyText) -> list[Problem]:
    """Return what is wrong with the parts of a policy that the engine reads."""
    found = problems(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")), text.data)
    if not found:
        found = list(contradictions(text.data))
    if not found:
        policy = build(text.data, text.name)
        found = list(waiver_faults(policy.waivers, text.data.get("waivers", {})))
    return found


def _plain(text: str, name: str) -> PolicyText:
    try:
        return PolicyText(name, *read_yaml(text))
    except YamlError as error:
        raise PolicyError(f"{name}: {error}") from None


def _checked(text: PolicyText) -> Policy:
    found = find_problems(text)
    if found:
        raise PolicyError(*(text.told(problem) for problem in found))
    return build(text.data, text.name)
