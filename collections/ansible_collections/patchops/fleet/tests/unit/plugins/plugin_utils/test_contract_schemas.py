# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The typed contracts, the schemas made from them, and documents of both versions."""

from __future__ import annotations

import json
from typing import Any, get_type_hints

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.answer import Answer
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import (
    Blocked,
    Held,
    Plan,
    freeze,
    plan_of,
    read_plan,
)
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import SHAPES, document
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import CODES, make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils import contract_schemas
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from ansible_collections.patchops.fleet.plugins.plugin_utils.report_entry import HostEntry

# A change as version 0.1 wrote it: null where nothing replaces what goes.
FORMER_CHANGE = {
    "name": "vim",
    "arch": "x86_64",
    "action": "remove",
    "from": "1-1",
    "to": None,
    "origin": "Fedora Project",
    "suite": None,
    "security": False,
    "size": 0,
    "sha256": None,
    "replaced_by": None,
    "beside": True,
    "way_back": "revertible",
    "way_back_reason": None,
}
PLAN_SCHEMA = json_schema("patchops.transaction")["properties"]["plan"]

words = st.text(min_size=1, max_size=5)
changes = st.builds(
    Change,
    name=words,
    arch=words,
    action=st.sampled_from(Action),
    before=st.none() | words,
    after=st.none() | words,
    size=st.integers(0),
    disk_bytes=st.integers(),
    from_arch=st.none() | words,
    replaced_by=st.none() | words,
    beside=st.booleans(),
    kernel=st.booleans(),
)


@pytest.mark.parametrize("kind", sorted({place.kind for place in contract_schemas.PLACES}))
def test_the_schemas_hold_what_the_contracts_say(kind: str) -> None:
    kept = (contract_schemas.SCHEMAS / f"{kind}.json").read_text("utf-8")
    assert contract_schemas.written(kind) == kept, "make docs writes the schemas anew"


@pytest.mark.parametrize("kind", SHAPES, ids=lambda kind: str(kind.__name__))
def test_every_attribute_of_a_contract_has_a_key_and_a_description(kind: type) -> None:
    told = {one.attribute for one in SHAPES[kind]}
    # What packages weigh on the disk is told of all changes together.
    assert set(get_type_hints(kind)) - told == ({"disk_bytes"} if kind is Change else set())
    assert all(one.description.endswith(".") for one in SHAPES[kind])


@given(st.lists(changes), st.lists(st.builds(Held, words, words, st.none() | st.sampled_from(Cause))))
def test_a_plan_fits_its_schema_and_is_read_back_as_it_was(made: list[Change], held: list[Held]) -> None:
    plan = plan_of(made, held)
    frozen = document(freeze(plan, [Blocked("bash", "2", "abc")], "debian-12-amd64"))
    jsonschema.validate(frozen, PLAN_SCHEMA)
    unweighed = plan._replace(packages=tuple(one._replace(disk_bytes=0) for one in plan.packages))
    assert read_plan(json.loads(json.dumps(document(plan)))) == unweighed


def test_a_change_of_the_former_version_is_read() -> None:
    former = {"packages": [FORMER_CHANGE], "held": [], "download_bytes": 0, "disk_bytes": -5}
    jsonschema.validate({**former, "blocked": [], "platform": "fedora-41-x86_64"}, PLAN_SCHEMA)
    (change,) = read_plan(former).packages
    assert (change.action, change.before, change.beside) == (Action.REMOVE, "1-1", True)


def test_contracts_can_not_be_changed() -> None:
    plan = Plan(())
    with pytest.raises(AttributeError):
        plan.disk_bytes = 1  # type: ignore[misc]


@pytest.mark.parametrize("code", CODES)
def test_the_head_of_every_result_fits_the_schema_of_an_answer(code: str) -> None:
    jsonschema.validate(make_result(code, "It is so.", "Do that."), contract_schemas.schema_of(Answer))


def test_a_host_entry_has_every_key_of_its_schema() -> None:
    schema: dict[str, Any] = json_schema("patchops.report")["$defs"]["host"]
    assert set(HostEntry._fields) == set(schema["properties"])
