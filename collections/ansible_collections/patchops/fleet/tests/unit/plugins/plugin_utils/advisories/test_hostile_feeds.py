# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a feed holds, an importer reads it or refuses it with a FeedError; nothing else comes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

JSON_SAMPLES: dict[str, Any] = {
    "jsonl": {
        "id": "DSA-1-1",
        "date": "2025-02-12",
        "package": "a",
        "title": "t",
        "cves": ["CVE-2025-24143"],
        "fixed": [["bookworm", "a", "1"]],
    },
    "debian-tracker": {
        "curl": {
            "CVE-2024-1001": {"description": "d", "releases": {"bookworm": {"status": "open", "nodsa": "n"}}}
        }
    },
    "kev": {
        "dateReleased": "2025-08-25",
        "vulnerabilities": [{"cveID": "CVE-2025-48384", "dateAdded": "2025-08-25"}],
    },
    "osv": {
        "id": "ALSA-2022:0001",
        "aliases": ["CVE-2025-24143"],
        "severity": [{"type": "Ubuntu", "score": "low"}],
        "affected": [
            {
                "package": {"ecosystem": "AlmaLinux:8", "name": "a"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1"}]}],
            }
        ],
    },
    "csaf": {
        "document": {"csaf_version": "2.0", "category": "csaf_vex", "title": "t", "tracking": {"id": "x"}},
        "product_tree": {
            "branches": [{"product": {"product_id": "p", "name": "Rocky Linux 9"}}],
            "relationships": [
                {
                    "product_reference": "a-1-1.x86_64",
                    "relates_to_product_reference": "p",
                    "full_product_name": {"product_id": "p:a"},
                }
            ],
        },
        "vulnerabilities": [
            {
                "cve": "CVE-2026-6001",
                "product_status": {"fixed": ["p:a"]},
                "remediations": [{"category": "vendor_fix", "product_ids": ["p:a"]}],
                "scores": [{"cvss_v3": {"baseScore": 5.3, "vectorString": "v"}}],
            }
        ],
    },
    "openvex": {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "statements": [
            {
                "vulnerability": {"name": "CVE-2024-10001"},
                "products": [{"@id": "pkg:npm/a@1"}],
                "status": "fixed",
            }
        ],
    },
    "vulnrichment": {
        "dataType": "CVE_RECORD",
        "cveMetadata": {"cveId": "CVE-2024-12345"},
        "containers": {
            "cna": {"metrics": [{"cvssV3_1": {"baseScore": 5.3}}]},
            "adp": [
                {
                    "providerMetadata": {"shortName": "CISA-ADP"},
                    "metrics": [
                        {"other": {"type": "ssvc", "content": {"options": [{"Exploitation": "none"}]}}}
                    ],
                }
            ],
        },
    },
    "arch-tracker": [
        {
            "name": "AVG-2",
            "packages": ["a"],
            "status": "Fixed",
            "severity": "High",
            "fixed": "1-1",
            "issues": ["CVE-2024-10001"],
            "advisories": ["ASA-202401-1"],
        }
    ],
    "alpine-secdb": {
        "distroversion": "v3.11",
        "packages": [{"pkg": {"name": "a", "secfixes": {"1": ["CVE-2021-1111"]}}}],
    },
}
TEXT_SAMPLES = {
    "debian-dsa": "[12 Feb 2025] DSA-5865-1 a - b\n\t{CVE-2025-24143}\n\t[bookworm] - a 1\n",
    "epss": "#model_version:v1,score_date:2025-08-25\ncve,epss,percentile\nCVE-1999-0001,0.01,0.7\n",
    "kev": "cveID,dateAdded\nCVE-2025-48384,2025-08-25\n",
    "updateinfo": '<updates><update type="security"><id>A</id><pkglist><collection>'
    '<package name="a" version="1" release="1" arch="noarch"/></collection></pkglist></update></updates>',
    "alpine-secdb": "distroversion: v3.11\npackages:\n  - pkg:\n      name: a\n"
    "      secfixes:\n        1-r0:\n          - CVE-2021-30139\n",
}
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


def is_read_or_refused(path: Path, kind: str) -> bool:
    """Read a feed to its end. True when it was refused with its name, or when every record has what it
    must."""
    try:
        records = list(KINDS[kind](Feed(path, release="almalinux:9")))
    except FeedError as refused:
        return str(refused).startswith(str(path))
    advisories = [one for one in records if isinstance(one, Advisory)]
    return all(
        one.name and all(isinstance(fix, Affected) and _is_placed(fix) for fix in one.affected)
        for one in advisories
    )


def _is_placed(fix: Affected) -> bool:
    """Whether it says of what it speaks; of an unknown product not even the package may be told."""
    return bool(fix.release and (fix.package or fix.status == "unknown"))


@pytest.mark.parametrize("kind", sorted(JSON_SAMPLES))
@settings(max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_any_value_at_any_place_of_a_json_feed(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    sample = JSON_SAMPLES[kind]
    changed = replaced(sample, data.draw(st.sampled_from(list(places(sample)))), data.draw(ANYTHING))
    path = tmp_path_factory.getbasetemp() / f"hostile-{kind}"
    path.write_text(json.dumps(changed))

    assert is_read_or_refused(path, kind)


@pytest.mark.parametrize("kind", sorted(TEXT_SAMPLES))
@settings(max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_any_bytes_at_any_place_of_a_text_feed(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    sample = TEXT_SAMPLES[kind].encode()
    start = data.draw(st.integers(0, len(sample)))
    end = data.draw(st.integers(start, len(sample)))
    path = tmp_path_factory.getbasetemp() / f"hostile-{kind}"
    path.write_bytes(sample[:start] + data.draw(st.binary(max_size=8)) + sample[end:])

    assert is_read_or_refused(path, kind)


def test_the_samples_themselves_are_read(tmp_path: Path) -> None:
    for kind in sorted(set(KINDS) - {"vulnrichment"}):
        text = json.dumps(JSON_SAMPLES[kind]) if kind in JSON_SAMPLES else TEXT_SAMPLES[kind]
        (tmp_path / kind).write_text(text)

        assert list(KINDS[kind](Feed(tmp_path / kind, release="almalinux:9"))), kind
