# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of runs: an attempt is on record before it starts, and what it did is put beside it.

Every function is one transaction of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, insert, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory, RunKey, WorkerId
from patchops.store import interrupted
from patchops.store.dialects import insert_new, insert_or_update, one_at_a_time, shared_clock
from patchops.store.interrupted import INTERRUPTED, parts
from patchops.store.models import Attempt, Host, HostResult, Run, Transaction

RUNNING = "running"
_MOST_NAMED = 5


@dataclass(frozen=True)
class NewRun:
    """What is known of a run before it starts."""

    run_id: str
    playbook: str
    inventory: Inventory
    pattern: str
    changes_hosts: bool
    check_mode: bool
    hosts: Sequence[str]


@dataclass(frozen=True)
class OpenAttempt:
    """An attempt that is on record as running.

    `worker` is the process that started it. Its id is "" where a version up to 0.1 did, which is known by its
    pid and `started_ticks` (since boot) alone. `leased`: it was heard of so lately that it counts as alive.
    """

    attempt_id: int
    run_id: str
    playbook: str
    changes_hosts: bool
    directory: str
    worker: WorkerId
    started_ticks: int | None
    leased: bool
    started_at: datetime.datetime
    inventory: Inventory


@dataclass(frozen=True)
class HostFacts:
    """The newest known state of a host; None leaves what is on record."""

    name: str
    os: str | None = None
    platform: str | None = None
    security_source: str | None = None
    pending_total: int | None = None
    pending_security: int | None = None
    reboot_required: bool | None = None
    effective: str | None = None


@dataclass(frozen=True)
class Result:
    """How one host came out of an attempt."""

    name: str
    outcome_class: str
    code: str
    message: str
    remedy: str
    step: str | None
    touched: bool
    lost: bool
    changes: int


@dataclass(frozen=True)
class Closing:
    """The end of an attempt and of its run. `status` is done, stopped, failed, unknown or interrupted."""

    status: str
    exit_code: int
    returncode: int | None
    reason: str
    patch_set_id: str | None
    facts: Sequence[HostFacts]
    results: Sequence[Result]


class Overtaken(Exception):
    """Another run on some of the same hosts was put on record a moment ago."""

    def __init__(self, run_id: str, hosts: Sequence[str]) -> None:
        super().__init__(run_id, hosts)
        self.run_id, self.hosts = run_id, hosts


