# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check plain data against the part of JSON Schema that our own schemas use, with words for people.

The collection may need nothing beyond ansible-core, so the schema that editors read is interpreted here:
type, const, enum, required, properties, propertyNames, additionalProperties, items, minItems, minLength,
maxLength, minimum, maximum, pattern, format: date, local $ref, and anyOf whose branches differ in type. The
description of a place is the remedy there.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    if "anyOf" in schema:
        schema = {**_branch(schema["anyOf"], data), "description": schema["description"]}
    wrong = _wrong_value(schema, data)
    if wrong is not None:
        near = did_you_mean(data, map(str, schema.get("enum", ()))) if isinstance(data, str) else ""
        yield Problem(place, wrong, near + str(schema.get("description", "")))
    elif isinstance(data, dict):
        yield from _check_mapping(root, schema, data, place)
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield from _check(root, schema["items"], item, f"{place}[{number}]")


def _branch(branches: list[Mapping[str, Any]], data: Any) -> Mapping[str, Any]:
    """Return the branch for data of this type; where none is, one that refuses every type."""
    for branch in branches:
        if _is_of(branch["type"], data):
            return branch
    return {"types": [branch["type"] for branch in branches]}


def _is_of(name: str, data: Any) -> bool:
    kind, _words = _TYPES[name]
    return isinstance(data, kind) and not (isinstance(data, bool) and kind is not bool)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the beginning of a remedy: the known word that `word` resembles most, "" when none does."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}? " if close else ""


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
        names = schema.get("propertyNames")
        if names is not None:
            yield from _check(root, names, key, inside)
        if key in known:
            yield from _check(root, known[key], value, inside)
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from _check(root, schema["additionalProperties"], value, inside)
        else:
            yield Problem(inside, "unknown key", f"{did_you_mean(key, known)}known here: {', '.join(known)}")


def _wrong_value(schema: Mapping[str, Any], data: Any) -> str | None:
    if "const" in schema and not _same(data, schema["const"]):
        return f"{_shown(data)} is not {_shown(schema['const'])}"
    if "enum" in schema and not any(_same(data, value) for value in schema["enum"]):
        return f"{_shown(data)} is none of {', '.join(map(_shown, schema['enum']))}"
    if "type" in schema and not _is_of(schema["type"], data):
        return f"{_shown(data)} is not {_TYPES[schema['type']][1]}"
    if "types" in schema:
        return f"{_shown(data)} is not {' or '.join(_TYPES[name][1] for name in schema['types'])}"
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
