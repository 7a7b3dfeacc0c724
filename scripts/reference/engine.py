# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's pages: modules, roles, playbooks, outcome codes and documents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

import markup
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import CLASSES, CODES

COLLECTIONS = Path(__file__).resolve().parents[2] / "collections"
COLLECTION = COLLECTIONS / "ansible_collections/patchops/fleet"


def module_pages() -> dict[str, str]:
    """Return a page for each module, from what ansible-doc says of it."""
    names = [f"patchops.fleet.{path.stem}" for path in sorted((COLLECTION / "plugins/modules").glob("*.py"))]
    return {
        f"modules/{name.rsplit('.', 1)[1]}.md": _module(name, told)
        for name, told in _ansible_doc(names).items()
    }


def role_pages() -> dict[str, str]:
    """Return a page for each role, from its argument specification."""
    specs = sorted((COLLECTION / "roles").glob("*/meta/argument_specs.yml"))
    return {f"roles/{path.parents[1].name}.md": _role(path) for path in specs}


def playbooks() -> str:
    """Return the page of the playbooks: the comment at the head of each says what it does."""
    parts = ["# Playbooks", "Run one with `ansible-playbook patchops.fleet.NAME`."]
    for path in sorted((COLLECTION / "playbooks").glob("*.yml")):
        parts += [f"## {path.stem}", _leading_comment(path)]
    return "\n\n".join(parts)


def outcomes() -> str:
    """Return the page of outcome classes and codes."""
    classes = [[f"`{name}`", meaning] for name, meaning in CLASSES.items()]
    codes = [[f"`{code}`", f"`{group}`", meaning] for code, (group, meaning) in CODES.items()]
    return "\n\n".join(
        [
            "# Outcomes",
            "Every module and action returns `outcome` with `class`, `code`, `message` and `remedy`.",
            "Codes are added, never renamed.",
            "## Classes",
            markup.table(["class", "means"], classes),
            "## Codes",
            markup.table(["code", "class", "means"], codes),
        ]
    )


def documents() -> str:
    """Return the page of the documents, from their JSON Schemas."""
    parts = ["# Documents", "Each is JSON with `kind`, `schema`, `engine_version` and UTC times."]
    for path in sorted((COLLECTION / "plugins/plugin_utils/schemas").glob("*.json")):
        schema = json.loads(path.read_text("utf-8"))
        parts += [f"## {path.stem}", schema.get("description", "")]
        parts += ["\n".join(_properties(schema))]
    return "\n\n".join(part for part in parts if part)


def _ansible_doc(names: list[str]) -> dict[str, Any]:
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    command = [sys.executable, "-m", "ansible", "doc", "--json", "--type", "module", *names]
    told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    return dict(sorted(json.loads(told.stdout).items()))


def _module(name: str, told: dict[str, Any]) -> str:
    doc = told["doc"]
    parts = [
        f"# {name}",
        markup.inline(doc["short_description"]),
        markup.paragraphs(doc.get("description")),
    ]
    if doc.get("options"):
        parts += ["## Options", "\n".join(markup.options(doc["options"]))]
    if doc.get("attributes"):
        rows = [
            [f"`{attribute}`", said["support"], " ".join(map(markup.inline, _as_list(said.get("details"))))]
            for attribute, said in sorted(doc["attributes"].items())
        ]
        parts += ["## Attributes", markup.table(["attribute", "support", "details"], rows)]
    if doc.get("notes"):
        parts += ["## Notes", "\n".join(f"- {markup.inline(note)}" for note in doc["notes"])]
    if told.get("examples"):
        parts += ["## Examples", f"```yaml\n{told['examples'].strip()}\n```"]
    if told.get("return"):
        parts += ["## Returns", "\n".join(markup.returned(told["return"]))]
    return "\n\n".join(part for part in parts if part)


def _role(path: Path) -> str:
    parts = [f"# patchops.fleet.{path.parents[1].name}"]
    for name, entry in yaml.safe_load(path.read_text("utf-8"))["argument_specs"].items():
        parts += [f"## Entry point `{name}`", markup.inline(entry["short_description"])]
        parts += [markup.paragraphs(entry.get("description"))]
        parts += ["\n".join(markup.options(entry.get("options") or {}))]
    return "\n\n".join(part for part in parts if part)


def _properties(schema: dict[str, Any]) -> list[str]:
    required = set(schema.get("required", []))
    return [
        f"- **`{name}`**{' (required)' if name in required else ''}: {spec.get('description', '')}".rstrip(
            ": "
        )
        for name, spec in schema.get("properties", {}).items()
    ]


def _leading_comment(path: Path) -> str:
    lines: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith(("#", "---")):
            break
        if line.startswith("#") and "SPDX-" not in line:
            lines.append(line[1:].removeprefix(" "))
    return "\n".join(lines).strip()


def _as_list(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []
