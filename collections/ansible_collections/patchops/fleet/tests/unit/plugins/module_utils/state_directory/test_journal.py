# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import journal, states

OK = {"class": "ok", "code": "staged", "message": "m", "remedy": ""}


@pytest.fixture
def kept(tmp_path: Path) -> journal.Journal:
    return journal.Journal(str(tmp_path / "journal.jsonl"))


def test_entries_are_numbered_and_dated(kept: journal.Journal) -> None:
    kept.enter(states.STAGING)
    kept.append("step", step="download")
    assert [(one["seq"], one["event"], one["at"][-1]) for one in kept.entries()] == [
        (1, "state", "Z"),
        (2, "step", "Z"),
    ]


def test_only_its_owner_can_read_a_journal(kept: journal.Journal) -> None:
    kept.enter(states.STAGING)
    assert Path(kept.path).stat().st_mode & 0o777 == 0o600


def test_an_illegal_state_is_not_written(kept: journal.Journal) -> None:
    kept.enter(states.STAGING)
    with pytest.raises(states.IllegalTransition):
        kept.enter(states.APPLIED)
    assert kept.view().state == states.STAGING


def test_a_second_applied_is_not_written(kept: journal.Journal) -> None:
    for state in (states.STAGING, states.STAGED, states.APPLYING, states.APPLIED, states.REVERTING):
        kept.enter(state)
    kept.enter(states.FAILED, host_state=states.MIXED)
    with pytest.raises(states.IllegalTransition, match="applied once already"):
        kept.enter(states.APPLYING)


def test_an_attempt_that_did_not_end_shows_its_goal(kept: journal.Journal) -> None:
    kept.enter(states.STAGING)
    kept.append("launched", attempt=1, goal="applied")
    assert (kept.view().attempt, kept.view().goal) == (1, "applied")


def test_an_attempt_that_ended_shows_its_outcome(kept: journal.Journal) -> None:
    kept.enter(states.STAGING)
    kept.append("launched", attempt=1, goal="staged")
    kept.append("ended", attempt=1, outcome=OK)
    assert (kept.view().goal, kept.view().outcome) == (None, OK)


def test_the_end_of_an_earlier_attempt_does_not_hide_the_later_ones_goal(kept: journal.Journal) -> None:
    kept.enter(states.STAGING)
    kept.append("launched", attempt=1, goal="staged")
    kept.append("launched", attempt=2, goal="applied")
    kept.append("ended", attempt=1, outcome=OK)
    assert kept.view().goal == "applied"


def test_units_that_were_stopped_are_known_until_they_are_started_again(kept: journal.Journal) -> None:
    kept.enter(states.STAGING)
    kept.append("inhibited", units=["apt-daily.timer"])
    assert kept.view().inhibited == ["apt-daily.timer"]
    kept.append("released", units=["apt-daily.timer"])
    assert kept.view().inhibited == []


def test_damage_in_the_middle_is_not_read_over(kept: journal.Journal) -> None:
    kept.enter(states.STAGING)
    kept.append("step", step="download")
    text = Path(kept.path).read_text().replace('"seq": 1', '"seq": 7')
    Path(kept.path).write_text(text)
    with pytest.raises(journal.JournalError, match="entry 1 is numbered 7"):
        kept.entries()


def test_an_empty_journal_names_no_state() -> None:
    with pytest.raises(journal.JournalError, match="no state"):
        journal.fold([])


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples // 2
)
@given(data=st.data())
def test_a_torn_last_line_loses_nothing_before_it(tmp_path: Path, data: st.DataObject) -> None:
    kept = journal.Journal(str(tmp_path / "torn.jsonl"))
    Path(kept.path).unlink(missing_ok=True)
    kept.enter(states.STAGING)
    for number in range(data.draw(st.integers(0, 5))):
        kept.append("step", step=f"s{number}", text="x\ny")
    whole = Path(kept.path).read_bytes()
    first = whole.index(b"\n") + 1
    cut = data.draw(st.integers(first, len(whole)))
    Path(kept.path).write_bytes(whole[:cut])
    before = kept.entries()
    kept.append("step", step="after the cut")
    assert kept.entries()[:-1] == before
    assert kept.entries()[-1]["seq"] == len(before) + 1
