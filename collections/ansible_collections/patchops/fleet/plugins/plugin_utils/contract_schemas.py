# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of our JSON Schemas that say what the typed contracts are: made from those."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.outcome import Outcome
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import FrozenPlan
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import SHAPES, Field

SCHEMAS = Path(__file__).parent / "schemas"
Schema = dict[str, Any]


class Place(NamedTuple):
    """Where a contract stands in the schema of a document's kind.

    `null`: whether null may stand there as well; `late`: keys that documents of former versions may lack.
    """

    kind: str
    path: tuple[str, ...]
    contract: type
    null: bool
    late: tuple[str, ...] = ()


PLACES: Sequence[Place] = (
    Place("patchops.transaction", ("properties", "outcome"), Outcome, True, late=("remedy",)),
    Place("patchops.transaction", ("properties", "plan"), FrozenPlan, True),
    Place("patchops.report", ("$defs", "host", "properties", "outcome"), Outcome, False),
)
_BASIC = {str: "string", bool: "boolean", int: "integer"}


def schema_of(kind: type, null: bool = False) -> Schema:
    """Return the JSON Schema of the documents that values of a contract become."""
    hints, fields = get_type_hints(kind), SHAPES[kind]
    return {
        "type": ["object", "null"] if null else "object",
        "required": sorted(one.key for one in fields if one.always and one.required),
        "properties": {one.key: _property(one, hints[one.attribute]) for one in fields},
    }


def part_of(schema: Mapping[str, Any], place: Sequence[str]) -> Any:
    """Return what stands at a place of a schema."""
    for step in place:
        schema = schema[step]
    return schema


def written(kind: str) -> str:
    """Return the text of a schema's file with what its contracts are now."""
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    for place in PLACES:
        if place.kind == kind:
            holder, key = part_of(schema, place.path[:-1]), place.path[-1]
            told = {word: text for word, text in holder[key].items() if word == "description"}
            made = schema_of(place.contract, place.null)
            made["required"] = [one for one in made["required"] if one not in place.late]
            holder[key] = {**told, **made}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _property(field: Field, hint: Any) -> Schema:
    # A key that is left out when there is nothing to tell never holds null.
    return {"description": field.description, **_schema(hint, null=field.always), **dict(field.rules)}


def _schema(hint: Any, null: bool = True) -> Schema:
    if get_origin(hint) in (Union, types.UnionType):
        inner = next(one for one in get_args(hint) if one is not type(None))
        return _or_null(_schema(inner)) if null else _schema(inner)
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        told = {"description": _first_sentence(inner)} if inner in SHAPES else {}
        return {"type": "array", "items": {**told, **_schema(inner)}}
    if hint in SHAPES:
        return schema_of(hint)
    if issubclass(hint, Enum):
        return {"enum": [one.value for one in hint]}
    return {"type": _BASIC[hint]}


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def _first_sentence(kind: type) -> str:
    return f"{str(kind.__doc__).split('.', 1)[0]}."


def main() -> None:
    """Write the files anew."""
    for kind in sorted({place.kind for place in PLACES}):
        (SCHEMAS / f"{kind}.json").write_text(written(kind), encoding="utf-8")


if __name__ == "__main__":
    main()
