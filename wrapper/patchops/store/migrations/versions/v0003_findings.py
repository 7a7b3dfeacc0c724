# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings as rows. Tables are added alone: a process of the former version goes on beside.

The latest assessment of a former version is a document. It is taken over when findings are first asked for.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
    )
    op.create_table(
        "assessed_hosts",
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("inventory", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _of_assessment("assessed_hosts"),
        sa.PrimaryKeyConstraint("assessment_id", "number", name=op.f("pk_assessed_hosts")),
    )
    op.create_index("ix_assessed_hosts_name", "assessed_hosts", ["assessment_id", "name"])
    op.create_table(
        "finding_kinds",
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("advisory", sa.Text(), nullable=True),
        sa.Column("package", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("effective", sa.Text(), nullable=True),
        sa.Column("due", sa.String(10), nullable=True),
        sa.Column("overdue_days", sa.Integer(), nullable=False),
        sa.Column("exploited", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _of_assessment("finding_kinds"),
        sa.PrimaryKeyConstraint("assessment_id", "number", name=op.f("pk_finding_kinds")),
    )
    op.create_index("ix_finding_kinds_advisory", "finding_kinds", ["assessment_id", "advisory"])
    for table, column in (("finding_cves", "cve"), ("finding_packages", "name")):
        op.create_table(
            table,
            sa.Column("assessment_id", sa.Integer(), nullable=False),
            sa.Column(column, sa.Text(), nullable=False),
            sa.Column("kind", sa.Integer(), nullable=False),
            _of_assessment(table),
            sa.PrimaryKeyConstraint("assessment_id", column, "kind", name=op.f(f"pk_{table}")),
        )
    op.create_table(
        "findings",
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("host", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("assessment_id", "rank", name=op.f("pk_findings")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_findings_host", "findings", ["assessment_id", "host"])
    op.create_index("ix_findings_kind", "findings", ["assessment_id", "kind"])
    op.create_table(
        "imports",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_imports")),
    )


def _of_assessment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["assessment_id"], ["assessments.id"], name=op.f(f"fk_{table}_assessment_id")
    )


def downgrade() -> None:
    raise NotImplementedError("put back the backup that was made before the migration")