class RunLedger:
    """Writes of a run in progress."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(
        self,
        new: NewRun,
        directory: str,
        worker: WorkerId,
        now: datetime.datetime,
        lease: datetime.timedelta,
        looked_at: Collection[int] | None = None,
    ) -> int:
        """Put an attempt on record, and its run unless that one is taken up again.

        Returns the attempt's id. `lease`: how long its worker counts as alive unless it is renewed.
        `looked_at`: the open attempts that don't stand in the way; raises Overtaken when there is another one
        by now that works on any of the hosts.
        """
        with Session(self._engine) as session, session.begin():
            if looked_at is not None:
                one_at_a_time(session)
                _refuse_overtaken(session, new, looked_at)
            run = session.get(Run, new.run_id)
            if run is None:
                run = Run(
                    id=new.run_id,
                    playbook=new.playbook,
                    inventory=new.inventory.key,
                    sources=list(new.inventory.sources),
                    pattern=new.pattern,
                    request_digest="",
                    changes_hosts=new.changes_hosts,
                    check_mode=new.check_mode,
                    started_at=now,
                    status=RUNNING,
                )
                session.add(run)
            run.status, run.finished_at, run.exit_code, run.reason = RUNNING, None, None, ""
            attempt = Attempt(
                number=len(run.attempts) + 1,
                directory=directory,
                worker_id=worker.id,
                machine=worker.machine,
                hostname=worker.hostname,
                boot_id=worker.boot_id,
                wrapper_pid=worker.pid,
                lease_until=shared_clock(session, now) + lease,
                status=RUNNING,
                started_at=now,
            )
            run.attempts.append(attempt)
            session.flush()
            identifiers = _host_ids(session, new.inventory.key, new.hosts)
            session.execute(
                insert(HostResult),
                [_blank_result(attempt.id, identifier) for identifier in identifiers.values()],
            )
            if new.changes_hosts:
                interrupted.supersede(session, RunKey(new.inventory.key, new.playbook), new.run_id)
            return attempt.id

    def renew(self, attempt_id: int, now: datetime.datetime, lease: datetime.timedelta) -> bool:
        """Say that the attempt's worker lives; False when the attempt is no longer on record as running."""
        with Session(self._engine) as session, session.begin():
            renewed = session.execute(
                update(Attempt)
                .where(Attempt.id == attempt_id, Attempt.status == RUNNING)
                .values(lease_until=shared_clock(session, now) + lease)
            )
            return bool(cast(CursorResult[Any], renewed).rowcount)

    def open_attempts(self, now: datetime.datetime) -> list[OpenAttempt]:
        """Attempts that were never closed: running now, or their worker was killed."""
        with Session(self._engine) as session:
            query = select(Attempt).where(Attempt.status == RUNNING).options(selectinload(Attempt.run))
            clock = shared_clock(session, now)
            return [_open_attempt(attempt, clock) for attempt in session.scalars(query)]

    def hosts_among(self, attempt_id: int, names: Sequence[str]) -> list[str]:
        """Those of the hosts with these names that an attempt is about, sorted."""
        with Session(self._engine) as session:
            return _hosts_among(session, attempt_id, names)

    def attempts_of(self, run_id: str) -> int:
        """How many attempts a run has."""
        with Session(self._engine) as session:
            run = session.get(Run, run_id)
            return len(run.attempts) if run else 0

    def resumable(self, key: RunKey, names: Sequence[str]) -> str | None:
        """The newest interrupted run of this kind that left one of these hosts unfinished.

        A host is unfinished when nothing is known of how it came out, and no later run of the kind was about
        it.
        """
        with Session(self._engine) as session:
            return interrupted.resumable(session, key, names)

    def mark_interrupted(self, attempt_id: int, now: datetime.datetime) -> None:
        """Close an attempt whose processes are all gone and which left no end of its own.

        One that has been closed since it was looked at keeps its end.
        """
        with Session(self._engine) as session, session.begin():
            marked = session.execute(
                update(Attempt)
                .where(Attempt.id == attempt_id, Attempt.status == RUNNING)
                .values(status=INTERRUPTED, finished_at=now)
            )
            if cast(CursorResult[Any], marked).rowcount == 1:
                run = session.get_one(Attempt, attempt_id).run
                run.status, run.finished_at = INTERRUPTED, now

    def note_transaction(
        self, attempt_id: int, host: str, transaction_id: str, state: str, now: datetime.datetime
    ) -> None:
        """Keep the last known state of a transaction on a host, as soon as it is heard of."""
        with Session(self._engine) as session, session.begin():
            attempt = session.get_one(Attempt, attempt_id)
            run = attempt.run
            host_id = _host_ids(session, run.inventory, [host])[host]
            values = {"run_id": run.id, "state": state, "updated_at": now}
            insert_or_update(
                session,
                Transaction,
                {"host_id": host_id, "transaction_id": transaction_id},
                values,
            )

    def close(self, attempt_id: int, closing: Closing, now: datetime.datetime) -> None:
        """Record how an attempt and its run ended, and what is now known of its hosts.

        A run that was taken up again with other hosts than before is not done while it left some unfinished.
        """
        with Session(self._engine) as session, session.begin():
            attempt = session.get_one(Attempt, attempt_id)
            run = attempt.run
            attempt.status, attempt.finished_at, attempt.returncode = closing.status, now, closing.returncode
            if attempt is not run.attempts[-1]:
                return  # a later attempt has taken the run up; its end is the run's
            run.status, run.finished_at, run.exit_code = closing.status, now, closing.exit_code
            run.reason, run.patch_set_id = closing.reason, closing.patch_set_id
            by_name = _results_by_name(session, attempt)
            for result in closing.results:
                if result.name in by_name:
                    _fill(by_name[result.name], result)
            for facts in closing.facts:
                if facts.name in by_name:
                    _learn(by_name[facts.name].host, facts, now)
            session.flush()
            if run.changes_hosts and (left := interrupted.left_unfinished(session, attempt)):
                more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
                run.status = INTERRUPTED
                run.reason = (
                    f"{run.reason} Left unfinished by an earlier attempt:"
                    f" {', '.join(left[:_MOST_NAMED])}{more}."
                    f" Run `patchops {run.playbook}` on them to finish."
                ).strip()


