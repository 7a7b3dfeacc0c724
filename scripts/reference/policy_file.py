# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the policy file, from its JSON Schema, and the page's table of CISA BOD 26-04."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import markup
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import SCHEMA_FILE
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency import ssvc

_INTRODUCTION = """\
YAML. Check one with `patchops policy check FILE`; `patchops policy schema` prints its JSON Schema for
editors. What it is for is told in [Policy](../guides/policy.md), [Assessment](../guides/assessment.md) and
[Calendars](../guides/calendars.md). Every key is optional unless it says otherwise. Below `people`,
`inventories`, `calendars`, `cycles`, `gates` and `recipients` stands a name that you give, then what is
listed."""


def policy_file() -> str:
    """Return what a policy file may hold, and the decision table that it refers to."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    points = ["in KEV", "exposed", "automatable", "technical impact"]
    rows = [
        [str(row.number), *map(_yes_or_no, held[:3]), "total" if held[3] else "partial", row.timeline]
        for held, row in sorted(ssvc.table().items(), key=lambda item: item[1].number)
    ]
    source = json.loads(ssvc.TABLE_FILE.read_text(encoding="utf-8"))
    return "\n\n".join(
        [
            "# Policy file",
            _INTRODUCTION,
            "\n".join(_entries(schema, schema, 0)),
            "## The preset `cisa_bod_26_04`",
            f"{source['directive']}. Source: {source['source']}. The days are {source['days']}.",
            markup.table(["row", *points, "timeline"], rows),
        ]
    )


def _yes_or_no(holds: bool) -> str:
    return "yes" if holds else "no"


def _entries(root: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield a list entry for each key of an object, those of its parts below it."""
    schema = _resolved(root, schema)
    if schema.get("type") == "array":
        yield from _entries(root, schema["items"], depth)
    for branch in schema.get("anyOf", ()):
        yield from _entries(root, branch, depth)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _entries(root, schema["additionalProperties"], depth)
    for name, spec in schema.get("properties", {}).items():
        told = _resolved(root, spec)
        required = " (required)" if name in schema.get("required", []) else ""
        yield f"{'  ' * depth}- **`{name}`**{required}: {told.get('description', '')}."
        yield from _entries(root, told, depth + 1)


def _resolved(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    return {**root["$defs"][schema["$ref"].removeprefix("#/$defs/")], **schema}
