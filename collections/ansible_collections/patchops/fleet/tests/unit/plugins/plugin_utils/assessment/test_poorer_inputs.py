# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No state becomes cleaner when an input is dropped, aged, cut or swapped: feeds, dates, ends, host facts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import remove_source
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils.assessment import (
    poorer_world as world,
)

# An example imports a feed and assesses all hosts; a run of everything takes ten times as many.
SAMPLE = settings(
    max_examples=max(20, settings().max_examples // 4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# What a status may become when less is known; what is not known can turn out to be not compliant.
NOT_CLEANER = {
    "compliant": {"compliant", "compliant_as_judged", "unknown", "not_compliant"},
    "compliant_as_judged": {"compliant_as_judged", "unknown", "not_compliant"},
    "unknown": {"unknown", "not_compliant"},
    "not_compliant": {"unknown", "not_compliant"},
}
CLEAN = ("not_affected", "installed")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.build(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def before(whole: Path) -> world.Answer:
    return world.ask(whole)


def assert_not_cleaner(before: world.Answer, after: world.Answer, what: object) -> None:
    for name, status in before.statuses.items():
        assert after.statuses[name] in NOT_CLEANER[status], (what, name, status)
    for key, state in before.verdicts.items():
        found = after.verdicts[key]
        assert found not in CLEAN or found == state, (what, key, state, found)
    for key, due in before.dues.items():
        assert after.dues.get(key, "") <= due, (what, key)


def test_the_world_has_hosts_of_every_status(before: world.Answer) -> None:
    assert dict(before.statuses) == {
        "deb-open": "not_compliant",
        "deb-clean": "compliant",
        "deb-foreign": "compliant_as_judged",
        "rpm-open": "not_compliant",
        "rpm-clean": "compliant",
        "apk-open": "not_compliant",
        "apk-clean": "compliant",
    }
    assert before.verdicts["deb-open", world.CVES[0]] == "missing"
    assert before.verdicts["deb-clean", world.CVES[1]] == "not_affected"


@pytest.mark.parametrize("name", sorted(world.FEEDS))
def test_dropping_a_feed_makes_nothing_cleaner(whole: Path, before: world.Answer, name: str) -> None:
    database = world.copy(whole)
    remove_source(database, name)
    assert_not_cleaner(before, world.ask(database), name)


@pytest.mark.parametrize("days", [8, 31, 400])
def test_letting_all_feeds_age_makes_nothing_cleaner(whole: Path, before: world.Answer, days: int) -> None:
    after = world.ask(whole, later=timedelta(days=days))
    assert_not_cleaner(before, replace(after, dues=before.dues), days)
    assert not {"compliant", "compliant_as_judged"} & set(after.statuses.values())


@pytest.mark.parametrize("name", sorted(world.FEEDS))
@pytest.mark.parametrize("day", ["2025-01-01", "2031-01-01"])
def test_another_date_of_a_feed_makes_nothing_cleaner(
    whole: Path, before: world.Answer, name: str, day: str
) -> None:
    feed = world.FEEDS[name]
    text = feed.text.replace(world.DAY, day).replace("20 Aug 2026", f"01 Jan {day[:4]}")
    database = world.copy(whole)
    world.put(database, name, replace(feed, text=text, as_of=day if feed.as_of else ""), database.parent)
    after = world.ask(database)
    # The clock of a finding starts with the date of its advisory, which is another one now.
    assert_not_cleaner(before, replace(after, dues=before.dues), (name, day))


@SAMPLE
@given(data=st.data())
def test_cutting_a_feed_makes_nothing_cleaner(whole: Path, before: world.Answer, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(world.FEEDS)))
    feed = world.FEEDS[name]
    end = data.draw(st.integers(0, len(feed.text) - 1))
    database = world.copy(whole)
    world.put(database, name, replace(feed, text=feed.text[:end]), database.parent)
    assert_not_cleaner(before, world.ask(database), (name, end))


@SAMPLE
@given(data=st.data())
def test_swapping_a_feed_for_another_makes_nothing_cleaner(
    whole: Path, before: world.Answer, data: st.DataObject
) -> None:
    name, other = data.draw(
        st.lists(st.sampled_from(sorted(world.FEEDS)), min_size=2, max_size=2, unique=True)
    )
    database = world.copy(whole)
    world.put(database, name, world.FEEDS[other], database.parent)
    assert_not_cleaner(before, world.ask(database), (name, other))


# What a package is called and which version it has: host documents are checked for it when they are read.
NEEDED = {"name", "version", "arch", "kind", "schema"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key of a document that could be missing."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if isinstance(value, dict) and key not in NEEDED:
            yield (*path, key)
        yield from places(inner, (*path, key))


@SAMPLE
@given(data=st.data())
def test_dropping_a_fact_of_a_host_makes_nothing_cleaner(
    whole: Path, before: world.Answer, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(world.HOSTS)))
    path = data.draw(st.sampled_from(list(places(world.HOSTS[name]))))
    poorer = copy.deepcopy(world.HOSTS[name])
    inner: Any = poorer
    for key in path[:-1]:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[path[-1]] = None
    else:
        del inner[path[-1]]
    after = world.ask(whole, {**world.HOSTS, name: poorer})
    assert_not_cleaner(before, after, (name, path))
