# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a policy and check it as a whole: every problem with file, line, place and remedy."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.checks import (
    contradictions,
    waiver_faults,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.merging import merged
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy, build
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem, problems
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.text import PolicyText

SCHEMA_FILE = Path(__file__).with_name("policy.schema.json")
MAX_BYTES = 4 * 1024 * 1024


class PolicyError(Exception):
    """A policy that can't be used. Each argument is one problem: file, line, place, what, remedy."""

    def __str__(self) -> str:
        return "\n".join(self.args)


def load_policy(path: str | Path) -> Policy:
    """Read and check a policy: a file, or a folder of files. Raises PolicyError."""
    return _checked(read_policy_text(path))


def read_policy_text(path: str | Path) -> PolicyText:
    """Read a policy as plain data, without checking what it says: a file, or a folder of files.

    Raises PolicyError.
    """
    if not os.path.isdir(path):
        return _plain(_read(path), str(path))
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise PolicyError(f"{path}: can't be read: {error.strerror}; name a readable folder") from None
    files = [os.path.join(path, name) for name in names if is_part(name)]
    if not files:
        raise PolicyError(f"{path}: the folder has no policy; put files that end in .yml or .yaml there")
    texts: list[PolicyText] = []
    refused: list[str] = []
    for file in files:
        try:
            texts.append(_plain(_read(file), file))
        except PolicyError as error:
            refused += error.args
    if refused:
        raise PolicyError(*refused)
    return merged(str(path), texts, _named_sections())


def is_part(name: str) -> bool:
    """Tell whether a file of a policy's folder belongs to the policy."""
    return name.endswith((".yml", ".yaml")) and not name.startswith(".")


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema


def _named_sections() -> set[str]:
    """Return the sections whose keys are names that the policy gives, such as those of calendars."""
    sections = _schema()["properties"].items()
    return {name for name, section in sections if isinstance(section.get("additionalProperties"), dict)}


def _read(path: str | Path) -> str:
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
    return text


def parse_policy(text: str, name: str) -> Policy:
    """Read and check the text of a policy; ``name`` stands for the file in messages. Raises PolicyError."""
    return _checked(_plain(text, name))


def find_problems(text: PolicyText) -> list[Problem]:
    """Return what is wrong with the form of a policy, and with what the parts say that the engine reads."""
    found = problems(_schema(), text.data)
    found += text.clashes
    if not isinstance(text.data, dict):
        return found
    ill_formed = {re.split(r"[.\[]", problem.place, maxsplit=1)[0] for problem in found}
    sound = {name: section for name, section in text.data.items() if name not in ill_formed}
    contradicted = list(contradictions(sound))
    if not contradicted:
        policy = build(sound, text.name)
        contradicted = list(waiver_faults(policy.waivers, sound.get("waivers", {})))
    return found + contradicted


def _plain(text: str, name: str) -> PolicyText:
    # Imported here: who has no policy file needs no YAML.
    from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.yaml_places import (
        YamlError,
        read_yaml,
    )

    try:
        read = read_yaml(text)
    except YamlError as error:
        raise PolicyError(f"{name}: {error}") from None
    return PolicyText(name, read.data, read.lines, read.hints)


def _checked(text: PolicyText) -> Policy:
    found = find_problems(text)
    if found:
        raise PolicyError(*(text.told(problem) for problem in found))
    return build(text.data, text.name)