def _hosts_among(session: Session, attempt_id: int, names: Sequence[str]) -> list[str]:
    query = select(Host.name).join(HostResult).where(HostResult.attempt_id == attempt_id)
    return sorted(name for part in parts(names) for name in session.scalars(query.where(Host.name.in_(part))))


def _refuse_overtaken(session: Session, new: NewRun, looked_at: Collection[int]) -> None:
    query = select(Attempt).join(Run).where(Attempt.status == RUNNING, Run.changes_hosts)
    for attempt in session.scalars(query.options(selectinload(Attempt.run))):
        other = Inventory(attempt.run.inventory, tuple(attempt.run.sources))
        if attempt.id in looked_at or not new.changes_hosts or not other.overlaps(new.inventory):
            continue
        if shared := _hosts_among(session, attempt.id, new.hosts):
            raise Overtaken(attempt.run_id, shared)


def _host_ids(session: Session, inventory: str, names: Iterable[str]) -> dict[str, int]:
    """The ids of these hosts, put on record where they are new. Costs what the names cost, not the fleet."""
    wanted = list(dict.fromkeys(names))
    identifiers = _known_ids(session, inventory, wanted)
    if new := [name for name in wanted if name not in identifiers]:
        rows = [{"inventory": inventory, "name": name} for name in new]
        insert_new(session, Host, rows, ["inventory", "name"])
        identifiers |= _known_ids(session, inventory, new)
    return {name: identifiers[name] for name in wanted}


def _known_ids(session: Session, inventory: str, names: Sequence[str]) -> dict[str, int]:
    query = select(Host.name, Host.id).where(Host.inventory == inventory)
    return {
        name: identifier
        for part in parts(names)
        for name, identifier in session.execute(query.where(Host.name.in_(part)))
    }


def _results_by_name(session: Session, attempt: Attempt) -> dict[str, HostResult]:
    query = select(HostResult).where(HostResult.attempt_id == attempt.id).options(joinedload(HostResult.host))
    return {result.host.name: result for result in session.scalars(query)}


def _blank_result(attempt_id: int, host_id: int) -> dict[str, object]:
    return {
        "attempt_id": attempt_id,
        "host_id": host_id,
        "outcome_class": "not_started",
        "code": "",
        "message": "",
        "remedy": "",
        "touched": False,
        "lost": False,
        "changes": 0,
    }


def _open_attempt(attempt: Attempt, clock: datetime.datetime) -> OpenAttempt:
    run = attempt.run
    return OpenAttempt(
        attempt_id=attempt.id,
        run_id=run.id,
        playbook=run.playbook,
        changes_hosts=run.changes_hosts,
        directory=attempt.directory,
        worker=WorkerId(
            id=attempt.worker_id or "",
            machine=attempt.machine,
            hostname=attempt.hostname,
            boot_id=attempt.boot_id,
            pid=attempt.wrapper_pid,
        ),
        started_ticks=attempt.wrapper_started,
        leased=attempt.lease_until is not None and clock < attempt.lease_until,
        started_at=attempt.started_at,
        inventory=Inventory(run.inventory, tuple(run.sources)),
    )


def _fill(row: HostResult, result: Result) -> None:
    row.outcome_class, row.code = result.outcome_class, result.code
    row.message, row.remedy, row.step = result.message, result.remedy, result.step
    row.touched, row.lost, row.changes = result.touched, result.lost, result.changes


def _learn(row: Host, facts: HostFacts, now: datetime.datetime) -> None:
    row.os = facts.os or row.os
    row.platform = facts.platform or row.platform
    row.security_source = facts.security_source or row.security_source
    row.effective = facts.effective or row.effective
    if facts.pending_total is not None:
        row.pending_total, row.pending_security = facts.pending_total, facts.pending_security
    if facts.reboot_required is not None:
        row.reboot_required = facts.reboot_required
    row.seen_at = now
