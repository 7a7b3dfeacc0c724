# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops feeds`: fill the advisory database, and say what is in it and how old it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

import click

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import Expected, remove_source
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.catalogue import (
    CATALOGUE,
    FeedSpec,
    default_name,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import (
    AdvisoryDatabase,
    DatabaseError,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.notes import notes_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.update import FeedResult, update
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import (
    Freshness,
    currencies,
    currency_document,
    currency_line,
)
from patchops.cli.output import compile_query, print_json
from patchops.errors import ExitCode, InputError
from patchops.paths import data_directory
from patchops.text import plain

_F = TypeVar("_F", bound=Callable[..., Any])


def _shared_options(function: _F) -> _F:
    for decorate in (
        click.option("--query", metavar="JMESPATH", help="Print what this finds in the JSON."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--db",
            metavar="FILE",
            type=click.Path(path_type=Path, dir_okay=False),
            help="The advisory database (default: in the data directory).",
        ),
    ):
        function = decorate(function)
    return function


_shrink_option = click.option(
    "--allow-shrink", is_flag=True, help="Import also what has lost a large part of its records."
)


@click.group()
def feeds() -> None:
    """The advisory database: what vendors say, what is exploited, how likely exploitation is."""


@feeds.command("update")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--force", is_flag=True, help="Import again what has not changed.")
@_shrink_option
@click.option("--allow-http", is_flag=True, help="Fetch from addresses without TLS too.")
@click.option("--list", "list_known", is_flag=True, help="List the feeds that are known by name.")
@_shared_options
@click.pass_context
def update_command(
    ctx: click.Context,
    names: tuple[str, ...],
    force: bool,
    allow_shrink: bool,
    allow_http: bool,
    list_known: bool,
    db: Path | None,
    as_json: bool,
    query: str | None,
) -> None:
    """Fetch feeds that have changed, and import them.

    Without names: every feed that the database has, or for a new one Debian's advisories and KEV. A feed that
    fails leaves its former content in use, and the command ends with 4.
    """
    expression = compile_query(query)
    if list_known:
        _print(as_json, expression, [asdict(one) for one in CATALOGUE.values()], _catalogue_lines)
        return
    path = _database(db)
    specs = [_known(name, path) for name in names] or _present(path)
    expected = Expected(may_shrink=allow_shrink)
    results = _guarded(lambda: update(path, specs, force=force, allow_http=allow_http, expected=expected))
    _print(
        as_json,
        expression,
        [asdict(one) for one in results],
        lambda _: [line for one in results for line in _result_lines(one)],
    )
    if any(one.state == "failed" for one in results):
        ctx.exit(ExitCode.HOSTS_FAILED)


@feeds.command("import")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--name", help="The name of the source; importing it again replaces its content (default: KIND)."
)
@click.option("--release", default="", help="The release of an updateinfo.xml, like almalinux:9.")
@click.option(
    "--as-of",
    metavar="DAY",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The date of a feed that tells none (debian-tracker, alpine-secdb).",
)
@click.option("--expect-records", metavar="N", type=int, help="Refuse it with another number of records.")
@click.option("--expect-sha256", metavar="HASH", default="", help="Refuse it with another hash.")
@click.option(
    "--whole",
    is_flag=True,
    help="It speaks of all packages of its releases, however few documents it holds (csaf, osv).",
)
@_shrink_option
@_shared_options
def import_command(
    kind: str,
    path: Path,
    name: str | None,
    release: str,
    as_of: datetime | None,
    expect_records: int | None,
    expect_sha256: str,
    whole: bool,
    allow_shrink: bool,
    db: Path | None,
    as_json: bool,
    query: str | None,
) -> None:
    """Import a file, folder or archive as a source of this KIND."""
    expression = compile_query(query)
    known_as = name or default_name(kind, str(path), release)
    spec = FeedSpec(known_as, kind, str(path.absolute()), release, whole=whole)
    database = _database(db)
    former = _guarded(lambda: _location_of(database, spec.name))
    day = as_of.date().isoformat() if as_of else ""
    expected = Expected(expect_records, expect_sha256, day, allow_shrink)
    (result,) = _guarded(lambda: update(database, [spec], force=True, expected=expected))
    if result.state == "failed":
        raise InputError(f"Not imported: {result.problem}.", "The database is as it was before.")
    if former and former != str(path.resolve()):
        click.echo(
            plain(f"This replaced what {spec.name} had from {former}; another --name keeps both."), err=True
        )
    _print(as_json, expression, asdict(result), lambda _: _result_lines(result))


@feeds.command("remove")
@click.argument("name")
@_shared_options
def remove_command(name: str, db: Path | None, as_json: bool, query: str | None) -> None:
    """Take a source out of the database."""
    expression = compile_query(query)
    path = _database(db)
    if name not in {source.name for source in _guarded(lambda: _sources(path))}:
        raise InputError(f"{path} has no source {name!r}.", "`patchops feeds status` lists them.")
    _guarded(lambda: remove_source(path, name))
    _print(as_json, expression, {"name": name, "state": "removed"}, lambda _: [f"{name}: removed"])


@feeds.command("status")
@_shared_options
def status_command(db: Path | None, as_json: bool, query: str | None) -> None:
    """Say what is in the database, where it came from, and how old it is."""
    expression = compile_query(query)
    path = _database(db)
    now = datetime.now(timezone.utc)
    sources = _guarded(lambda: _sources(path))
    rules = Freshness()
    rows = [
        {
            **asdict(one),
            "age_hours": _age_hours(one, now),
            "current": rules.holds(one, now),
            "notes": notes_of(one),
        }
        for one in sources
    ]
    known = currency_document(currencies(sources, now, rules))
    document = {"database": str(path), "sources": rows, "intelligence": known}
    _print(as_json, expression, document, lambda _: [*_status_lines(path, rows), currency_line(known)])


def _database(db: Path | None) -> Path:
    return db or data_directory(os.environ, os.geteuid()).advisories


def _location_of(path: Path, name: str) -> str | None:
    """Where the source of this name came from, None where there is none."""
    found = (one.location for one in _sources(path) if one.name == name) if path.exists() else iter(())
    return next(found, None)


def _sources(path: Path) -> list[Source]:
    with AdvisoryDatabase.open(path) as database:
        return database.sources()


def _present(path: Path) -> list[FeedSpec]:
    """What a database was made of; without one, what every user of Debian and of KEV needs."""
    if not path.exists():
        return [CATALOGUE[name] for name in ("debian-dsa", "debian-dla", "kev")]
    return [
        FeedSpec(one.name, one.kind, one.location, one.release) for one in _guarded(lambda: _sources(path))
    ]


def _known(name: str, path: Path) -> FeedSpec:
    specs = {spec.name: spec for spec in _present(path)} | CATALOGUE
    if name not in specs:
        raise InputError(
            f"No feed is called {name!r}.", "`patchops feeds update --list` lists those that are known."
        )
    return specs[name]


_R = TypeVar("_R")


def _guarded(call: Callable[[], _R]) -> _R:
    try:
        return call()
    except DatabaseError as error:
        raise InputError(f"{error}.") from error


def _age_hours(source: Source, now: datetime) -> float:
    checked = datetime.fromisoformat(source.checked_at.replace("Z", "+00:00"))
    return round((now - checked).total_seconds() / 3600, 1)


def _print(as_json: bool, expression: Any, document: Any, lines: Callable[[Any], list[str]]) -> None:
    if as_json or expression is not None:
        print_json(document, expression)
        return
    for line in lines(document):
        click.echo(plain(line))


def _result_lines(result: FeedResult) -> list[str]:
    if result.state == "failed":
        return [f"{result.name}: failed: {result.problem}"]
    told = f"{result.name}: {result.state}, {result.records} records, {_dated(result.as_of)}"
    return [told, *(f"  {note}" for note in result.notes)]


def _dated(as_of: str) -> str:
    return f"as of {as_of}" if as_of else "of no known date: give it with --as-of"


def _status_lines(path: Path, rows: list[dict[str, Any]]) -> list[str]:
    head = f"{path}: {len(rows)} sources"
    lines = [head]
    for row in rows:
        lines.append(
            f"{row['name']} ({row['kind']}): {row['records']} records, {_dated(row['as_of'])}"
            f"{'' if row['current'] else ', too old'},"
            f" checked {row['age_hours']} h ago, from {row['location']}"
        )
        lines += [f"  {note}" for note in row["notes"]]
    return lines


def _catalogue_lines(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['name']}: {row['about']} ({row['location']})" for row in rows]
