# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markdown from the pieces that Ansible's documentation is made of: markup, options and return values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_MARKUP = re.compile(r"\b(O|V|RV|C|E|M|P|B|I|U|L|R)\(((?:[^()\\]|\\.)*)\)")
_FORMS = {"B": "**{}**", "I": "*{}*", "U": "<{}>"}


def paragraphs(text: str | list[str] | None) -> str:
    """Return a description as Markdown, one paragraph for each of its entries."""
    entries = [text] if isinstance(text, str) else text or []
    return "\n\n".join(inline(entry) for entry in entries)


def inline(text: str) -> str:
    """Return text with Ansible's markup, say ``O(state=staged)``, as Markdown."""

    def replace(match: re.Match[str]) -> str:
        kind, content = match[1], re.sub(r"\\(.)", r"\1", match[2])
        if kind in ("L", "R"):
            title, target = (part.strip() for part in content.rsplit(",", 1))
            return f"[{title}]({target})" if kind == "L" else title
        return _FORMS.get(kind, "`{}`").format(content.split("#")[0] if kind == "P" else content)

    return _MARKUP.sub(replace, " ".join(text.split()))


def options(specs: Mapping[str, Mapping[str, Any]], depth: int = 0) -> Iterator[str]:
    """Yield a list entry for each option, those of its suboptions below it."""
    for name, spec in sorted(specs.items()):
        traits = [_type(spec)]
        if spec.get("required"):
            traits.append("required")
        if spec.get("default") is not None:
            traits.append(f"default `{_value(spec['default'])}`")
        if spec.get("choices"):
            traits.append("one of " + ", ".join(f"`{_value(choice)}`" for choice in spec["choices"]))
        yield _entry(name, traits, spec, depth)
        yield from options(spec.get("suboptions") or spec.get("options") or {}, depth + 1)


def returned(specs: Mapping[str, Mapping[str, Any]], depth: int = 0) -> Iterator[str]:
    """Yield a list entry for each return value, what it contains below it."""
    for name, spec in sorted(specs.items()):
        traits = [_type(spec)]
        if spec.get("returned"):
            traits.append(f"returned: {inline(spec['returned'])}")
        yield _entry(name, traits, spec, depth)
        yield from returned(spec.get("contains") or {}, depth + 1)


def table(titles: list[str], rows: list[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _entry(name: str, traits: list[str], spec: Mapping[str, Any], depth: int) -> str:
    description = spec.get("description") or []
    entries = [description] if isinstance(description, str) else description
    told = " ".join(inline(entry) for entry in entries)
    return f"{'  ' * depth}- **`{name}`** ({', '.join(traits)}): {told}".rstrip(": ")


def _type(spec: Mapping[str, Any]) -> str:
    kind = spec.get("type", "str")
    return f"{kind} of {spec['elements']}" if spec.get("elements") else str(kind)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
