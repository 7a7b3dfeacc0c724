# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of the latest assessment as rows: kept once, then asked for by host, CVE, package or due date.

Hosts share most of what is said of them, so a finding is a host, a rank and the number of its kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Select, and_, delete, func, select
from sqlalchemy.orm import Session

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, key_of, labels
from patchops.store.dialects import insert_many, replacing_assessment
from patchops.store.findings_filter import Found, Wanted, fits
from patchops.store.models import (
    AssessedHost,
    Assessment,
    Finding,
    FindingCve,
    FindingKind,
    FindingPackage,
)

_OF_ONE_HOST: Final = frozenset({"host", "inventory", "rank"})
_PARTS: Final = (Finding, FindingCve, FindingPackage, FindingKind, AssessedHost)
_AT_ONCE: Final = 5_000


class LatestFindings:
    """The latest assessment in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, document: Mapping[str, Any]) -> None:
        """Put a fleet's findings document in the place of the former one, in one transaction."""
        hosts = document["hosts"]
        numbers = {key_of(row): number for number, row in enumerate(hosts)}
        kinds = _Kinds()
        rows = [
            {"rank": rank, "host": numbers[key_of(finding)], "kind": kinds.number_of(finding)}
            for rank, finding in enumerate(document["findings"], start=1)
        ]
        head = {name: value for name, value in document.items() if name not in ("hosts", "findings")}
        with Session(self._engine) as session, session.begin():
            replacing_assessment(session)
            former = session.scalars(select(Assessment.id)).all()
            kept = Assessment(created_at=document["created_at"], head=head)
            session.add(kept)
            session.flush()
            for table, values in (
                (AssessedHost, _host_rows(numbers, hosts)),
                (FindingKind, kinds.rows),
                (FindingCve, kinds.cves),
                (FindingPackage, kinds.packages),
                (Finding, rows),
            ):
                insert_many(session, table, values, {"assessment_id": kept.id})
            _delete(session, former)

    def created_at(self) -> str | None:
        """When the latest assessment was made; None before the first."""
        with Session(self._engine) as session:
            return session.scalar(select(Assessment.created_at).order_by(Assessment.id.desc()).limit(1))

    def head(self) -> dict[str, Any] | None:
        """The document of the latest assessment without hosts and findings; None before the first."""
        with Session(self._engine) as session:
            latest = _latest(session)
            return latest.head if latest else None

    def document(self) -> dict[str, Any] | None:
        """The document of the latest assessment with its hosts, and without its findings."""
        with Session(self._engine) as session:
            latest = _latest(session)
            if latest is None:
                return None
            bodies = session.scalars(
                select(AssessedHost.body)
                .where(AssessedHost.assessment_id == latest.id)
                .order_by(AssessedHost.number)
            )
            return {**latest.head, "hosts": [json.loads(body) for body in bodies]}

    def hosts(self) -> list[HostKey]:
        """The hosts of the latest assessment."""
        with Session(self._engine) as session:
            latest = _latest(session)
            return list(_hosts(session, latest.id).values()) if latest else []

    def ask(self, wanted: Wanted, most: int | None = None) -> Found:
        """The findings that fit, the most urgent first. `most`: how many of them to return."""
        with Session(self._engine) as session:
            latest = _latest(session)
            return _ask(session, latest.id, wanted, most) if latest else Found([], 0, {})


