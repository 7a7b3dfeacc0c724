# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: an attempt is on record before it starts, and what it did is put beside it.

Every function is one transaction of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session, selectinload

from patchops.store.models import Attempt, Host, HostResult, Run, Transaction

RUNNING = "running"
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class NewRun:
    """What is known of a run before it starts; `digest` tells whether two calls asked for the same."""

    run_id: str
    playbook: str
    inventory: str
    pattern: str
    digest: str
    changes_hosts: bool
    check_mode: bool
    hosts: Sequence[str]


@dataclass(frozen=True)
class WrapperProcess:
    """A process for good: its pid and its start in ticks since boot."""

    pid: int
    started_ticks: int | None


@dataclass(frozen=True)
class OpenAttempt:
    """An attempt that is on record as running."""

    attempt_id: int
    run_id: str
    playbook: str
    digest: str
    changes_hosts: bool
    directory: str
    wrapper: WrapperProcess
    started_at: datetime.datetime
    hosts: frozenset[str]
    inventory: str


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


class Ledger:
    """Writes of a run in progress."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, new: NewRun, directory: str, wrapper: WrapperProcess, now: datetime.datetime) -> int:
        """Put an attempt on record, and its run unless that one is taken up again.

        Returns the attempt's id.
        """
        with Session(self._engine) as session, session.begin():
            run = session.get(Run, new.run_id)
            if run is None:
                run = Run(
                    id=new.run_id,
                    playbook=new.playbook,
                    inventory=new.inventory,
                    pattern=new.pattern,
                    request_digest=new.digest,
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
                wrapper_pid=wrapper.pid,
                wrapper_started=wrapper.started_ticks,
                status=RUNNING,
                started_at=now,
            )
            run.attempts.append(attempt)
            session.flush()
            identifiers = _host_ids(session, new.inventory, new.hosts)
            session.execute(
                insert(HostResult),
                [_blank_result(attempt.id, identifier) for identifier in identifiers.values()],
            )
            return attempt.id

    def open_attempts(self) -> list[OpenAttempt]:
        """Attempts that were never closed: running now, or their wrapper was killed."""
        with Session(self._engine) as session:
            query = (
                select(Attempt)
                .where(Attempt.status == RUNNING)
                .options(
                    selectinload(Attempt.run), selectinload(Attempt.results).selectinload(HostResult.host)
                )
            )
            return [_open_attempt(attempt) for attempt in session.scalars(query)]

    def attempts_of(self, run_id: str) -> int:
        """How many attempts a run has."""
        with Session(self._engine) as session:
            run = session.get(Run, run_id)
            return len(run.attempts) if run else 0

    def resumable(self, digest: str) -> str | None:
        """The newest run that asked for the same, if it was interrupted before its report."""
        with Session(self._engine) as session:
            query = select(Run).where(Run.request_digest == digest).order_by(Run.started_at.desc()).limit(1)
            run = session.scalars(query).one_or_none()
            return run.id if run is not None and run.status == INTERRUPTED else None

    def mark_interrupted(self, attempt_id: int, now: datetime.datetime) -> None:
        """Close an attempt whose processes are all gone and which left no end of its own."""
        with Session(self._engine) as session, session.begin():
            attempt = session.get_one(Attempt, attempt_id)
            attempt.status, attempt.finished_at = INTERRUPTED, now
            attempt.run.status, attempt.run.finished_at = INTERRUPTED, now

    def note_transaction(
        self, attempt_id: int, host: str, transaction_id: str, state: str, now: datetime.datetime
    ) -> None:
        """Keep the last known state of a transaction on a host, as soon as it is heard of."""
        with Session(self._engine) as session, session.begin():
            attempt = session.get_one(Attempt, attempt_id)
            host_id = _host_ids(session, attempt.run.inventory, [host])[host]
            values = {"run_id": attempt.run_id, "state": state, "updated_at": now}
            statement = insert(Transaction).values(host_id=host_id, transaction_id=transaction_id, **values)
            session.execute(
                statement.on_conflict_do_update(index_elements=["host_id", "transaction_id"], set_=values)
            )

    def close(self, attempt_id: int, closing: Closing, now: datetime.datetime) -> None:
        """Record how an attempt and its run ended, and what is now known of its hosts."""
        with Session(self._engine) as session, session.begin():
            attempt = session.get_one(Attempt, attempt_id)
            run = attempt.run
            attempt.status, attempt.finished_at, attempt.returncode = closing.status, now, closing.returncode
            run.status, run.finished_at, run.exit_code = closing.status, now, closing.exit_code
            run.reason, run.patch_set_id = closing.reason, closing.patch_set_id
            by_name = {result.host.name: result for result in attempt.results}
            for result in closing.results:
                if result.name in by_name:
                    _fill(by_name[result.name], result)
            for facts in closing.facts:
                if facts.name in by_name:
                    _learn(by_name[facts.name].host, facts, now)


def _host_ids(session: Session, inventory: str, names: Iterable[str]) -> dict[str, int]:
    """The ids of these hosts, put on record where they are new."""
    wanted = list(dict.fromkeys(names))
    rows = [{"inventory": inventory, "name": name} for name in wanted]
    session.execute(insert(Host).on_conflict_do_nothing(index_elements=["inventory", "name"]), rows)
    known = session.scalars(select(Host).where(Host.inventory == inventory))
    identifiers = {host.name: host.id for host in known}
    return {name: identifiers[name] for name in wanted}


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


def _open_attempt(attempt: Attempt) -> OpenAttempt:
    return OpenAttempt(
        attempt_id=attempt.id,
        run_id=attempt.run_id,
        playbook=attempt.run.playbook,
        digest=attempt.run.request_digest,
        changes_hosts=attempt.run.changes_hosts,
        directory=attempt.directory,
        wrapper=WrapperProcess(attempt.wrapper_pid, attempt.wrapper_started),
        started_at=attempt.started_at,
        hosts=frozenset(result.host.name for result in attempt.results),
        inventory=attempt.run.inventory,
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
