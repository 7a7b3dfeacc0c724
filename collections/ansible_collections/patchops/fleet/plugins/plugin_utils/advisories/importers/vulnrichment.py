# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CISA's Vulnrichment: CVE records (JSON 5) with CISA's SSVC points, in a folder or an archive of the
repository.

Any CVE record in that format will do: base scores are taken from all containers, SSVC points from CISA's
alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Cvss,
    Record,
    Ssvc,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked, is_cve
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

_POINTS = {
    "Exploitation": ("none", "poc", "active"),
    "Automatable": ("no", "yes"),
    "Technical Impact": ("partial", "total"),
}
_SCORES = ("cvssV4_0", "cvssV3_1", "cvssV3_0")


def read(feed: Feed) -> Iterator[Record]:
    """SSVC points and the highest base score of each CVE that has them; other JSON documents are passed
    over."""
    for name, data in feed.documents():
        content = feed.json(data, name)
        if isinstance(content, list) and name:
            continue  # the list of changes that a folder of records holds beside them
        record = Checked(content, feed.name, name)
        if record.value.get("dataType") == "CVE_RECORD":
            yield from _facts(record)


def _facts(record: Checked) -> Iterator[Record]:
    cve = record.object("cveMetadata").text("cveId").upper()
    if not is_cve(cve):
        raise FeedError(record.file, record.place, f"expected a CVE id, found {cve[:40]!r}")
    containers = record.object("containers")
    scores = list(_scores(cve, containers.object("cna")))
    for container in containers.objects("adp"):
        scores += _scores(cve, container)
        if container.object("providerMetadata").text("shortName", "") == "CISA-ADP":
            yield from _points(cve, container)
    if scores:
        yield max(scores, key=lambda found: found.score)


def _scores(cve: str, container: Checked) -> Iterator[Cvss]:
    for metric in container.objects("metrics"):
        for key in _SCORES:
            if key in metric.value:
                found = metric.object(key)
                score = found.number("baseScore")
                if not 0 <= score <= 10:
                    raise FeedError(found.file, found.place, f"expected a score from 0 to 10, found {score}")
                yield Cvss(cve, score, found.text("vectorString", ""))


def _points(cve: str, container: Checked) -> Iterator[Ssvc]:
    for metric in container.objects("metrics"):
        other = metric.object("other")
        if other.text("type", "") == "ssvc":
            content = other.object("content")
            said = {
                key: value for option in content.objects("options") for key, value in option.value.items()
            }
            for point, values in _POINTS.items():
                if said.get(point) not in values:
                    raise FeedError(
                        content.file,
                        f"{content.place}.options",
                        f"{point}: unknown answer {said.get(point)!r:.40}",
                    )
            yield Ssvc(
                cve,
                exploitation=said["Exploitation"],
                automatable=said["Automatable"],
                technical_impact=said["Technical Impact"],
                date=content.date("timestamp"),
            )