class _Kinds:
    """What the findings of a document have in common, each numbered at its first sight."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.rows: list[dict[str, Any]] = []
        self.cves: list[dict[str, Any]] = []
        self.packages: list[dict[str, Any]] = []

    def number_of(self, finding: Mapping[str, Any]) -> int:
        body = json.dumps({name: value for name, value in finding.items() if name not in _OF_ONE_HOST})
        number = self._numbers.setdefault(body, len(self._numbers))
        if number == len(self.rows):
            self._add(number, finding, body)
        return number

    def _add(self, number: int, finding: Mapping[str, Any], body: str) -> None:
        self.rows.append(
            {
                "number": number,
                **{name: finding.get(name) for name in ("advisory", "package", "effective", "due")},
                "state": finding["state"],
                "overdue_days": finding["overdue_days"],
                "exploited": finding.get("kev") is not None,
                "body": body,
            }
        )
        self.cves += ({"cve": cve, "kind": number} for cve in sorted(set(finding["cves"])))
        names = {finding["package"], *(binary["name"] for binary in finding.get("binaries") or ())} - {None}
        self.packages += ({"name": name, "kind": number} for name in sorted(names))


def _host_rows(numbers: Mapping[HostKey, int], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"number": number, "inventory": host.inventory, "name": host.name, "body": json.dumps(rows[number])}
        for host, number in numbers.items()
    ]


def _delete(session: Session, assessments: Sequence[int]) -> None:
    for table in _PARTS:
        session.execute(delete(table).where(table.assessment_id.in_(assessments)))
    session.execute(delete(Assessment).where(Assessment.id.in_(assessments)))


def _latest(session: Session) -> Assessment | None:
    return session.scalars(select(Assessment).order_by(Assessment.id.desc()).limit(1)).first()


def _hosts(session: Session, assessment: int) -> dict[int, HostKey]:
    query = select(AssessedHost.number, AssessedHost.inventory, AssessedHost.name)
    rows = session.execute(
        query.where(AssessedHost.assessment_id == assessment).order_by(AssessedHost.number)
    )
    return {number: HostKey(inventory, name) for number, inventory, name in rows}


def _ask(session: Session, assessment: int, wanted: Wanted, most: int | None) -> Found:
    hosts = _hosts(session, assessment)
    chosen = None
    if wanted.hosts:
        chosen = [number for number, host in hosts.items() if fits(wanted.hosts, host.name, host.label)]
    kinds = _kinds(session, assessment, wanted)
    rows: list[tuple[int, int, int]] = []
    count = 0
    for condition in _conditions(chosen, kinds):
        query = select(Finding.rank, Finding.host, Finding.kind).where(
            Finding.assessment_id == assessment, *condition
        )
        counting = select(func.count()).select_from(query.subquery())
        answer = session.execute(query.order_by(Finding.rank).limit(most))
        found = [(rank, host, kind) for rank, host, kind in answer]
        count += len(found) if most is None or len(found) < most else session.scalar(counting) or 0
        rows += found
    rows.sort()
    return Found(list(_told(session, assessment, rows[:most], hosts)), count, labels(hosts.values()))


def _conditions(
    hosts: Sequence[int] | None, kinds: Sequence[int] | None
) -> Iterator[Sequence[ColumnElement[bool]]]:
    """Conditions that no finding fits twice, with as many values as every database takes."""
    for some_hosts in _parts(hosts):
        for some_kinds in _parts(kinds):
            condition = []
            if some_hosts is not None:
                condition.append(Finding.host.in_(some_hosts))
            if some_kinds is not None:
                condition.append(Finding.kind.in_(some_kinds))
            yield condition


def _parts(values: Sequence[int] | None) -> Iterator[Sequence[int] | None]:
    if values is None:
        yield None
        return
    rest = iter(values)
    while part := list(islice(rest, _AT_ONCE)):
        yield part


def _kinds(session: Session, assessment: int, wanted: Wanted) -> Sequence[int] | None:
    """The numbers of the kinds that fit, None where all do."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(FindingKind.state.in_(wanted.states))
    if wanted.due_before is not None:
        conditions.append(FindingKind.due < wanted.due_before)
    if wanted.overdue:
        conditions.append(FindingKind.overdue_days > 0)
    if wanted.exploited:
        conditions.append(FindingKind.exploited.is_(True))
    if wanted.cves:
        named = select(FindingCve.kind).where(
            FindingCve.assessment_id == assessment, FindingCve.cve.in_([cve.upper() for cve in wanted.cves])
        )
        conditions.append(FindingKind.number.in_(named))
    if wanted.packages:
        names = select(FindingPackage.name).where(FindingPackage.assessment_id == assessment).distinct()
        fitting = _fitting(session, names, wanted.packages)
        packages = select(FindingPackage.kind).where(
            FindingPackage.assessment_id == assessment, FindingPackage.name.in_(fitting)
        )
        conditions.append(FindingKind.number.in_(packages))
    if wanted.advisories:
        known = select(FindingKind.advisory).where(FindingKind.assessment_id == assessment).distinct()
        conditions.append(FindingKind.advisory.in_(_fitting(session, known, wanted.advisories)))
    if not conditions:
        return None
    query = select(FindingKind.number).where(FindingKind.assessment_id == assessment, and_(*conditions))
    return session.scalars(query).all()


def _fitting(session: Session, names: Select[Any], patterns: Sequence[str]) -> list[str]:
    return [name for name in session.scalars(names) if name is not None and fits(patterns, name)]


def _told(
    session: Session, assessment: int, rows: Iterable[tuple[int, int, int]], hosts: Mapping[int, HostKey]
) -> Iterator[dict[str, Any]]:
    """The findings behind these rows, as an assessment's document has them."""
    rows = list(rows)
    bodies: dict[int, dict[str, Any]] = {}
    for part in _parts(sorted({kind for _rank, _host, kind in rows})):
        query = select(FindingKind.number, FindingKind.body).where(
            FindingKind.assessment_id == assessment, FindingKind.number.in_(part or ())
        )
        bodies |= {number: json.loads(body) for number, body in session.execute(query)}
    for rank, host, kind in rows:
        key = hosts[host]
        yield {**bodies[kind], "host": key.name, "inventory": key.inventory, "rank": rank}
