# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, runs, attempts, host results and transactions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inventory", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("os", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=True),
        sa.Column("security_source", sa.Text(), nullable=True),
        sa.Column("pending_total", sa.Integer(), nullable=True),
        sa.Column("pending_security", sa.Integer(), nullable=True),
        sa.Column("reboot_required", sa.Boolean(), nullable=True),
        sa.Column("effective", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.String(20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosts")),
        sa.UniqueConstraint("inventory", "name", name=op.f("uq_hosts_inventory_name")),
    )
    op.create_index(op.f("ix_hosts_name"), "hosts", ["name"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("playbook", sa.Text(), nullable=False),
        sa.Column("inventory", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("changes_hosts", sa.Boolean(), nullable=False),
        sa.Column("check_mode", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.String(20), nullable=False),
        sa.Column("finished_at", sa.String(20), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("patch_set_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_request_digest"), "runs", ["request_digest"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("wrapper_pid", sa.Integer(), nullable=False),
        sa.Column("wrapper_started", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.String(20), nullable=False),
        sa.Column("finished_at", sa.String(20), nullable=True),
        sa.Column("returncode", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_attempts_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_attempts_run_id_number")),
    )
    op.create_index(op.f("ix_attempts_run_id"), "attempts", ["run_id"], unique=False)
    op.create_index(op.f("ix_attempts_status"), "attempts", ["status"], unique=False)
    op.create_table(
        "transactions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], name=op.f("fk_transactions_host_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_transactions_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        sa.UniqueConstraint("host_id", "transaction_id", name=op.f("uq_transactions_host_id_transaction_id")),
    )
    op.create_index(op.f("ix_transactions_host_id"), "transactions", ["host_id"], unique=False)
    op.create_index(op.f("ix_transactions_run_id"), "transactions", ["run_id"], unique=False)
    op.create_table(
        "host_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("outcome_class", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("touched", sa.Boolean(), nullable=False),
        sa.Column("lost", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_host_results_attempt_id")),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], name=op.f("fk_host_results_host_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_results")),
        sa.UniqueConstraint("attempt_id", "host_id", name=op.f("uq_host_results_attempt_id_host_id")),
    )
    op.create_index(op.f("ix_host_results_attempt_id"), "host_results", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_host_results_host_id"), "host_results", ["host_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_host_results_host_id"), table_name="host_results")
    op.drop_index(op.f("ix_host_results_attempt_id"), table_name="host_results")
    op.drop_table("host_results")
    op.drop_index(op.f("ix_transactions_run_id"), table_name="transactions")
    op.drop_index(op.f("ix_transactions_host_id"), table_name="transactions")
    op.drop_table("transactions")
    op.drop_index(op.f("ix_attempts_status"), table_name="attempts")
    op.drop_index(op.f("ix_attempts_run_id"), table_name="attempts")
    op.drop_table("attempts")
    op.drop_index(op.f("ix_runs_request_digest"), table_name="runs")
    op.drop_table("runs")
    op.drop_index(op.f("ix_hosts_name"), table_name="hosts")
    op.drop_table("hosts")
