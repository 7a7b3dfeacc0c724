# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Promised due dates and sighted versions. Tables are added alone.

Former versions kept them in a file of their own. It is taken over when hosts are assessed, and stays.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "promises",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("inventory", "host", "advisory", "package")
        ),
        sa.Column("first_seen", sa.String(10), nullable=False),
        sa.Column("due", sa.String(10), nullable=True),
        sa.Column("recorded_at", sa.String(10), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("inventory", "host", "advisory", "package", name=op.f("pk_promises")),
    )
    op.create_table(
        "sightings",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("platform", "name", "arch", "version")),
        sa.Column("first_seen", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("platform", "name", "arch", "version", name=op.f("pk_sightings")),
    )


def downgrade() -> None:
    raise NotImplementedError("put back the backup that was made before the migration")
