# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupted runs: which one is taken up, and what else ends them.

A run that changes hosts is `interrupted` while it left hosts unfinished that no later run of its kind was
about. It ends when it is taken up and finished, when later runs have been about all of those hosts
(`superseded`), or when a person closes it (`closed`). For a run that changes nothing, `interrupted` is final.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import RunKey
from patchops.store.models import Attempt, Host, HostResult, Run

INTERRUPTED = "interrupted"
SUPERSEDED = "superseded"
CLOSED = "closed"
UNFINISHED = ("not_started", "unknown")
"""Classes of outcomes after which a host still waits for the end of its run."""
_NAMES_AT_ONCE = 10_000


def parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """The names in parts that every database takes in one statement."""
    return (names[start : start + _NAMES_AT_ONCE] for start in range(0, len(names), _NAMES_AT_ONCE))


def resumable(session: Session, key: RunKey, names: Sequence[str]) -> str | None:
    """The newest interrupted run of this kind that left one of these hosts unfinished."""
    query = (
        _left(select(Run), key.playbook)
        .where(*_interrupted(key))
        .order_by(Run.started_at.desc(), Run.id.desc())
        .limit(1)
    )
    found = [session.scalars(query.where(Host.name.in_(part))).first() for part in parts(names)]
    runs = [run for run in found if run is not None]
    return max(runs, key=lambda run: (run.started_at, run.id)).id if runs else None


def supersede(session: Session, key: RunKey, by: str) -> None:
    """End the interrupted runs of this kind of which nothing is left since the run `by` is on record."""
    left = _left(select(Run.id), key.playbook).where(*_interrupted(key))
    session.execute(
        update(Run)
        .where(*_interrupted(key), Run.id != by, Run.id.not_in(left))
        .values(status=SUPERSEDED, reason=func.trim(Run.reason + f" Superseded by run {by}."))
        .execution_options(synchronize_session=False)
    )


def left_unfinished(session: Session, closed: Attempt) -> list[str]:
    """The hosts that earlier attempts at the run left unfinished, and that the closed one was not about."""
    if closed.number == 1:
        return []
    return sorted(session.scalars(_last_of_run(closed.run_id).where(HostResult.attempt_id != closed.id)))


def close(engine: Engine, run_id: str, reason: str, now: datetime.datetime) -> list[str] | None:
    """End an interrupted run for good; return the hosts that it left unfinished.

    None where it isn't interrupted (any more).
    """
    with Session(engine) as session, session.begin():
        run = session.get(Run, run_id, with_for_update=True)
        if run is None or run.status != INTERRUPTED:
            return None
        run.status, run.finished_at, run.reason = CLOSED, now, reason
        return sorted(session.scalars(_last_of_run(run_id)))


def _interrupted(key: RunKey) -> tuple[ColumnElement[bool] | InstrumentedAttribute[bool], ...]:
    return (
        Run.status == INTERRUPTED,
        Run.playbook == key.playbook,
        Run.inventory == key.inventory,
        Run.changes_hosts,
    )


def _left(query: Select[Any], playbook: str) -> Select[Any]:
    """Rows of runs for hosts that are unfinished, and that no later run of the kind was about."""
    later_result, later_attempt, later_run = aliased(HostResult), aliased(Attempt), aliased(Run)
    later = (
        select(later_result.id)
        .join(later_attempt, later_attempt.id == later_result.attempt_id)
        .join(later_run, later_run.id == later_attempt.run_id)
        .where(
            later_result.host_id == HostResult.host_id,
            later_result.id > HostResult.id,
            later_run.playbook == playbook,
            later_run.changes_hosts,
        )
    )
    return (
        query.join(Attempt, Attempt.run_id == Run.id)
        .join(HostResult, HostResult.attempt_id == Attempt.id)
        .join(Host, Host.id == HostResult.host_id)
        .where(HostResult.outcome_class.in_(UNFINISHED), ~later.exists())
    )


def _last_of_run(run_id: str) -> Select[Any]:
    """The names of the hosts that a run left unfinished, by the last attempt that was about each."""
    last = (
        select(func.max(HostResult.id))
        .join(Attempt)
        .where(Attempt.run_id == run_id)
        .group_by(HostResult.host_id)
    )
    return (
        select(Host.name)
        .join(HostResult)
        .where(HostResult.id.in_(last), HostResult.outcome_class.in_(UNFINISHED))
    )
