# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check plain data against the part of JSON Schema that our own schemas use, with words for people.

The collection may need nothing beyond ansible-core, so the schema that editors read is interpreted here:
type, const, enum, required, properties, additionalProperties, items, minItems, minLength, maxLength,
minimum, maximum, pattern, format: date and local $ref. The description of a place is the remedy there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, what it is and the remedy.

    ``place`` is for example ``waivers.entries[0].until``, and "" for the whole.
    """

    place: str
    message: str
    remedy: str


_TYPES: Final[Mapping[str, tuple[type, str]]] = {
    "object": (dict, "a mapping"),
    "array": (list, "a list"),
    "string": (str, "a text; put it in quotes"),
    "integer": (int, "a whole number"),
    "boolean": (bool, "true or false"),
}


def problems(schema: Mapping[str, Any], data: Any) -> list[Problem]:
    """Everything in ``data`` that the schema forbids, in the order of the data."""
    return list(_check(schema, schema, data, ""))


def _check(root: Mapping[str, Any], schema: Mapping[str, Any], data: Any, place: str) -> Iterator[Problem]:
    if "$ref" in schema:
        # What stands beside a reference, a description of its own, goes before what is referred to.
        schema = {**root["$defs"][schema["$ref"].removeprefix("#/$defs/")], **schema}
    wrong = _wrong_value(schema, data)
    if wrong is not None:
        yield Problem(place, wrong, str(schema.get("description", "")))
    elif isinstance(data, dict):
        yield from _check_mapping(root, schema, data, place)
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield from _check(root, schema["items"], item, f"{place}[{number}]")


def _check_mapping(
    root: Mapping[str, Any], schema: Mapping[str, Any], data: dict[str, Any], place: str
) -> Iterator[Problem]:
    known = schema.get("properties", {})
    remedy = str(schema.get("description", ""))
    for key in schema.get("required", []):
        if key not in data:
            yield Problem(place, f"{key!r} is missing", remedy)
    for key, value in data.items():
        inside = f"{place}.{key}" if place else key
        if key in known:
            yield from _check(root, known[key], value, inside)
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from _check(root, schema["additionalProperties"], value, inside)
        else:
            yield Problem(inside, "unknown key", f"known here: {', '.join(known)}")


def _wrong_value(schema: Mapping[str, Any], data: Any) -> str | None:
    if "const" in schema and not _same(data, schema["const"]):
        return f"{_shown(data)} is not {_shown(schema['const'])}"
    if "enum" in schema and not any(_same(data, value) for value in schema["enum"]):
        return f"{_shown(data)} is none of {', '.join(map(_shown, schema['enum']))}"
    if "type" in schema:
        kind, words = _TYPES[schema["type"]]
        if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
            return f"{_shown(data)} is not {words}"
    for keyword, test, words in _LIMITS:
        if keyword in schema and not test(data, schema[keyword]):
            return words.format(shown=_shown(data), limit=schema[keyword])
    return None


def _is_day(text: str, _format: str) -> bool:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_LIMITS: Final[tuple[tuple[str, Callable[[Any, Any], bool], str], ...]] = (
    ("minimum", lambda data, limit: bool(data >= limit), "{shown} is less than {limit}"),
    ("maximum", lambda data, limit: bool(data <= limit), "{shown} is more than {limit}"),
    ("minItems", lambda data, limit: len(data) >= limit, "the list has fewer than {limit} items"),
    ("minLength", lambda data, limit: len(data) >= limit, "the text is empty"),
    ("maxLength", lambda data, limit: len(data) <= limit, "the text is longer than {limit} letters"),
    ("pattern", lambda data, limit: re.search(limit, data) is not None, "{shown} has another form"),
    ("format", _is_day, "{shown} is no day of the calendar"),
)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is not true."""
    return type(one) is type(other) and bool(one == other)


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
