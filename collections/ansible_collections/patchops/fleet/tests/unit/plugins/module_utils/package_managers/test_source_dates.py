# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import source_memory
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.source_dates import (
    home_domain,
    is_own_address,
    judge,
    key_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.source_terms import terms_of
from ansible_collections.patchops.fleet.plugins.module_utils.times import format_time, parse_time

NOW = parse_time("2026-11-30T12:00:00Z")
OWN, OTHER = "http://security.debian.org/debian-security/", "http://mirror.example.org/debian-security/"


def repository(date: str | None, uri: str = OTHER, **changes: Any) -> dict[str, Any]:
    return {"id": f"{uri} bookworm-security/main", "uri": uri, "date": date, "error": None, **changes}


def judged(
    *repositories: dict[str, Any], seen: Any = None, status: str = "ok", **terms: Any
) -> dict[str, Any]:
    source = {"status": status, "reason": "", "repositories": [one["id"] for one in repositories]}
    return judge(source, list(repositories), seen, terms_of(terms), "debian.org", NOW)


def days_ago(days: float) -> str:
    return format_time(NOW - days * 86400)


@pytest.mark.parametrize(
    ("uri", "days", "status"),
    [(OWN, 13.9, "ok"), (OWN, 14.1, "frozen"), (OTHER, 44.9, "ok"), (OTHER, 45.1, "frozen")],
)
def test_an_index_older_than_its_limit_is_frozen(uri: str, days: float, status: str) -> None:
    assert judged(repository(days_ago(days), uri))["status"] == status


def test_the_limit_can_be_set_and_the_reason_says_how() -> None:
    assert judged(repository(days_ago(100)), max_age_elsewhere=120)["status"] == "ok"
    told = judged(repository(days_ago(100)))["reason"]
    assert "100 days old, and the limit is 45" in told
    assert "patchops_source_frozen" in told


def test_an_index_of_the_future_is_not_fresh_for_ever() -> None:
    assert judged(repository("2099-01-01T00:00:00Z"))["status"] == "unreadable"


def test_a_declared_freeze_makes_age_no_fault_until_its_last_day() -> None:
    terms = {"frozen_until": "2026-11-30", "frozen_reason": "content view 12"}
    found = judged(repository(days_ago(300)), **terms)
    assert (found["status"], found["as_of"]) == ("ok", days_ago(300))
    assert found["frozen"] == {"until": "2026-11-30", "reason": "content view 12"}
    over = judged(repository(days_ago(300)), **{**terms, "frozen_until": "2026-11-29"})
    assert over["status"] == "frozen"
    assert "declared frozen until 2026-11-29, which is over" in over["reason"]


def test_a_freeze_of_some_repositories_says_nothing_of_the_others() -> None:
    terms = {"frozen_until": "2027-01-01", "frozen_repositories": ["*mirror.example.org*"]}
    assert judged(repository(days_ago(99)), **terms)["status"] == "ok"
    assert judged(repository(days_ago(99)), repository(days_ago(99), OWN), **terms)["status"] == "frozen"


def test_an_index_that_went_back_is_an_alarm_even_when_it_is_young_or_declared_frozen() -> None:
    one = repository(days_ago(2))
    seen = {key_of(one): {"as_of": days_ago(1), "newest": days_ago(1)}}
    found = judged(one, seen=seen, frozen_until="2027-01-01", frozen_reason="why")
    assert (found["status"], found["sources"][0]["moved"]) == ("replayed", "backward")
    assert days_ago(1) in found["reason"]
    assert days_ago(2) in found["reason"]


@pytest.mark.parametrize(
    ("before", "moved"), [(None, "first"), (days_ago(2), "same"), (days_ago(3), "forward")]
)
def test_each_source_says_whether_it_moved_since_the_scan_before(before: str | None, moved: str) -> None:
    one = repository(days_ago(2))
    seen = {} if before is None else {key_of(one): {"as_of": before, "newest": before}}
    assert judged(one, seen=seen)["sources"][0]["moved"] == moved


def test_who_may_not_read_what_the_host_remembers_says_unknown() -> None:
    assert judged(repository(days_ago(2)), seen=None)["sources"][0]["moved"] == "unknown"


def test_an_index_without_a_date_has_no_age_and_says_so() -> None:
    found = judged(repository(None), seen={})
    assert (found["status"], found["as_of"]) == ("ok", None)
    assert found["sources"][0]["moved"] == "unknown"


def test_the_oldest_index_is_what_the_host_is_as_of() -> None:
    assert judged(repository(days_ago(3)), repository(days_ago(1), OWN))["as_of"] == days_ago(3)


def test_a_status_that_is_bad_already_stays() -> None:
    assert judged(repository(days_ago(999)), status="expired")["status"] == "expired"


@pytest.mark.parametrize(
    ("home", "uri", "own"),
    [
        ("https://www.debian.org/", "http://deb.debian.org/debian", True),
        ("https://rockylinux.org/", "https://mirrors.rockylinux.org/mirrorlist?arch=x", True),
        ("https://www.debian.org/", "http://evildebian.org/debian", False),
        ("https://www.debian.org/", "http://debian.org.evil.example/", False),
        ("", "http://deb.debian.org/debian", False),
    ],
)
def test_the_distributions_own_addresses_are_those_of_its_domain(home: str, uri: str, own: bool) -> None:
    assert is_own_address(uri, home_domain(home)) is own


@given(st.lists(st.integers(0, 400), min_size=1, max_size=8))
def test_the_newest_date_ever_seen_never_goes_back(ages: list[int]) -> None:
    seen: dict[str, dict[str, str]] = {}
    newest = ""
    for age in ages:
        one = repository(days_ago(age))
        found = judged(one, seen=seen)
        assert (found["sources"][0]["moved"] == "backward") is (one["date"] < newest)
        seen = source_memory.with_scan(seen, [one], found, format_time(NOW))
        newest = max(newest, one["date"])
        assert seen[key_of(one)] == {"as_of": one["date"], "newest": newest}


def test_a_date_of_the_future_is_not_remembered() -> None:
    one = repository("2099-01-01T00:00:00Z")
    assert source_memory.with_scan({}, [one], judged(one, seen={}), format_time(NOW)) == {}


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_memory, "_LIMIT", 2)
    seen = {f"old {number}": {"as_of": days_ago(number), "newest": days_ago(number)} for number in (1, 2, 3)}
    one = repository(days_ago(0))
    kept = source_memory.with_scan(seen, [one], judged(one, seen=seen), format_time(NOW))
    assert sorted(kept) == [key_of(one), "old 1"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1, "b": {"as_of": "x", "newest": 3}}'])
def test_a_damaged_memory_counts_as_none(tmp_path: Any, content: str) -> None:
    (tmp_path / source_memory.NAME).write_text(content, encoding="utf-8")
    assert source_memory.read(str(tmp_path)) == {}
