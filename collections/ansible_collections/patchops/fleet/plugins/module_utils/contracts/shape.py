# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How typed things become documents: JSON's own types, with the keys that readers know."""

from enum import Enum
from typing import Any, Dict, NamedTuple, Tuple


class Field(NamedTuple):
    """One key of a document: the attribute that it comes from, and what the key means, for its schema.

    `always`: whether the key is there also when the attribute is None or False; `required`: whether readers
    may count on it, which documents of former versions decide; `rules`: more of JSON Schema's words.
    """

    attribute: str
    key: str
    description: str
    always: bool = True
    required: bool = True
    rules: Tuple[Tuple[str, Any], ...] = ()


# The fields of each type that documents are made of, in the order of their keys.
SHAPES: Dict[type, Tuple[Field, ...]] = {}


def shape(kind: type, *fields: Field) -> None:
    """Say how values of a NamedTuple are written into documents."""
    SHAPES[kind] = fields


def document(value: Any) -> Any:
    """Return a typed value in JSON's own types."""
    fields = SHAPES.get(type(value))
    if fields is not None:
        found = {}
        for one in fields:
            part = getattr(value, one.attribute)
            if one.always or (part is not None and part is not False):
                found[one.key] = document(part)
        return found
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [document(part) for part in value]
    return value
