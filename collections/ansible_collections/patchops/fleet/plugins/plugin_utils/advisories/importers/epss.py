# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FIRST's Exploit Prediction Scoring System: the daily CSV of every CVE's score.

#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z
cve,epss,percentile
CVE-1999-0001,0.01251,0.78563
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Epss,
    Record,
    Released,
    Unproven,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import is_cve
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

_SCORE_DATE = re.compile(r"score_date:(\d{4}-\d\d-\d\d)")
_HEADER = "cve,epss,percentile"


def read(feed: Feed) -> Iterator[Record]:
    """A score a line, all of the date that the first line tells."""
    date, header_seen = "", False
    for number, line in feed.lines(ended=True):
        if line.startswith("#"):
            found = _SCORE_DATE.search(line)
            date = found[1] if found else date
        elif line == _HEADER:
            header_seen = True
            if date:
                yield Released(date)
        elif not header_seen:
            raise FeedError(
                feed.name, f"line {number}", f"expected the header {_HEADER!r}, found {line[:80]!r}"
            )
        elif line:
            yield _score(feed, number, line, date)
    if not feed.has_end:
        yield Unproven("a plain list of scores tells no end (FIRST serves it compressed)")


def _score(feed: Feed, number: int, line: str, date: str) -> Epss:
    cve, _separator, values = line.partition(",")
    score, _separator, percentile = values.partition(",")
    try:
        entry = Epss(cve, float(score), float(percentile), date)
    except ValueError as error:
        raise FeedError(
            feed.name, f"line {number}", f"expected two numbers, found {values[:80]!r}"
        ) from error
    if not (is_cve(cve) and 0 <= entry.score <= 1 and 0 <= entry.percentile <= 1):
        raise FeedError(
            feed.name, f"line {number}", f"expected a CVE and numbers from 0 to 1, found {line[:80]!r}"
        )
    return entry
