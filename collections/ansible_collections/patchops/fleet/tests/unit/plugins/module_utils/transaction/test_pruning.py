# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Closed transactions: the newest stay, older ones go, and what is open is never touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.transaction import pruning
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    FakeHost,
)


def _patch(host: FakeHost) -> str:
    """Apply everything, as if for the first time, and return the transaction."""
    host.driver.packages = set(FORMER)
    return str(host.call("applied", generation=host.driver.releases + 1)["transaction"]["id"])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(pruning, "KEPT", 3)
    return 3


def test_of_closed_transactions_the_newest_stay(host: FakeHost, few: int) -> None:
    ids = []
    for _round in range(few + 2):
        ids.append(_patch(host))
        assert host.code("committed") == "committed"
    host.call("committed")
    assert set(host.state.ids()) == set(ids[-few:])
    assert len(set(ids)) == len(ids), "a number was given twice"
    assert [one.name for one in Path(host.state.transactions).iterdir() if one.name.startswith(".")] == []


def test_an_open_transaction_stays_however_old_it_is(host: FakeHost, few: int) -> None:
    for _round in range(few + 2):
        _patch(host)
        host.call("committed")
    waiting = _patch(host)
    for _round in range(2):
        host.call("committed", id="nobody-knows-it")
    assert waiting in host.state.ids()
    assert len(host.state.ids()) == few + 1


def test_what_a_killed_call_left_half_deleted_goes_with_the_next_one(host: FakeHost) -> None:
    _patch(host)
    left = Path(host.state.transactions) / ".pruned-0123"
    left.mkdir()
    (left / "journal.jsonl").write_text("{")
    host.call("committed")
    assert not left.exists()
    assert len(host.state.ids()) == 1
