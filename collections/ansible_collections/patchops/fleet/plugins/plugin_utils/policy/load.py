# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a policy file and check it as a whole: every problem with file, line, place and remedy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

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
    """A policy that can't be used; the message has one line a problem: file, line, place, what, remedy."""


def load_policy(path: str | Path) -> Policy:
    """Read and check a policy file. Raises PolicyError."""
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
    return parse_policy(text, str(path))


def parse_policy(text: str, name: str) -> Policy:
    """Read and check the text of a policy; ``name`` stands for the file in messages. Raises PolicyError."""
    try:
        data, lines = read_yaml(text)
    except YamlError as error:
        raise PolicyError(f"{name}: {error}") from None
    found = problems(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")), data)
    if not found:
        found = list(contradictions(data))
    if not found:
        policy = build(data, name)
        found = list(waiver_faults(policy.waivers, data.get("waivers", {})))
    if found:
        raise PolicyError("\n".join(_line(problem, name, lines) for problem in found))
    return policy


def _line(problem: Problem, name: str, lines: Mapping[str, int]) -> str:
    place = problem.place
    while place and place not in lines:
        place = place.rpartition(".")[0]
    where = f"{name}:{lines.get(place, 1)}"
    remedy = f". Remedy: {problem.remedy}" if problem.remedy else ""
    return f"{where}: {problem.place or 'the whole file'}: {problem.message}{remedy}"
