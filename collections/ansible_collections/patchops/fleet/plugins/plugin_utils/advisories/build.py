# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building the advisory database: always aside, and swapped in as a whole when an import has succeeded.

A source is the unit: importing it again replaces its rows and nothing else. Whatever goes wrong on the way,
the old file stays in use, and readers that have it open keep the state that they opened.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import cast

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories import schema
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Cvss,
    Epss,
    Kev,
    Record,
    Released,
    Source,
    Ssvc,
    Unproven,
    Unread,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.catalogue import default_name
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import DatabaseError, FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import is_release
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.scope import scope_of

_MAX_RECORDS = 20_000_000
_MAX_VERSION = 512
# The part of its records that an import must have of the one before it, and how many may be lost in any case:
# feeds grow, and a file that was cut is shorter.
_SHRINKS_TO, _MAY_LOSE = 0.8, 3
_EXAMPLES = 5
# Of a source, what stands in a table of its own.
_TRAITS = {"scope", "unproven", "unread", "unread_examples"}


@dataclass(frozen=True)
class Expected:
    """What is known of a feed besides its content.

    records, sha256: refused where it has others. as_of: the date (YYYY-MM-DD) of a feed that tells none.
    may_shrink: it may have lost a large part of its records since the import before. whole: it speaks of all
    packages of its releases, also where its form does not show it. is_fetched: the transfer was whole.
    """

    records: int | None = None
    sha256: str = ""
    as_of: str = ""
    may_shrink: bool = False
    whole: bool = False
    is_fetched: bool = False

    @property
    def proves_the_end(self) -> bool:
        return self.is_fetched or self.records is not None or bool(self.sha256)


def import_feed(
    database: Path,
    kind: str,
    feed: Feed,
    *,
    name: str = "",
    location: str = "",
    etag: str = "",
    last_modified: str = "",
    now: datetime | None = None,
    expected: Expected | None = None,
) -> Source:
    """Import one feed, replacing what the source of that name gave before; returns the source as it is
    recorded.

    name: of the source, default the kind (with the release, for feeds that are told theirs). location: where
    the feed came from, for people. Its date is its own or its newest entry's, else that of ``expected``; a
    feed without any has none. Raises FeedError or DatabaseError, and then the database file is as it was.
    """
    known = expected or Expected()
    if kind not in KINDS:
        raise FeedError(feed.name, "", f"unknown kind {kind!r}; known: {', '.join(sorted(KINDS))}")
    if not feed.path.exists():
        raise FeedError(feed.name, "", "does not exist")
    if feed.release and not is_release(feed.release):
        raise FeedError(
            feed.name, "", f"{feed.release!r} is no release; write it like almalinux:9 or debian:bookworm"
        )
    stamp = (now or datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H:%M:%SZ")
    sha256, size = feed.digest()
    if known.sha256 and known.sha256.lower() != sha256:
        raise FeedError(feed.name, "", f"has the SHA-256 {sha256}, expected {known.sha256}; fetch it again")
    source = Source(
        name=name or default_name(kind, location or str(feed.path), feed.release),
        kind=kind,
        location=location or str(feed.path.resolve()),
        imported_at=stamp,
        checked_at=stamp,
        as_of="",
        sha256=sha256,
        size=size,
        records=0,
        etag=etag,
        last_modified=last_modified,
        release=feed.release,
    )
    with _aside(database) as connection:
        former = _records_of(connection, source.name)
        _remove(connection, source.name)
        identity = _insert_source(connection, source)
        writer = _Writer(connection, identity, feed, stamp[:10])
        writer.write(KINDS[kind](feed))
        if not writer.records:
            raise FeedError(feed.name, "", _why_empty(kind, writer.unread))
        _check_number(feed, writer.records, former, known)
        connection.execute(
            "UPDATE source SET records = ?, as_of = ? WHERE id = ?",
            (writer.records, writer.released or writer.newest or known.as_of, identity),
        )
        scope = scope_of(kind, source.location, writer.records, known.whole)
        connection.execute(
            "INSERT INTO source_trait VALUES (?, ?, ?, ?, ?)",
            (
                identity,
                scope,
                "" if known.proves_the_end else writer.unproven,
                writer.unread.total(),
                _examples(writer.unread),
            ),
        )
    with AdvisoryDatabase.open(database) as built:
        return next(one for one in built.sources() if one.name == source.name)


def _check_number(feed: Feed, records: int, former: int, known: Expected) -> None:
    if known.records is not None and records != known.records:
        raise FeedError(feed.name, "", f"holds {records} records, expected {known.records}; fetch it again")
    shrank = records < min(former * _SHRINKS_TO, former - _MAY_LOSE)
    if shrank and not known.may_shrink and records != known.records:
        raise FeedError(
            feed.name,
            "",
            f"holds {records} records where the import before had {former}; is it cut? Fetch it again,"
            " or confirm with --allow-shrink (allow_shrink) that it is whole",
        )


def _why_empty(kind: str, unread: Counter[str]) -> str:
    if not unread:
        return f"holds no record of kind {kind}; refused"
    return (
        f"speaks of nothing that a host can be matched with: {unread.total()} parts, such as"
        f" {_examples(unread)}; refused"
    )


def _examples(unread: Counter[str]) -> str:
    """The most frequent of what could not be read, for people."""
    return ", ".join(what for what, _number in unread.most_common(_EXAMPLES))


def mark_checked(database: Path, name: str, now: datetime | None = None) -> None:
    """Record that a source was found unchanged just now."""
    stamp = (now or datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with _aside(database) as connection:
        connection.execute("UPDATE source SET checked_at = ? WHERE name = ?", (stamp, name))


def remove_source(database: Path, name: str) -> bool:
    """Take a source and its rows out. False if there was none of that name."""
    with _aside(database) as connection:
        return _remove(connection, name)


class _Writer:
    """Writes the records of one source."""

    def __init__(self, connection: sqlite3.Connection, source: int, feed: Feed, today: str) -> None:
        self._connection, self._source, self._feed = connection, source, feed
        # A vendor's day can begin before ours; what is dated later is a mistake and makes no feed newer.
        self._latest = (date.fromisoformat(today) + timedelta(days=1)).isoformat()
        self._next = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM advisory").fetchone()[0]
        self._releases: set[str] = set()
        self.records = 0
        self.released = ""
        self.newest = ""
        self.unread: Counter[str] = Counter()
        self.unproven = ""

    def write(self, records: Iterable[Record]) -> None:
        for record in records:
            if isinstance(record, Released):
                self.released = record.date
                continue
            if isinstance(record, Unread):
                self.unread[record.what] += 1
                continue
            if isinstance(record, Unproven):
                self.unproven = record.why
                continue
            self.records += 1
            if self.records > _MAX_RECORDS:
                raise FeedError(self._feed.name, "", f"holds more than {_MAX_RECORDS} records; refused")
            if isinstance(record, Advisory):
                self._advisory(record)
            else:
                self._fact(record)
        self._connection.executemany(
            "INSERT INTO source_release VALUES (?, ?)",
            [(self._source, release) for release in sorted(self._releases)],
        )

    def _advisory(self, advisory: Advisory) -> None:
        identity = self._next
        self._next += 1
        self._see(advisory.updated)
        self._see(advisory.issued)
        self._connection.execute(
            "INSERT INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                identity,
                self._source,
                advisory.name,
                advisory.type,
                advisory.title,
                advisory.severity,
                advisory.issued,
                advisory.updated,
                advisory.url,
                " ".join(advisory.cves),
            ),
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO advisory_cve VALUES (?, ?)", [(cve, identity) for cve in advisory.cves]
        )
        for one in advisory.affected:
            self._releases.add(one.release)
            if len(one.fixed) > _MAX_VERSION:
                raise FeedError(
                    self._feed.name, advisory.name, f"a version of {len(one.fixed)} characters; refused"
                )
        self._connection.executemany(
            "INSERT INTO affected VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    one.release,
                    one.package,
                    identity,
                    one.status,
                    one.fixed,
                    one.arch,
                    one.module,
                    one.channel,
                    one.note,
                    one.introduced,
                    one.last,
                )
                for one in advisory.affected
            ],
        )

    def _see(self, day: str) -> None:
        if self.newest < day <= self._latest:
            self.newest = day

    def _fact(self, fact: Kev | Epss | Ssvc | Cvss) -> None:
        values: tuple[object, ...]
        if isinstance(fact, Kev):
            values = (fact.name, fact.date_added, fact.due_date, fact.ransomware, fact.forensics)
            self._see(fact.date_added)
        elif isinstance(fact, Epss):
            values = (fact.score, fact.percentile, fact.date)
            self._see(fact.date)
        elif isinstance(fact, Ssvc):
            values = (fact.exploitation, fact.automatable, fact.technical_impact, fact.date)
            self._see(fact.date)
        else:
            values = (fact.score, fact.vector)
        marks = ", ".join("?" * (len(values) + 2))
        table = type(fact).__name__.lower()
        self._connection.execute(
            f"INSERT OR REPLACE INTO {table} VALUES ({marks})",  # noqa: S608 (the table is one of ours)
            (fact.cve, self._source, *values),
        )


