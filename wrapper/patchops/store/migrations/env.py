# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alembic's entry: migrates over the connection that the caller holds open."""

from __future__ import annotations

from alembic import context

from patchops.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite can't alter most things in place.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
