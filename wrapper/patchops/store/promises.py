# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory between assessments, in the database: promised due dates, and versions seen in repositories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import (
    FindingKey,
    PackageKey,
    Sighting,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import Promise
from patchops.store.dialects import insert_new, insert_or_update
from patchops.store.models import DuePromise, VersionSighting

_PROMISE = ("inventory", "host", "advisory", "package")
_SIGHTING = ("platform", "name", "arch", "version")


class Promises:
    """What was promised and seen. What an assessment records is kept by `keep`, in one transaction.

    Nothing is locked while hosts are assessed, so that runs go on.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._new: list[dict[str, Any]] = []
        self._replaced: list[dict[str, Any]] = []
        self._sightings: list[dict[str, Any]] = []
        self._read: dict[HostKey, set[FindingKey]] = {}

    def promises(self, host: HostKey) -> dict[FindingKey, Promise]:
        """What was promised for the findings of a host.

        A promise that was kept when hosts were known by name alone holds for every host of that name, until
        the host has one of its own.
        """
        query = (
            select(DuePromise)
            .where(DuePromise.host == host.name, DuePromise.inventory.in_(("", host.inventory)))
            .order_by(DuePromise.inventory)
        )
        with Session(self._engine) as session:
            rows = session.scalars(query).all()
        self._read[host] = {(row.advisory, row.package) for row in rows if row.inventory == host.inventory}
        return {
            (row.advisory, row.package): Promise(
                date.fromisoformat(row.due) if row.due else None,
                date.fromisoformat(row.recorded_at),
                date.fromisoformat(row.first_seen),
                row.explanation,
            )
            for row in rows
        }

    def record_promises(self, host: HostKey, promises: Mapping[FindingKey, Promise]) -> None:
        """Keep new promises, or replace those that a recorded act released."""
        read = self._read.get(host, set())
        for key, promise in promises.items():
            (self._replaced if key in read else self._new).append(_row(host, key, promise))

    def sightings(self, package: PackageKey) -> dict[str, date]:
        """The versions of a package that were ever offered, with the day of their first sight."""
        platform, name, arch = package
        query = select(VersionSighting.version, VersionSighting.first_seen).where(
            VersionSighting.platform == platform, VersionSighting.name == name, VersionSighting.arch == arch
        )
        with Session(self._engine) as session:
            return {version: date.fromisoformat(day) for version, day in session.execute(query)}

    def record_sightings(self, sightings: Iterable[Sighting]) -> None:
        """Keep new versions; a version that is known keeps its first day."""
        self._sightings += (
            dict(
                zip(_SIGHTING, (*each.package, each.version), strict=True),
                first_seen=each.first_seen.isoformat(),
            )
            for each in sightings
        )

    def keep(self) -> None:
        """Put on record what was recorded. What another assessment promised meanwhile stays."""
        with Session(self._engine) as session, session.begin():
            if self._new:
                insert_new(session, DuePromise, self._new, _PROMISE)
            for row in self._replaced:
                key = {name: row[name] for name in _PROMISE}
                insert_or_update(
                    session, DuePromise, key, {name: row[name] for name in row if name not in key}
                )
            if self._sightings:
                insert_new(session, VersionSighting, self._sightings, _SIGHTING)
        self._new, self._replaced, self._sightings = [], [], []


@contextmanager
def remembering(engine: Engine) -> Iterator[Promises]:
    """The memory for one assessment; what it records is kept when the block ends without an error."""
    memory = Promises(engine)
    yield memory
    memory.keep()


def _row(host: HostKey, key: FindingKey, promise: Promise) -> dict[str, Any]:
    values = (host.inventory, host.name, *key)
    return {
        **dict(zip(_PROMISE, values, strict=True)),
        "first_seen": promise.first_seen.isoformat(),
        "due": promise.due.isoformat() if promise.due else None,
        "recorded_at": promise.recorded_at.isoformat(),
        "explanation": promise.explanation or None,
    }
