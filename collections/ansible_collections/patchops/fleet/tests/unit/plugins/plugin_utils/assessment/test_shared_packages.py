# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.shared_packages import SharedPackages
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import read_foreign
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils import honest_answers

# Text that looks like the places where the reader cuts.
TEXT = st.text() | st.sampled_from(["\n  },\n  {", '\n "packages": [\n  {', "\n  }\n ]", "}, {"])
VALUE = TEXT | st.none() | st.integers() | st.lists(st.dictionaries(TEXT, TEXT, max_size=2), max_size=2)
PACKAGES = st.lists(st.dictionaries(TEXT, VALUE, max_size=3), max_size=3)
DOCUMENTS = st.dictionaries(TEXT, VALUE, max_size=3) | st.fixed_dictionaries(
    {"packages": PACKAGES, "errors": VALUE, "zones": st.fixed_dictionaries({"packages": PACKAGES})}
)


def stored(document: Any) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True).encode()


@given(DOCUMENTS)
def test_a_document_is_read_as_json_reads_it(document: Any) -> None:
    reader = SharedPackages()
    assert reader.loads(stored(document)) == document
    assert reader.loads(stored(document)) == document
    assert reader.loads(json.dumps(document).encode()) == document


@given(DOCUMENTS, st.integers(0, 200))
def test_a_damaged_document_is_refused_as_json_refuses_it(document: Any, cut: int) -> None:
    data = stored(document)[:-1][: max(1, cut)]
    try:
        expected = json.loads(data)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            SharedPackages().loads(data)
    else:
        assert SharedPackages().loads(data) == expected


def test_what_a_directory_store_writes_is_shared_between_hosts(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    packages = honest_answers.host_document()["packages"]
    for host in ("web1", "web2"):
        store.write(host, {"host": host, "packages": packages, "updates": []})
    reader = SharedPackages()

    one, two = (reader.loads((tmp_path / f"{host}.json").read_bytes()) for host in ("web1", "web2"))

    assert (one["host"], two["host"], one["packages"]) == ("web1", "web2", packages)
    assert [a is b for a, b in zip(one["packages"], two["packages"], strict=True)] == [True, True]


def test_a_package_that_is_none_is_not_shared_and_left_for_the_check_of_the_document(tmp_path: Path) -> None:
    good = honest_answers.host_document("web1")
    bad = {**good, "packages": [*good["packages"], {**good["packages"][0], "version": 5}]}
    reader = SharedPackages()
    read_foreign(reader.loads(stored(good)), "patchops.host")
    with pytest.raises(DocumentError, match=r"packages\[2\]\.version is 5, not string"):
        read_foreign(reader.loads(stored(bad)), "patchops.host")


def test_shared_packages_are_checked_once_and_the_rest_of_each_document_each_time() -> None:
    good = honest_answers.host_document("web1")
    reader = SharedPackages()
    assert read_foreign(reader.loads(stored(good)), "patchops.host") == good
    with pytest.raises(DocumentError, match=r"boot\.uptime_seconds is 'long'"):
        read_foreign(
            reader.loads(stored({**good, "boot": {**good["boot"], "uptime_seconds": "long"}})),
            "patchops.host",
        )


def test_more_values_than_any_document_has_are_not_made() -> None:
    with pytest.raises(ValueError, match="more than 2000000 values"):
        SharedPackages().loads(b"[" + b"[]," * 1_000_001 + b"[]]")
