# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables. What a run found out in full is in its report; here is what questions are asked of."""

from __future__ import annotations

import datetime
import json
from typing import Any

from sqlalchemy import ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime.datetime]):
    """A moment in UTC, kept as `2026-11-22T09:57:00Z`: SQLite has no type that keeps the zone."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime.datetime | None:
        return None if value is None else datetime.datetime.fromisoformat(value)


class JsonText(TypeDecorator[Any]):
    """A value as JSON in a column of text: every dialect has that, and keeps it as it was written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    """Names of constraints are fixed, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Host(Base):
    """One managed machine; its key is the inventory and its name there.

    The rest is the newest known state.
    """

    __tablename__ = "hosts"
    __table_args__ = (UniqueConstraint("inventory", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    inventory: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text, index=True)
    os: Mapped[str | None] = mapped_column(Text)
    platform: Mapped[str | None] = mapped_column(Text)
    security_source: Mapped[str | None] = mapped_column(Text)
    pending_total: Mapped[int | None]
    pending_security: Mapped[int | None]
    reboot_required: Mapped[bool | None]
    effective: Mapped[str | None] = mapped_column(Text)
    seen_at: Mapped[datetime.datetime | None] = mapped_column(UtcTime)


class Run(Base):
    """One execution of a playbook. A run whose controller died is taken up again by a further attempt."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    playbook: Mapped[str] = mapped_column(Text)
    inventory: Mapped[str] = mapped_column(Text)
    sources: Mapped[list[str]] = mapped_column(JsonText, server_default="[]")
    pattern: Mapped[str] = mapped_column(Text)
    # Versions up to 0.1 found a run again by it. It stays for their processes that are still running.
    request_digest: Mapped[str] = mapped_column(Text, index=True, default="")
    changes_hosts: Mapped[bool]
    check_mode: Mapped[bool]
    started_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime.datetime | None] = mapped_column(UtcTime)
    status: Mapped[str] = mapped_column(Text, index=True)
    exit_code: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    patch_set_id: Mapped[str | None] = mapped_column(Text)

    attempts: Mapped[list[Attempt]] = relationship(back_populates="run", order_by="Attempt.number")


class Attempt(Base):
    """One try at a run, committed before anything starts.

    `worker_id` is the process that started it, None where a version up to 0.1 did: that one is known by
    `wrapper_pid` and `wrapper_started` (ticks since boot) alone. Pid, machine, host name and boot only
    describe it.
    `lease_until`: when the worker counts as gone unless it was heard of again.
    """

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    number: Mapped[int]
    directory: Mapped[str] = mapped_column(Text)
    wrapper_pid: Mapped[int]
    wrapper_started: Mapped[int | None]
    worker_id: Mapped[str | None] = mapped_column(Text)
    machine: Mapped[str] = mapped_column(Text, server_default="")
    hostname: Mapped[str] = mapped_column(Text, server_default="")
    boot_id: Mapped[str] = mapped_column(Text, server_default="")
    lease_until: Mapped[datetime.datetime | None] = mapped_column(UtcTime)
    status: Mapped[str] = mapped_column(Text, index=True)
    started_at: Mapped[datetime.datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime.datetime | None] = mapped_column(UtcTime)
    returncode: Mapped[int | None]

    run: Mapped[Run] = relationship(back_populates="attempts")
    results: Mapped[list[HostResult]] = relationship(back_populates="attempt")


class HostResult(Base):
    """How one host came out of one attempt; `not_started` until something else is known."""

    __tablename__ = "host_results"
    __table_args__ = (UniqueConstraint("attempt_id", "host_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("hosts.id"), index=True)
    outcome_class: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, default="")
    message: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str] = mapped_column(Text, default="")
    step: Mapped[str | None] = mapped_column(Text)
    touched: Mapped[bool] = mapped_column(default=False)
    lost: Mapped[bool] = mapped_column(default=False)
    changes: Mapped[int] = mapped_column(default=0)

    attempt: Mapped[Attempt] = relationship(back_populates="results")
    host: Mapped[Host] = relationship()


class Transaction(Base):
    """A change of packages on one host, as last heard of. The host's own journal is the truth."""

    __tablename__ = "transactions"
    __table_args__ = (UniqueConstraint("host_id", "transaction_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("hosts.id"), index=True)
    transaction_id: Mapped[str] = mapped_column(Text)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    state: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime.datetime] = mapped_column(UtcTime)

    host: Mapped[Host] = relationship()


class Assessment(Base):
    """An assessment of the fleet. `head`: its findings document without the hosts and the findings.

    One assessment is kept, the newest. What belongs to it is numbered within it, so that a new one is written
    beside it and takes its place in one step.
    """

    __tablename__ = "assessments"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[str] = mapped_column(String(20))
    head: Mapped[dict[str, Any]] = mapped_column(JsonText)


class AssessedHost(Base):
    """One host of an assessment, in the document's order. `body`: its row in the document."""

    __tablename__ = "assessed_hosts"
    __table_args__ = (Index("ix_assessed_hosts_name", "assessment_id", "name"),)

    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    inventory: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)


class FindingKind(Base):
    """What findings of several hosts have in common. `body`: the finding without host and rank."""

    __tablename__ = "finding_kinds"
    __table_args__ = (Index("ix_finding_kinds_advisory", "assessment_id", "advisory"),)

    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    advisory: Mapped[str | None] = mapped_column(Text)
    package: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    effective: Mapped[str | None] = mapped_column(Text)
    due: Mapped[str | None] = mapped_column(String(10))
    overdue_days: Mapped[int]
    exploited: Mapped[bool]
    body: Mapped[str] = mapped_column(Text)


class FindingCve(Base):
    """A CVE that a kind of finding is about."""

    __tablename__ = "finding_cves"

    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    cve: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[int] = mapped_column(primary_key=True)


class FindingPackage(Base):
    """A name that a kind of finding is found by: its source package, and each binary one."""

    __tablename__ = "finding_packages"

    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[int] = mapped_column(primary_key=True)


class Finding(Base):
    """One finding on one host: the host's and the kind's number. `rank`: the most urgent is 1.

    There are hundreds of thousands. That their assessment exists is for the writer to see to.
    """

    __tablename__ = "findings"
    __table_args__ = (
        Index("ix_findings_host", "assessment_id", "host"),
        Index("ix_findings_kind", "assessment_id", "kind"),
        {"sqlite_with_rowid": False},
    )

    assessment_id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[int]
    kind: Mapped[int]


class Import(Base):
    """A file of another owner that was taken over. `mark`: its time and size, which tell a later change."""

    __tablename__ = "imports"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    mark: Mapped[str] = mapped_column(Text)


class DuePromise(Base):
    """The due date that was promised for a finding of a host. It stays when the finding is closed.

    `inventory` is "" where a version up to 0.1 promised: that knew hosts by their name alone.
    """

    __tablename__ = "promises"

    inventory: Mapped[str] = mapped_column(Text, primary_key=True)
    host: Mapped[str] = mapped_column(Text, primary_key=True)
    advisory: Mapped[str] = mapped_column(Text, primary_key=True)
    package: Mapped[str] = mapped_column(Text, primary_key=True)
    first_seen: Mapped[str] = mapped_column(String(10))
    due: Mapped[str | None] = mapped_column(String(10))
    recorded_at: Mapped[str] = mapped_column(String(10))
    explanation: Mapped[Any] = mapped_column(JsonText, nullable=True)


class VersionSighting(Base):
    """A version that a platform's repositories offer, and since when."""

    __tablename__ = "sightings"

    platform: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    arch: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True)
    first_seen: Mapped[str] = mapped_column(String(10))
