# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.payload import (
    PayloadError,
    compress,
    decode,
    encode,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@given(JSON)
def test_what_is_encoded_is_decoded_again(value: Any) -> None:
    assert decode(encode(value)) == value


@given(st.text())
def test_no_text_raises_anything_but_a_payload_error(text: str) -> None:
    with pytest.raises(PayloadError):
        decode(text)


@given(st.binary(min_size=1, max_size=40), st.integers(min_value=0, max_value=30))
def test_damage_is_told(noise: bytes, place: int) -> None:
    packed = compress(b'{"a": "some content that is long enough to be cut"}')
    with pytest.raises(PayloadError):
        decode(base64.b64encode(packed[:place] + noise).decode("ascii"))


def test_equal_documents_give_equal_text() -> None:
    assert encode({"a": 1, "b": 2}) == encode({"b": 2, "a": 1})


def test_a_small_payload_that_unpacks_to_too_much_is_refused() -> None:
    bomb = encode({"a": "0" * 10_000_000})
    with pytest.raises(PayloadError, match="larger than 1000000 bytes when unpacked"):
        decode(bomb, max_bytes=1_000_000)


def test_a_payload_that_ends_too_early_is_refused() -> None:
    packed = base64.b64decode(encode({"a": "b" * 100}))
    with pytest.raises(PayloadError, match="it ends too early"):
        decode(base64.b64encode(packed[:-10]).decode("ascii"))


def test_a_document_nested_beyond_reason_is_refused() -> None:
    deep = base64.b64encode(compress(b"[" * 200_000)).decode("ascii")
    with pytest.raises(PayloadError):
        decode(deep)
