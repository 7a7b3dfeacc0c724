# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report is read with caution and refused when another engine wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchops.errors import PatchOpsError
from patchops.reports.model import read_report

from . import samples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_host_is_read_with_what_changed_there() -> None:
    (host,) = samples.report(samples.host("web1")).hosts

    assert (host.bucket, host.os, host.effective) == ("patched_effective", "Debian GNU/Linux 12", "yes")
    assert (host.changes[0].name, host.changes[0].before, host.changes[0].after) == (
        "openssl",
        "3.0.11",
        "3.0.15",
    )


def test_a_name_of_a_system_that_holds_its_version_is_not_told_twice() -> None:
    system = {"name": "Debian GNU/Linux 12 (bookworm)", "version_id": "12"}
    (host,) = samples.report(samples.host("web1", os=system)).hosts

    assert host.os == "Debian GNU/Linux 12 (bookworm)"


def test_held_packages_are_names_with_or_without_a_reason() -> None:
    (host,) = samples.report(samples.host("web1", held=["vim", {"name": "nano", "reason": "held"}])).hosts

    assert host.held == ("vim", "nano")


def test_a_result_that_is_not_known_is_unknown() -> None:
    assert samples.report(result="splendid").result == "unknown"


def test_another_engine_is_named() -> None:
    with pytest.raises(PatchOpsError, match=r"'0\.0\.9'"):
        samples.report(engine_version="0.0.9")


def test_a_newer_schema_is_refused() -> None:
    with pytest.raises(PatchOpsError, match="schema 7"):
        samples.report(schema=7)


def test_another_kind_is_refused() -> None:
    with pytest.raises(PatchOpsError, match=r"patchops\.host"):
        read_report({"kind": "patchops.host", "schema": 1, "engine_version": "0.1.0"}, "it")


@given(st.dictionaries(st.sampled_from(sorted(samples.host("x"))), JSON))
def test_no_host_entry_raises(entry: dict[str, object]) -> None:
    samples.report(entry)
