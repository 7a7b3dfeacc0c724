# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils import documents
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import (
    DocumentError,
    json_schema,
    read_document,
)

HEAD: dict[str, Any] = {"kind": "patchops.host", "schema": 1, "engine_version": "0.1.0"}


def test_a_document_is_read_as_dict_text_or_bytes() -> None:
    text = json.dumps(HEAD)
    assert read_document(HEAD, "patchops.host") == HEAD
    assert read_document(text, "patchops.host") == HEAD
    assert read_document(text.encode(), "patchops.host") == HEAD


def test_keys_of_a_newer_engine_stay_and_do_no_harm() -> None:
    assert read_document({**HEAD, "new": 1}, "patchops.host")["new"] == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "patchops.report"}, "is of kind 'patchops.report'; 'patchops.host' was expected"),
        ({"kind": None}, "is of kind None"),
        ({"schema": 2}, "has schema 2; this engine reads patchops.host up to 1"),
        ({"schema": 0}, "has schema 0"),
        ({"schema": True}, "has schema True"),
        ({"schema": "1"}, "has schema '1'"),
        ({"engine_version": None}, "does not say which engine_version wrote it"),
        ({"engine_version": "newest"}, "does not say which engine_version wrote it"),
    ],
)
def test_a_document_of_another_kind_or_age_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        read_document({**HEAD, **changes}, "patchops.host")


def test_the_schema_before_the_newest_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(documents.SCHEMAS, "patchops.host", 3)
    assert read_document({**HEAD, "schema": 2}, "patchops.host")["schema"] == 2
    with pytest.raises(DocumentError, match="up to 3 and one before"):
        read_document({**HEAD, "schema": 1}, "patchops.host")


def test_an_error_names_the_place() -> None:
    with pytest.raises(DocumentError, match=r"^/srv/set\.json is not JSON"):
        read_document("{", "patchops.patch_set", "/srv/set.json")


@given(st.text() | st.binary() | st.lists(st.integers()) | st.none())
def test_no_data_raises_anything_but_a_document_error(data: Any) -> None:
    with pytest.raises(DocumentError):
        read_document(data, "patchops.host")


@pytest.mark.parametrize("kind", ["patchops.host", "patchops.patch_set", "patchops.report"])
def test_schemas_are_valid_and_know_the_head_of_their_kind(kind: str) -> None:
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["kind"]["const"] == kind
    assert schema["properties"]["schema"]["const"] == documents.SCHEMAS[kind]
    assert all("description" in one for one in schema["properties"].values())
