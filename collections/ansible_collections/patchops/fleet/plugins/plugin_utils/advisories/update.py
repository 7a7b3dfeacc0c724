# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a database up to date: each feed is fetched if it has changed, and imported. One failing stops no
other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import (
    Expected,
    import_feed,
    mark_checked,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.catalogue import FeedSpec
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.fetch import Fetched, fetch
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.notes import notes_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed


@dataclass(frozen=True, slots=True)
class FeedResult:
    """What became of one feed. problem: file, place and cause where it failed; its former rows are still in
    use. notes: what limits it, for people."""

    name: str
    state: Literal["updated", "unchanged", "failed"]
    records: int = 0
    as_of: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()


def update(
    database: Path,
    feeds: Iterable[FeedSpec],
    *,
    force: bool = False,
    allow_http: bool = False,
    now: datetime | None = None,
    expected: Expected | None = None,
) -> list[FeedResult]:
    """Update each feed in turn. force: import again what has not changed. expected: what is known of each.

    Raises DatabaseError where the database itself can't be read or written.
    """
    return [_update_one(database, spec, force, allow_http, now, expected or Expected()) for spec in feeds]


def _update_one(
    database: Path,
    spec: FeedSpec,
    force: bool,
    allow_http: bool,
    now: datetime | None,
    expected: Expected,
) -> FeedResult:
    known = _known(database, spec)
    # What a former version imported lacks what this one tells of a source, so that it is read again.
    former = None if force or (known and not known.scope) else known
    if spec.whole or (known and known.scope == "declared"):
        expected = replace(expected, whole=True)
    try:
        if not spec.is_remote:
            feed = Feed(Path(spec.location), release=spec.release)
            return _import(database, spec, feed, former, None, now, expected)
        with tempfile.TemporaryDirectory(prefix="patchops-feed-") as folder:
            file = Path(folder) / (spec.location.rpartition("/")[2] or "feed")
            answer = fetch(
                spec.location,
                file,
                etag=former.etag if former else "",
                last_modified=former.last_modified if former else "",
                allow_http=allow_http,
            )
            if former is not None and not answer.modified:
                return _unchanged(database, former, now)
            day = expected.as_of or _day_of(answer.last_modified)
            dated = replace(expected, as_of=day, is_fetched=True)
            return _import(database, spec, Feed(file, release=spec.release), former, answer, now, dated)
    except FeedError as error:
        return FeedResult(
            spec.name, "failed", known.records if known else 0, known.as_of if known else "", str(error)
        )


def _import(
    database: Path,
    spec: FeedSpec,
    feed: Feed,
    former: Source | None,
    answer: Fetched | None,
    now: datetime | None,
    expected: Expected,
) -> FeedResult:
    if former is not None and feed.path.exists() and feed.digest()[0] == former.sha256:
        return _unchanged(database, former, now)
    source = import_feed(
        database,
        spec.kind,
        feed,
        name=spec.name,
        location=spec.location if spec.is_remote else "",
        etag=answer.etag if answer else "",
        last_modified=answer.last_modified if answer else "",
        now=now,
        expected=expected,
    )
    return FeedResult(spec.name, "updated", source.records, source.as_of, notes=tuple(notes_of(source)))


def _day_of(last_modified: str) -> str:
    """The day of an HTTP date, "" for what is none: what the publisher says of a feed that tells no date."""
    try:
        return parsedate_to_datetime(last_modified).date().isoformat()
    except ValueError:
        return ""


def _unchanged(database: Path, source: Source, now: datetime | None) -> FeedResult:
    mark_checked(database, source.name, now)
    notes = tuple(notes_of(source))
    return FeedResult(source.name, "unchanged", source.records, source.as_of, notes=notes)


def _known(database: Path, spec: FeedSpec) -> Source | None:
    """What the database has of a feed, if it came from the same place and is of the same kind."""
    if not database.exists():
        return None
    location = spec.location if spec.is_remote else str(Path(spec.location).resolve())
    with AdvisoryDatabase.open(database) as opened:
        found = (one for one in opened.sources() if one.name == spec.name)
        source = next(found, None)
    if source is None or (source.kind, source.location) != (spec.kind, location):
        return None
    return source
