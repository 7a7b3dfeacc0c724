# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from patchops.errors import InputError
from patchops.policy.effective import cycle_digest
from patchops.policy.model import Approval, HttpGate, Joins
from patchops.policy.rollouts import load_rollout_policy
from patchops.policy.subject import Subject, differing, joined, patch_set_content, told, voided

from .rollout_policy import POLICY, TODAY, write_site

BOARD = Approval("board", ("ann", "bob"))
SUBJECT = Subject(
    rollout="monthly-2026-12",
    ring="early",
    gate="board",
    definition=BOARD,
    patch_set="11" * 32,
    policy="22" * 32,
    hosts={HostKey("prod", "web1"): "debian-12", HostKey("prod", "web2"): "rocky-9"},
    overrides={"ignore_freeze": "fire"},
    collection="33" * 32,
)
OTHERS = {
    "rollout": "monthly-2027-01",
    "ring": "broad",
    "gate": "second",
    "definition": replace(BOARD, count=2),
    "patch_set": "44" * 32,
    "policy": "44" * 32,
    "hosts": {**SUBJECT.hosts, HostKey("prod", "web3"): "debian-12"},
    "overrides": {},
    "collection": "44" * 32,
}


def digest_of(folder: Path, policy: str = POLICY) -> str:
    loaded = load_rollout_policy(write_site(folder, policy), TODAY)
    return cycle_digest(loaded, loaded.cycles["monthly"])


def ordered(value: Any, backwards: bool) -> Any:
    """Return the same data with the keys of every mapping in another order."""
    if isinstance(value, dict):
        return {key: ordered(value[key], backwards) for key in sorted(value, reverse=backwards)}
    return [ordered(item, backwards) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("backwards", [False, True])
def test_the_order_of_keys_does_not_matter(tmp_path: Path, backwards: bool) -> None:
    text = yaml.safe_dump(ordered(yaml.safe_load(POLICY), backwards), sort_keys=False)
    assert digest_of(tmp_path, text) == digest_of(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cycles:", "# patched every month\ncycles:"),
        ("notices: [{before: 24h, to: [ops]}, ", "notices: ["),
        ("command: [/usr/local/bin/tell]", "command: [/usr/local/bin/shout]"),
        ("reason: year end", "reason: holidays"),
        ("freezes: [year_end, shop]", "freezes: [shop, year_end]"),
        ("deadline: 14d", "deadline: 2w"),
        ("    install: baseline\n", ""),
        ("cutoff: 30m", "cutoff: 30 min"),
        (
            "  prod: {sources: [inventories/prod.yml], refresh: 1h}",
            "  prod: {sources: [inventories/prod.yml]}",
        ),
        ("nights", "weeknights"),
    ],
)
def test_what_changes_nothing_has_the_same_digest(tmp_path: Path, old: str, new: str) -> None:
    assert old in POLICY
    assert digest_of(tmp_path, POLICY.replace(old, new)) == digest_of(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("timezone: Europe/Berlin", "timezone: Europe/Paris"),
        ("[ann, bob]", "[ann, bob, eve]"),
        ("TU,WE,TH", "TU,WE"),
        ('start: "22:00"', 'start: "21:00"'),
        ("plus: 3d", "plus: 4d"),
        ("until: 2027-01-04", "until: 2027-01-03"),
        ('hosts: "linux:!appliances"', "hosts: linux"),
        ("starts: patched", "starts: shop"),
        ("jitter: 10m", "jitter: 11m"),
        ("    install: baseline", "    install: all\n    missed: skip"),
        ("install: baseline", "install: {packages: [curl]}"),
        ("deadline: 14d", "deadline: 15d"),
        ("freezes: [year_end, shop]", "freezes: [shop]"),
        ("cutoff: 30m", "cutoff: 31m"),
        ("    cutoff: 30m", "    cutoff: 30m\n    shard: 99"),
        ("    cutoff: 30m", "    cutoff: 30m\n    superseded: replan"),
        ("    cutoff: 30m", "    cutoff: 30m\n    stage_in_freeze: false"),
        ("on_breach: batch", "on_breach: ring"),
        ("soak: 2d", "soak: 49h"),
        ("min_effective: 100%", "min_effective: 99%"),
        ('[1, "10%", "100%"]', '[2, "10%", "100%"]'),
        ("total: 10", "total: 10%"),
        ("site: 2", "rack: 2"),
        ("max_failures: 2%", "max_failures: 2"),
        ("[ticket, board, ready]", "[board, ticket, ready]"),
        ("count: 1", "count: 2"),
        ("within: 48h", "within: 47h"),
        ("within: 48h", "joins: later"),
        ("change-open, ", "change-close, "),
        ('ready"}', 'ready", status: 204}'),
        ("timeout: 10s", "timeout: 11s"),
        ("{name: canary, hosts: canary,", "{name: canaries, hosts: canary,"),
        ("max_in_flight: 5%}", "max_in_flight: 5%, stragglers: hold}"),
    ],
)
def test_each_effective_value_has_another_digest(tmp_path: Path, old: str, new: str) -> None:
    assert old in POLICY
    assert digest_of(tmp_path, POLICY.replace(old, new, 1)) != digest_of(tmp_path)


