# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories by their identity, workers by an id of their own. Hosts that were on record twice become one.

Columns are added and none is taken away: a process of the former version that has the database open while it
is migrated can still write the end of its run.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_hosts = sa.table("hosts", *map(sa.column, ("id", "inventory", "name", "seen_at")))
_runs = sa.table("runs", *map(sa.column, ("id", "inventory", "sources")))
_results = sa.table("host_results", *map(sa.column, ("id", "host_id")))
_transactions = sa.table("transactions", *map(sa.column, ("id", "host_id", "transaction_id", "updated_at")))


def upgrade() -> None:
    op.add_column("runs", sa.Column("sources", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("attempts", sa.Column("worker_id", sa.Text(), nullable=True))
    for name in ("machine", "hostname", "boot_id"):
        op.add_column("attempts", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("attempts", sa.Column("lease_until", sa.String(20), nullable=True))
    op.create_index("ix_runs_status", "runs", ["status"])
    connection = op.get_bind()
    for former in connection.scalars(sa.select(_runs.c.inventory).distinct()).all():
        inventory = _identity(former)
        connection.execute(
            sa.update(_runs)
            .where(_runs.c.inventory == former)
            .values(inventory=inventory.key, sources=json.dumps(inventory.sources))
        )
    for former in connection.scalars(sa.select(_hosts.c.inventory).distinct()).all():
        key = _identity(former).key
        if key != former:
            _move(connection, former, key)


def _identity(former: str) -> Inventory:
    """The inventory whose sources were joined with commas: absolute paths, and host lists."""
    words = [word for word in former.split(",") if word]
    hosts = [word for word in words if not word.startswith("/")]
    paths = [word for word in words if word.startswith("/")]
    return Inventory.of([*paths, ",".join(hosts) + ","] if hosts else paths)


def _move(connection: sa.Connection, former: str, key: str) -> None:
    known = {
        name: (identifier, seen)
        for identifier, name, seen in connection.execute(
            sa.select(_hosts.c.id, _hosts.c.name, _hosts.c.seen_at).where(_hosts.c.inventory == key)
        )
    }
    moving = connection.execute(
        sa.select(_hosts.c.id, _hosts.c.name, _hosts.c.seen_at).where(_hosts.c.inventory == former)
    ).all()
    for identifier, name, seen in moving:
        if name in known:
            other, other_seen = known[name]
            newer, older = (identifier, other) if (seen or "") > (other_seen or "") else (other, identifier)
            _merge(connection, older, newer)
            identifier = newer
        connection.execute(sa.update(_hosts).where(_hosts.c.id == identifier).values(inventory=key))


def _merge(connection: sa.Connection, gone: int, kept: int) -> None:
    """Let one row stand for a host that had two; of a transaction that both had, the newer state stays."""
    connection.execute(sa.update(_results).where(_results.c.host_id == gone).values(host_id=kept))
    mine = _transactions.alias()
    for identifier, transaction, updated in connection.execute(
        sa.select(_transactions.c.id, _transactions.c.transaction_id, _transactions.c.updated_at).where(
            _transactions.c.host_id == gone
        )
    ).all():
        same = connection.execute(
            sa.select(mine.c.id, mine.c.updated_at).where(
                mine.c.host_id == kept, mine.c.transaction_id == transaction
            )
        ).one_or_none()
        if same is not None:
            loser = identifier if same.updated_at >= updated else same.id
            connection.execute(sa.delete(_transactions).where(_transactions.c.id == loser))
    connection.execute(sa.update(_transactions).where(_transactions.c.host_id == gone).values(host_id=kept))
    connection.execute(sa.delete(_hosts).where(_hosts.c.id == gone))


def downgrade() -> None:
    raise NotImplementedError("put back the backup that was made before the migration")