@contextmanager
def _aside(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a copy that takes the database's place when the block ends well. One builder at a
    time."""
    aside = database.with_name(f".{database.name}.building")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with database.with_name(f".{database.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                aside.unlink()
            try:
                with _connection(database, aside) as connection:
                    yield connection
                os.replace(aside, database)
            finally:
                with suppress(FileNotFoundError):
                    aside.unlink()
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(
            f"{database}: can't be written: {error}; what was there before is unchanged"
        ) from error


@contextmanager
def _connection(database: Path, aside: Path) -> Iterator[sqlite3.Connection]:
    if database.exists():
        AdvisoryDatabase.open(database).close()
        shutil.copyfile(database, aside)
    connection = sqlite3.connect(aside)
    try:
        # The copy is thrown away on failure, so it needs no journal; it is synced as a whole before the swap.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA foreign_keys = ON")
        if not database.exists():
            connection.executescript(schema.TABLES)
            connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        connection.execute(schema.TRAITS)
        yield connection
        connection.commit()
        connection.execute("ANALYZE")
        connection.commit()
    finally:
        connection.close()
    with aside.open("rb") as written:
        os.fsync(written.fileno())


def _records_of(connection: sqlite3.Connection, name: str) -> int:
    """How many records the source of that name has, 0 where there is none."""
    found = connection.execute("SELECT records FROM source WHERE name = ?", (name,)).fetchone()
    return int(found[0]) if found else 0


def _remove(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute("DELETE FROM source WHERE name = ?", (name,)).rowcount > 0


def _insert_source(connection: sqlite3.Connection, source: Source) -> int:
    columns = {key: value for key, value in asdict(source).items() if key not in _TRAITS}
    cursor = connection.execute(
        f"INSERT INTO source ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608
        tuple(columns.values()),
    )
    return cast("int", cursor.lastrowid)  # an INSERT sets it
