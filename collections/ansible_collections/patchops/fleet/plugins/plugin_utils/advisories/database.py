# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the advisory database: one SQLite file, opened read-only. Readers and builders don't meet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories import schema
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Cvss,
    Epss,
    Kev,
    Rule,
    Source,
    Ssvc,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import DatabaseError

__all__ = ["AdvisoryDatabase", "DatabaseError"]

_SOURCE = (
    "name, kind, location, imported_at, checked_at, as_of, sha256, size, records, etag, last_modified,"
    " release"
)
_ADVISORY = (
    "a.name, a.type, a.title, a.severity, a.issued, a.updated, a.url, a.cves, s.name"
    " FROM advisory a JOIN source s ON s.id = a.source"
)
_RULE = (
    "SELECT f.release, f.package, f.status, f.fixed, f.arch, f.module, f.channel, f.note,"
    " f.introduced, f.last, f.advisory FROM affected f"
)
# SQLite's limit on variables of one statement is 999 in old builds.
_BATCH = 500


class AdvisoryDatabase:
    """A database of one state: what it answers does not change while it is open. Close it, or use it in
    `with`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self._advisories: dict[int, Advisory] = {}

    @classmethod
    def open(cls, path: str | Path) -> AdvisoryDatabase:
        """Open a file that build.py made. Raises DatabaseError where it is missing, foreign or outdated."""
        path = Path(path)
        if not path.is_file():
            raise DatabaseError(
                f"{path}: there is no advisory database; make it with `patchops feeds update`"
            )
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            found = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.Error as error:
            connection.close()
            raise DatabaseError(
                f"{path}: can't be read: {error}; remove it and run `patchops feeds update`"
            ) from error
        if found != schema.APPLICATION_ID or version != schema.VERSION:
            connection.close()
            what = "is no advisory database" if found != schema.APPLICATION_ID else f"has version {version}"
            needed = f"version {schema.VERSION} is needed"
            raise DatabaseError(f"{path}: {what}, {needed}; remove it and run `patchops feeds update`")
        return cls(connection, path)

    def __enter__(self) -> AdvisoryDatabase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def sources(self) -> list[Source]:
        """What was imported, by name."""
        traits = self._has("source_trait")
        more = ", scope, unproven, unread, unread_examples" if traits else ""
        join = " LEFT JOIN source_trait t ON t.source = s.id" if traits else ""
        rows = self._rows(
            f"SELECT {_SOURCE}{more} FROM source s{join} ORDER BY name"  # noqa: S608 (columns are ours)
        )
        return [Source(*(one for one in row if one is not None)) for row in rows]

    def _has(self, table: str) -> bool:
        """Whether the file has a table; those of former versions lack some."""
        rows = self._rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table)
        return any(True for _row in rows)

    def sources_of(self, release: str) -> set[str]:
        """Names of the sources that say anything about a release."""
        rows = self._rows(
            "SELECT s.name FROM source_release r JOIN source s ON s.id = r.source WHERE r.release = ?",
            release,
        )
        return {name for (name,) in rows}

    def names_sources(self, release: str) -> bool:
        """Whether a feed names source RPMs in what it says of a release."""
        rows = self._rows("SELECT 1 FROM affected WHERE release = ? AND arch = 'src' LIMIT 1", release)
        return any(True for _row in rows)

    def sources_naming(self, release: str, package: str) -> frozenset[str]:
        """Names of the sources that say anything about a package of a release that can be applied."""
        rows = self._rows(
            "SELECT DISTINCT s.name FROM affected f JOIN advisory a ON a.id = f.advisory"
            " JOIN source s ON s.id = a.source"
            " WHERE f.release = ? AND f.package = ? AND f.status != 'unknown'",
            release,
            package,
        )
        return frozenset(name for (name,) in rows)

    def releases(self) -> list[str]:
        """The release keys that advisories speak of."""
        return [
            release
            for (release,) in self._rows("SELECT DISTINCT release FROM source_release ORDER BY release")
            if not release.endswith(":*")
        ]

    def advisory(self, name: str) -> Advisory | None:
        """An advisory by its name, with all it affects. Of two sources that know it, the one imported
        last."""
        found = self._rows(
            f"SELECT a.id, {_ADVISORY} WHERE a.name = ? ORDER BY s.imported_at DESC LIMIT 1", name
        )
        for identity, *row in found:
            rules = self._rows(f"{_RULE} WHERE f.advisory = ?", identity)
            return _advisory(row, tuple(Affected(*rule[:-1]) for rule in rules))
        return None

    def advisories_of(self, cve: str) -> list[Advisory]:
        """The advisories that name a CVE, without what they affect; newest first."""
        rows = self._rows(
            f"SELECT {_ADVISORY} JOIN advisory_cve c ON c.advisory = a.id WHERE c.cve = ?"
            " ORDER BY a.issued DESC, a.name",
            cve.upper(),
        )
        return [_advisory(row) for row in rows]

    def affected_by(self, cve: str) -> list[Rule]:
        """What any advisory says about a CVE, over all releases."""
        rows = self._rows(
            f"{_RULE} JOIN advisory_cve c ON c.advisory = f.advisory WHERE c.cve = ?", cve.upper()
        )
        return [self._rule(row) for row in rows]

    def rules(self, release: str, packages: Iterable[str] | None = None) -> Iterator[Rule]:
        """What advisories say about a release, or about some of its packages. In no particular order."""
        if packages is None:
            yield from map(self._rule, self._rows(f"{_RULE} WHERE f.release = ?", release))
            return
        wanted = sorted(set(packages))
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            rows = self._rows(f"{_RULE} WHERE f.release = ? AND f.package IN ({marks})", release, *batch)
            yield from map(self._rule, rows)

    def kev(self, cve: str) -> Kev | None:
        """The KEV entry of a CVE; of two sources the one imported last."""
        for cve_id, name, added, due, ransomware, forensics in self._of_cve(
            "kev", "t.name, date_added, due_date, ransomware, forensics", cve
        ):
            return Kev(cve_id, name, added, due, _tri_state(ransomware), _tri_state(forensics))
        return None

    def epss(self, cve: str) -> Epss | None:
        return next((Epss(*row) for row in self._of_cve("epss", "score, percentile, date", cve)), None)

    def ssvc(self, cve: str) -> Ssvc | None:
        columns = "exploitation, automatable, technical_impact, date"
        return next((Ssvc(*row) for row in self._of_cve("ssvc", columns, cve)), None)

    def cvss(self, cve: str) -> float | None:
        """The highest base score that any source gives."""
        return max((Cvss(*row).score for row in self._of_cve("cvss", "score, vector", cve)), default=None)

    def _of_cve(self, table: str, columns: str, cve: str) -> Iterator[tuple[Any, ...]]:
        return self._rows(
            f"SELECT cve, {columns} FROM {table} t"  # noqa: S608 (table and columns are ours)
            " JOIN source s ON s.id = t.source WHERE t.cve = ? ORDER BY s.imported_at DESC",
            cve.upper(),
        )

    def _rule(self, row: tuple[Any, ...]) -> Rule:
        identity = row[-1]
        advisory = self._advisories.get(identity)
        if advisory is None:
            (found,) = self._rows(f"SELECT {_ADVISORY} WHERE a.id = ?", identity)
            advisory = self._advisories[identity] = _advisory(found)
        return Rule(Affected(*row[:-1]), advisory)

    def _rows(self, statement: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise DatabaseError(
                f"{self.path}: can't be read: {error}; remove it and run `patchops feeds update`"
            ) from error


def _advisory(row: Iterable[Any], affected: tuple[Affected, ...] = ()) -> Advisory:
    name, kind, title, severity, issued, updated, url, cves, source = row
    return Advisory(name, kind, title, severity, issued, updated, url, tuple(cves.split()), affected, source)


def _tri_state(value: int | None) -> bool | None:
    return None if value is None else bool(value)
