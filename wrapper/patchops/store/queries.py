# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about the state: the fleet as last seen, and the last runs."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, Subquery, and_, func, or_, select
from sqlalchemy.orm import Session

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import UNREACHABLE
from patchops.errors import ExitCode
from patchops.store.models import Attempt, Host, HostResult, Run, Transaction


@dataclass(frozen=True)
class HostStatus:
    """One host as last seen, and its last result."""

    name: str
    inventory: str
    os: str | None
    security_source: str | None
    pending_total: int | None
    pending_security: int | None
    reboot_required: bool | None
    effective: str | None
    seen_at: datetime.datetime | None
    last_run: str | None
    last_playbook: str | None
    last_class: str | None
    last_message: str | None
    transaction_id: str | None
    transaction_state: str | None


@dataclass(frozen=True)
class RunStatus:
    """One run and how it ended; `exit_code` is None while it runs or when its end is unknown."""

    run_id: str
    playbook: str
    pattern: str
    status: str
    check_mode: bool
    exit_code: int | None
    reason: str
    attempts: int
    hosts: int
    started_at: datetime.datetime
    finished_at: datetime.datetime | None


def fleet(engine: Engine, name: str | None = None) -> list[HostStatus]:
    """The hosts, each with its last result and transaction. `name`: only that one, or NAME@INVENTORY."""
    hosts = select(Host.id) if name is None else select(Host.id).where(_called(name))
    last_result, last_transaction = _newest(HostResult, hosts), _newest(Transaction, hosts)
    query = (
        select(
            Host.name,
            Host.inventory,
            Host.os,
            Host.security_source,
            Host.pending_total,
            Host.pending_security,
            Host.reboot_required,
            Host.effective,
            Host.seen_at,
            Run.id,
            Run.playbook,
            HostResult.outcome_class,
            HostResult.message,
            Transaction.transaction_id,
            Transaction.state,
        )
        .outerjoin(last_result, last_result.c.host_id == Host.id)
        .outerjoin(HostResult, HostResult.id == last_result.c.newest)
        .outerjoin(Attempt, Attempt.id == HostResult.attempt_id)
        .outerjoin(Run, Run.id == Attempt.run_id)
        .outerjoin(last_transaction, last_transaction.c.host_id == Host.id)
        .outerjoin(Transaction, Transaction.id == last_transaction.c.newest)
        .order_by(Host.inventory, Host.name)
    )
    if name is not None:
        query = query.where(_called(name))
    with engine.connect() as connection:
        rows: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(query)]
    return [HostStatus(*row) for row in rows]


def _newest(table: type[HostResult | Transaction], hosts: Select[Any]) -> Subquery:
    """The id of the newest row of `table` for each of `hosts`, as (host_id, newest)."""
    return (
        select(table.host_id, func.max(table.id).label("newest"))
        .where(table.host_id.in_(hosts))
        .group_by(table.host_id)
        .subquery()
    )


@dataclass(frozen=True)
class Sighting:
    """What the last run that asked a host found out; None: nothing is known."""

    platform: str | None
    reachable: bool | None


def sightings(engine: Engine, inventory: str) -> dict[str, Sighting]:
    """The hosts of an inventory by name, as they were last seen.

    A run that ended before a host's turn says nothing about it.
    """
    of_inventory = select(Host.id).where(Host.inventory == inventory)
    newest = (
        select(HostResult.host_id, func.max(HostResult.id).label("newest"))
        .where(HostResult.host_id.in_(of_inventory), HostResult.outcome_class != "not_started")
        .group_by(HostResult.host_id)
        .subquery()
    )
    query = (
        select(Host.name, Host.platform, HostResult.outcome_class)
        .outerjoin(newest, newest.c.host_id == Host.id)
        .outerjoin(HostResult, HostResult.id == newest.c.newest)
        .where(Host.inventory == inventory)
    )
    with engine.connect() as connection:
        return {
            name: Sighting(platform, None if outcome is None else outcome != UNREACHABLE)
            for name, platform, outcome in connection.execute(query)
        }


def patch_durations(engine: Engine, inventory: str, limit: int = 50) -> list[float]:
    """How many seconds the newest runs of `patch` took that changed hosts of an inventory and ended."""
    query = (
        select(Run.started_at, Run.finished_at)
        .where(
            Run.inventory == inventory,
            Run.playbook == "patch",
            Run.changes_hosts,
            Run.exit_code.in_([int(ExitCode.DONE), int(ExitCode.HOSTS_FAILED)]),
            Run.finished_at.is_not(None),
        )
        .order_by(Run.started_at.desc())
        .limit(limit)
    )
    with engine.connect() as connection:
        rows: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(query)]
    return [(finished - started).total_seconds() for started, finished in rows]


def last_runs(engine: Engine, limit: int, host: str | None = None) -> list[RunStatus]:
    """The newest runs first, only those that were about `host`, if given."""
    query = select(Run).order_by(Run.started_at.desc(), Run.id.desc()).limit(limit)
    if host is not None:
        about = select(Attempt.run_id).join(HostResult).join(Host).where(_called(host))
        query = query.where(Run.id.in_(about))
    with Session(engine) as session:
        runs: Sequence[Run] = session.scalars(query).all()
        return [_run_status(session, run) for run in runs]


def find_run(engine: Engine, run_id: str | None) -> RunStatus | None:
    """The run with this id, or the newest one for None."""
    with Session(engine) as session:
        if run_id is not None:
            run = session.get(Run, run_id)
        else:
            run = session.scalars(
                select(Run).order_by(Run.started_at.desc(), Run.id.desc()).limit(1)
            ).one_or_none()
        return _run_status(session, run) if run else None


def run_inventory(engine: Engine, run_id: str) -> str | None:
    """The key of a run's inventory, None when the run is not on record."""
    with Session(engine) as session:
        return session.scalar(select(Run.inventory).where(Run.id == run_id))


def _called(text: str) -> ColumnElement[bool]:
    """Hosts with this name or label. Each @ can be the one between the two parts of a label."""
    cuts = [at for at, character in enumerate(text) if character == "@"]
    labelled = [and_(Host.name == text[:at], Host.inventory == text[at + 1 :]) for at in cuts]
    return or_(Host.name == text, *labelled)


def _run_status(session: Session, run: Run) -> RunStatus:
    last = run.attempts[-1].id if run.attempts else None
    counted = select(func.count()).select_from(HostResult).where(HostResult.attempt_id == last)
    return RunStatus(
        run_id=run.id,
        playbook=run.playbook,
        pattern=run.pattern,
        status=run.status,
        check_mode=run.check_mode,
        exit_code=run.exit_code,
        reason=run.reason,
        attempts=len(run.attempts),
        hosts=session.scalar(counted) or 0,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )
