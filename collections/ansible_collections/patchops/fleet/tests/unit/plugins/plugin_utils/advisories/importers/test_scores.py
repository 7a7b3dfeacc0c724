# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EPSS and CISA's Vulnrichment: what makes one CVE more urgent than another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Cvss,
    Epss,
    Released,
    Ssvc,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Read = Callable[..., list[Any]]

EPSS = """\
#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z
cve,epss,percentile
CVE-1999-0001,0.01251,0.78563
"""


def test_every_score_carries_the_date_of_the_file(read: Read) -> None:
    assert read("epss", EPSS) == [
        Released("2025-08-25"),
        Epss("CVE-1999-0001", 0.01251, 0.78563, "2025-08-25"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "line 1: expected the header 'cve,epss,percentile', found 'hello'"),
        (EPSS + "CVE-1999-0002,x,0.1\n", "line 4: expected two numbers, found 'x,0.1'"),
        (EPSS + "CVE-1999-0002,nan,0.1\n", "line 4: expected a CVE and numbers from 0 to 1"),
        (EPSS + "CVE-1999-0002,1.5,0.1\n", "line 4: expected a CVE and numbers from 0 to 1"),
    ],
)
def test_a_wrong_score_is_refused_by_its_line(read: Read, text: str, message: str) -> None:
    with pytest.raises(FeedError, match=message):
        read("epss", text)


def record(**points: str) -> dict[str, Any]:
    content = {
        "timestamp": "2024-12-10T15:55:00Z",
        "options": [{key: value} for key, value in points.items()],
    }
    return {
        "dataType": "CVE_RECORD",
        "cveMetadata": {"cveId": "CVE-2024-12345"},
        "containers": {
            "cna": {"metrics": [{"cvssV3_1": {"baseScore": 5.3, "vectorString": "CVSS:3.1/AV:N"}}]},
            "adp": [
                {
                    "providerMetadata": {"shortName": "CISA-ADP"},
                    "metrics": [
                        {"cvssV3_1": {"baseScore": 9.8, "vectorString": "CVSS:3.1/AV:L"}},
                        {"other": {"type": "ssvc", "content": content}},
                    ],
                }
            ],
        },
    }


POINTS = {"Exploitation": "active", "Automatable": "yes", "Technical Impact": "total"}


def test_cisas_points_and_the_highest_base_score_are_taken(read: Read) -> None:
    assert read("vulnrichment", json.dumps(record(**POINTS))) == [
        Ssvc("CVE-2024-12345", "active", "yes", "total", "2024-12-10"),
        Cvss("CVE-2024-12345", 9.8, "CVSS:3.1/AV:L"),
    ]


def test_points_of_others_than_cisa_are_left_alone(read: Read) -> None:
    other = json.dumps(record(**POINTS)).replace("CISA-ADP", "somebody")

    assert read("vulnrichment", other) == [Cvss("CVE-2024-12345", 9.8, "CVSS:3.1/AV:L")]


def test_other_documents_of_the_repository_are_passed_over(read: Read) -> None:
    assert read("vulnrichment", '{"fetchTime": "now"}') == []


def test_an_answer_that_the_table_does_not_know_is_refused(read: Read, tmp_path: Path) -> None:
    with pytest.raises(FeedError) as refused:
        read("vulnrichment", json.dumps(record(**{**POINTS, "Automatable": "perhaps"})))

    assert str(refused.value) == (
        f"{tmp_path}/feed: containers.adp[0].metrics[1].other.content.options:"
        " Automatable: unknown answer 'perhaps'"
    )


def test_the_lists_of_changes_in_a_folder_of_records_are_passed_over(tmp_path: Path) -> None:
    record = {
        "dataType": "CVE_RECORD",
        "cveMetadata": {"cveId": "CVE-2026-1001"},
        "containers": {"cna": {"metrics": [{"cvssV3_1": {"baseScore": 9.8}}]}},
    }
    documents = {"CVE-2026-1001": record, "delta": {"fetchTime": "x"}, "deltaLog": [{"fetchTime": "x"}]}
    for name, content in documents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")

    assert list(KINDS["vulnrichment"](Feed(tmp_path))) == [Cvss("CVE-2026-1001", 9.8, "")]
