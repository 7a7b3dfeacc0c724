# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import icalendar
import pytest
from click.testing import CliRunner, Result

from patchops.cli import main

POLICY = """\
kind: patchops.policy
schema: 1
timezone: Europe/Berlin
calendars:
  nights: {rrule: "FREQ=DAILY", start: "22:00", duration: 4h, timezone: host}
  patched: {rrule: "FREQ=MONTHLY;BYDAY=2TU", plus: 3d, start: "20:00", duration: 6h}
"""
MISTAKES = """\
kind: patchops.policy
schema: 1
timezone: Europe/Berlin
calendars:
  nights: {rrule: "FREQ=HOURLY", start: 22:00, duration: 4h}
  shop: {ical: shop.ics}
  year_end:
    from: 2026-12-18
    until: 2026-12-01
  odd: {rrule: "FREQ=DAILY", start: "22:00", duration: 4h, ends: "02:00"}
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yml"
    path.write_text(POLICY, "utf-8")
    return path


def test_the_coming_occurrences_are_shown_in_the_policys_zone(policy: Path) -> None:
    answer = run("calendar", "--policy", str(policy), "--days", "40")
    assert answer.exit_code == 0
    lines = answer.output.splitlines()
    assert lines[0].split() == ["calendar", "from", "until", "what"]
    assert any(line.startswith("patched") and " 20:00 CE" in line for line in lines)
    assert any(line.startswith("nights") and line.endswith("each host's own time") for line in lines)


def test_what_cycles_use_a_calendar_for_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "hosts.yml").write_text("all: {}\n", "utf-8")
    path = tmp_path / "policy.yml"
    path.write_text(
        f"{POLICY}inventories: {{prod: {{sources: [hosts.yml]}}}}\n"
        "cycles: {monthly: {inventory: prod, starts: patched, windows: [nights],"
        " rings: [{name: all, hosts: rest}]}}\n",
        "utf-8",
    )
    lines = run("calendar", "-p", str(path), "--days", "40").output.splitlines()
    assert any(line.startswith("patched") and line.rstrip().endswith("starts monthly") for line in lines)
    assert any(
        line.startswith("nights") and "window of monthly; each host's own time" in line for line in lines
    )
    found = json.loads(run("calendar", "-p", str(path), "--days", "40", "--json", "patched").output)
    assert found[0]["used_as"] == ["starts monthly"]


def test_one_calendar_can_be_asked_for_as_a_document(policy: Path) -> None:
    answer = run("calendar", "-p", str(policy), "--days", "3", "--json", "nights")
    found = json.loads(answer.output)
    assert {one["calendar"] for one in found} == {"nights"}
    assert 3 <= len(found) <= 5


def test_calendar_programs_get_a_file_whose_events_keep_their_identity(policy: Path) -> None:
    words = ("calendar", "-p", str(policy), "--days", "60", "--ical", "patched")
    first, second = (icalendar.Calendar.from_ical(run(*words).output) for _ in range(2))
    uids = [str(event["UID"]) for event in first.walk("VEVENT")]
    assert uids
    assert uids == [str(event["UID"]) for event in second.walk("VEVENT")]


def test_a_calendar_that_is_not_there_is_told_with_those_that_are(policy: Path) -> None:
    answer = run("calendar", "-p", str(policy), "night")
    assert answer.exit_code == 2
    assert "has no calendar night; it has nights, patched" in answer.output


@pytest.mark.parametrize("words", [("policy", "check"), ("calendar", "--policy")])
def test_every_mistake_is_told_at_once_on_a_line_of_its_own(tmp_path: Path, words: tuple[str, str]) -> None:
    path = tmp_path / "policy.yml"
    path.write_text(MISTAKES, "utf-8")
    answer = run(*words, str(path))
    assert answer.exit_code == 2
    lines = answer.output.splitlines()
    assert lines[0] == "Error: The policy has 5 mistakes."
    told = {line.strip().removeprefix(f"{path}:").split(": ")[1]: line for line in lines[1:]}
    assert "1320 is not a text; put it in quotes" in told["calendars.nights.start"]
    assert "give one of DAILY, WEEKLY" in told["calendars.nights.rrule"]
    assert "there is no file" in told["calendars.shop.ical"]
    assert "ends before it begins" in told["calendars.year_end"]
    assert "unknown key" in told["calendars.odd.ends"]
    assert f"{path}:10: calendars.odd.ends" in told["calendars.odd.ends"]


def test_a_policy_that_is_right_names_its_calendars(policy: Path) -> None:
    assert "calendars: nights, patched" in run("policy", "check", str(policy)).output
