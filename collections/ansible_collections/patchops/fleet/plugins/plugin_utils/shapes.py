# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check untrusted data against our JSON Schemas, quickly: a schema is compiled once into nested functions.

Understood are type, const, enum, required, properties, additionalProperties, items, pattern, minimum,
maximum, maxLength and local $ref. A pattern that describes a time or a date wants one that exists, too. What
the schema of an object does not name is left out by `taking` and left alone by `checking`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema

Check = Callable[[Any], Any]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_CALENDAR = {
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$": "%Y-%m-%dT%H:%M:%SZ",
    r"^\d{4}-\d\d-\d\d$": "%Y-%m-%d",
}
_LONGEST_SHOWN = 60


class ShapeError(ValueError):
    """Data has not the shape that its schema wants; the message names the place and what is wrong there."""

    def __init__(self, wrong: str) -> None:
        self.wrong = wrong
        self.place = ""
        super().__init__(wrong)

    def within(self, step: str) -> ShapeError:
        """Return the same error, seen from one level further out."""
        self.place = f"{step}{'' if not self.place or self.place[0] == '[' else '.'}{self.place}"
        self.args = (f"{self.place} {self.wrong}",)
        return self


def _forgive(schema: Any) -> None:
    """Have a schema require nothing, and take null for what is not known."""
    if not isinstance(schema, dict):
        return
    # A property can have each of these names, too, and then its schema stands here.
    if isinstance(schema.get("required"), list):
        del schema["required"]
    if isinstance(schema.get("type"), (str, list)):
        schema["type"] = [*([schema["type"]] if isinstance(schema["type"], str) else schema["type"]), "null"]
    if isinstance(schema.get("enum"), list):
        schema["enum"] = [*schema["enum"], None]
    for part in schema.values():
        _forgive(part)


def taking(schema: Mapping[str, Any]) -> Check:
    """Return a function that gives back what `schema` names of its argument; it raises ShapeError."""
    return _compiled(schema, schema, take=True)


@cache
def checking(kind: str, definition: str = "", whole: bool = True) -> Check:
    """Return a function that raises ShapeError unless its argument fits the schema of a document's kind.

    `definition`: a part of that schema, by its name in `$defs`. `whole`: nothing is missing or null that the
    schema requires; a document of a former version may lack some of it.
    """
    schema = json_schema(kind)
    if not whole:
        _forgive(schema)
    return _compiled(schema, schema["$defs"][definition] if definition else schema, take=False)


def _compiled(root: Mapping[str, Any], schema: Mapping[str, Any], take: bool) -> Check:
    if "$ref" in schema:
        schema = {**root["$defs"][schema["$ref"].removeprefix("#/$defs/")], **schema}
    value_check = _value_check(schema)
    inner = None
    if "properties" in schema or _values_schema(schema):
        inner = _object_check(root, schema, take)
    elif "items" in schema:
        inner = _array_check(_compiled(root, schema["items"], take))
    if inner is None:
        return value_check
    container = list if "items" in schema else dict

    def check(value: Any) -> Any:
        value_check(value)
        return inner(value) if isinstance(value, container) else value

    return check


def _object_check(root: Mapping[str, Any], schema: Mapping[str, Any], take: bool) -> Check:
    required = tuple(schema.get("required", ()))
    named = tuple((name, _compiled(root, part, take)) for name, part in schema.get("properties", {}).items())
    others = _compiled(root, schema["additionalProperties"], take) if _values_schema(schema) else None
    names = frozenset(name for name, _part in named)
    keep = not take or schema.get("additionalProperties") is True

    def check(value: dict[str, Any]) -> dict[str, Any]:
        for name in required:
            if name not in value:
                raise ShapeError("is missing").within(name)
        taken: dict[str, Any] = dict(value) if keep else {}
        for name, part in named:
            if name in value:
                try:
                    taken[name] = part(value[name])
                except ShapeError as error:
                    raise error.within(name) from None
        if others is not None:
            for name in value.keys() - names:
                try:
                    taken[name] = others(value[name])
                except ShapeError as error:
                    raise error.within(ascii(name[:_LONGEST_SHOWN])) from None
        return taken

    return check


def _values_schema(schema: Mapping[str, Any]) -> bool:
    """Tell whether the schema says what values are under names that it doesn't list."""
    return isinstance(schema.get("additionalProperties"), dict)


def _array_check(item: Check) -> Check:
    def check(value: list[Any]) -> list[Any]:
        taken = []
        for number, one in enumerate(value):
            try:
                taken.append(item(one))
            except ShapeError as error:
                raise error.within(f"[{number}]") from None
        return taken

    return check


def _value_check(schema: Mapping[str, Any]) -> Check:
    """Return the check of a value by itself, without what it contains."""
    checks = [
        make(schema[keyword])
        for keyword, make in (
            ("type", _type_check),
            ("const", lambda const: _choice_check([const])),
            ("enum", _choice_check),
            ("pattern", _pattern_check),
            ("minimum", _minimum_check),
            ("maximum", _maximum_check),
            ("maxLength", _length_check),
        )
        if keyword in schema
    ]
    if len(checks) == 1:
        return checks[0]

    def check(value: Any) -> Any:
        for one in checks:
            one(value)
        return value

    return check


def _type_check(wanted: str | list[str]) -> Check:
    names = [wanted] if isinstance(wanted, str) else wanted
    types = tuple(kind for name in names for kind in _TYPES[name])
    bools = "boolean" in names
    told = " or ".join(names)

    def check(value: Any) -> Any:
        # True is an int of Python, and not of JSON.
        if not isinstance(value, types) or (isinstance(value, bool) and not bools):
            raise ShapeError(f"is {_shown(value)}, not {told}")
        return value

    return check


def _choice_check(choices: list[Any]) -> Check:
    def check(value: Any) -> Any:
        if not any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in choices):
            raise ShapeError(f"is {_shown(value)}, none of {', '.join(map(str, choices))}")
        return value

    return check


def _pattern_check(pattern: str) -> Check:
    found = re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern, re.ASCII)
    calendar = _CALENDAR.get(pattern)

    def check(value: Any) -> Any:
        if isinstance(value, str) and not (found.search(value) and _exists(value, calendar)):
            raise ShapeError(f"is {_shown(value)}, which it can't be")
        return value

    return check


def _exists(value: str, calendar: str | None) -> bool:
    if calendar is None:
        return True
    try:
        # Before 1970 and behind 9998 arithmetic on it fails.
        return 1970 <= datetime.strptime(value, calendar).year <= 9998
    except ValueError:
        return False


def _minimum_check(least: int) -> Check:
    def check(value: Any) -> Any:
        if isinstance(value, (int, float)) and value < least:
            raise ShapeError(f"is {_shown(value)}, less than {least}")
        return value

    return check


def _maximum_check(most: int) -> Check:
    def check(value: Any) -> Any:
        if isinstance(value, (int, float)) and value > most:
            raise ShapeError(f"is {_shown(value)}, more than {most}")
        return value

    return check


def _length_check(most: int) -> Check:
    def check(value: Any) -> Any:
        if isinstance(value, str) and len(value) > most:
            raise ShapeError(f"is longer than {most} characters")
        return value

    return check


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = ascii(value[:_LONGEST_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= _LONGEST_SHOWN + 2 else f"{text[:_LONGEST_SHOWN]}..."
