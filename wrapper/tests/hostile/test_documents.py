# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stored document that was cut, altered or made up costs its host the assessment, and no other host."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import FleetAssessor
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore, host_document_key
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils import honest_answers
from patchops.assessment.hosts import scanned_hosts
from patchops.store.documents import HostDocuments

from .mutations import mutated

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
ADVISORY = {
    "id": "DSA-9001-1",
    "date": "2026-11-20",
    "package": "openssl",
    "title": "security update",
    "cves": ["CVE-2026-9001"],
    "fixed": [["bookworm", "openssl", "3.0.2-1"]],
    "src": "list",
}
EVIL = HostKey("prod", "evil")
SAMPLE = 300
ALL = 10_000

Rows = dict[str, dict[str, Any]]


class Fleet:
    """Three hosts that were scanned; `write` and `put` replace the first one's document."""

    def __init__(self, folder: Path, matcher: Matcher, database: AdvisoryDatabase) -> None:
        self.store = DirectoryStore(folder)
        self.path = self.store.path(host_document_key(EVIL))
        self._folder, self._matcher, self._database = folder, matcher, database
        for name in ("evil", "web1", "web2"):
            self.put(HostKey("prod", name), document(name))
        self.honest = self.assess()

    def put(self, host: HostKey, content: Any) -> None:
        self.store.write(host_document_key(host), content)

    def assess(self) -> Rows:
        """Return each host's findings."""
        hosts = scanned_hosts(HostDocuments(self._folder, lambda run: None))
        assessor = FleetAssessor(self._matcher, self._database, Policy(), NOW, None, {})
        made = assessor.assess(hosts)
        status = {row["host"]: row["status"] for row in made.document["hosts"]}
        return {key.name: {**told, "status": status[key.name]} for key, told in made.host_documents.items()}


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    lines = tmp_path / "advisories.jsonl"
    lines.write_text(json.dumps(ADVISORY) + "\n", encoding="utf-8")
    import_feed(tmp_path / "advisories.sqlite3", "jsonl", Feed(lines))
    with AdvisoryDatabase.open(tmp_path / "advisories.sqlite3") as database:
        yield Fleet(tmp_path / "documents", Matcher(database, now=NOW), database)


def document(name: str) -> dict[str, Any]:
    return {**honest_answers.host_document(name), "host": name, "inventory": "prod", "run_id": "run"}


def others(seen: Rows) -> str:
    """Return what is told of the other hosts, to the letter; ranks count all findings of the fleet."""
    kept = {name: seen[name] for name in ("web1", "web2")}
    for told in kept.values():
        for finding in told["findings"]:
            finding.pop("rank")
    return json.dumps(kept, sort_keys=True)


def why(seen: Rows) -> str:
    return " ".join(str(one["message"]) for one in seen["evil"]["coverage"]["reasons"])


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda text: text[: len(text) // 2], "is damaged"),
    "empty": (lambda text: b"", "is damaged"),
    "no_object": (lambda text: b"[]", "holds no document"),
    "deep": (lambda text: b"[" * 100_000, "is damaged"),
    "many": (lambda text: b"[" + b"[]," * 1_100_000 + b"[]]", "more than 2000000 values"),
    "no_text": (lambda text: text.replace(b"bash", b"\xff\xfe", 1), "is damaged"),
    "half_character": (lambda text: text.replace(b"bash", rb"\udc80", 1), "lone surrogate"),
    "other_host": (
        lambda text: text.replace(b'"host": "evil"', b'"host": "web1"'),
        "says that it is of web1",
    ),
    "no_host": (lambda text: text.replace(b'"host": "evil"', b'"host": 5'), "says that it is of 5"),
    "other_inventory": (
        lambda text: text.replace(b'"inventory": "prod"', b'"inventory": "dev"'),
        "says that it is of evil",
    ),
    "type": (lambda text: text.replace(b'"version": "5.2-1"', b'"version": 5'), "version is 5, not string"),
}


@pytest.mark.parametrize(("change", "told"), BROKEN.values(), ids=BROKEN)
def test_a_damaged_document_leaves_its_host_unknown_with_the_reason(
    fleet: Fleet, change: Callable[[bytes], bytes], told: str
) -> None:
    expected = others(fleet.honest)
    fleet.path.write_bytes(change(fleet.path.read_bytes()))
    seen = fleet.assess()
    assert sorted(seen) == ["evil", "web1", "web2"]
    assert seen["evil"]["status"] == "unknown"
    assert told in why(seen)
    assert why(seen).isprintable()
    assert others(seen) == expected


def check(fleet: Fleet, count: int) -> None:
    seed, expected = os.environ["PATCHOPS_SEED"], others(fleet.honest)
    judged = {"unknown": 0, "judged": 0}
    for number in range(count):
        draw = random.Random(f"{seed}:{number}")  # noqa: S311 - a test that can be repeated
        told = f"PATCHOPS_SEED={seed}, mutation {number}"
        fleet.path.write_text(
            json.dumps(mutated(document("evil"), draw), indent=1, sort_keys=True, default=str)
        )
        try:
            seen = fleet.assess()
        except Exception as error:
            raise AssertionError(f"{told} crashed: {error!r}") from error
        assert others(seen) == expected, told
        judged["unknown" if seen["evil"]["status"] == "unknown" else "judged"] += 1
    print(judged)
    assert min(judged.values()) > count / 10


def test_no_mutation_of_a_sample_reaches_another_host(fleet: Fleet) -> None:
    check(fleet, SAMPLE)


@pytest.mark.faults
def test_no_mutation_of_a_document_reaches_another_host(fleet: Fleet) -> None:
    check(fleet, ALL)