@pytest.mark.parametrize("name", ["calendars/shop.ics", "tests/shop.py"])
def test_the_contents_of_files_count_and_not_their_paths(tmp_path: Path, name: str) -> None:
    loaded = load_rollout_policy(write_site(tmp_path), TODAY)
    before = cycle_digest(loaded, loaded.cycles["monthly"])
    other = tmp_path / "elsewhere"
    other.mkdir()
    moved = load_rollout_policy(write_site(other), TODAY)
    assert cycle_digest(moved, moved.cycles["monthly"]) == before
    file = tmp_path / name
    file.write_bytes(file.read_bytes() + b"\n")
    assert cycle_digest(loaded, loaded.cycles["monthly"]) != before
    file.unlink()
    with pytest.raises(InputError, match=f"{name}: can't be read"):
        cycle_digest(loaded, loaded.cycles["monthly"])


def test_every_part_of_a_subject_has_another_value_here() -> None:
    assert OTHERS.keys() == {field.name for field in fields(Subject)}


@pytest.mark.parametrize("part", OTHERS)
def test_a_part_that_differs_voids_and_is_named(part: str) -> None:
    other = replace(SUBJECT, **{part: OTHERS[part]})
    assert other.digest != SUBJECT.digest
    assert differing(SUBJECT.parts(), other.parts()) == (part,)
    assert voided(SUBJECT, other) == (part,)
    assert told((part,))


def test_gates_of_two_kinds_with_equal_values_are_two_definitions() -> None:
    one, other = (replace(SUBJECT, definition=gate) for gate in (BOARD, HttpGate("board", "http://x")))
    assert one.digest != other.digest
    later = replace(BOARD, joins=Joins.LATER, within=timedelta(hours=1))
    assert voided(one, replace(SUBJECT, definition=later)) == ("definition",)


HOSTS = st.dictionaries(
    st.builds(HostKey, st.sampled_from(["prod", "lab"]), st.sampled_from("abcdef")),
    st.sampled_from(["deb", "rpm"]),
)


@given(HOSTS, HOSTS)
def test_who_joins_voids_and_who_leaves_does_not(
    approved: dict[HostKey, str], now: dict[HostKey, str]
) -> None:
    before, after = replace(SUBJECT, hosts=approved), replace(SUBJECT, hosts=now)
    new = {key for key in now if key not in approved or approved[key] != now[key]}
    assert set(joined(before, after)) == new
    assert voided(before, after) == (("hosts",) if new else ())


@given(HOSTS, st.randoms())
def test_the_order_of_hosts_does_not_matter(hosts: dict[HostKey, str], order: random.Random) -> None:
    mixed = list(hosts.items())
    order.shuffle(mixed)
    assert replace(SUBJECT, hosts=dict(mixed)).digest == replace(SUBJECT, hosts=hosts).digest


def test_a_patch_set_is_its_members_wherever_they_were_proven() -> None:
    def platforms(version: str = "1", proven_on: str = "c1", reverse: bool = False) -> dict[str, Any]:
        members = [
            {"name": "curl", "version": version, "proven_on": [proven_on]},
            {"name": "zlib", "version": "2", "proven_on": ["c1"]},
        ]
        return {"debian-12": {"packages": members[::-1] if reverse else members, "removals": []}}

    assert patch_set_content(platforms()) == patch_set_content(platforms(proven_on="c2", reverse=True))
    assert patch_set_content(platforms()) != patch_set_content(platforms(version="2"))
    assert patch_set_content(platforms()) != patch_set_content({})
