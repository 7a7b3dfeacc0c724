# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the state, whatever database keeps it.

Errors of the environment (a full disk, a lock, a server that is gone) become StateError where the database
raises them. What is left as SQLAlchemy's own error is a defect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from patchops.errors import ExitCode, PatchOpsError

Remedies = Callable[[BaseException], "str | None"]
"""From a driver's error to what a person can do about it; None for a defect."""


class StateError(PatchOpsError):
    """The database could not be reached or used; the message names it and its state."""

    exit_code = ExitCode.INPUT


class Reported(NamedTuple):
    """A database as messages name it, without a password, and what helps with its errors."""

    name: str
    remedies: Remedies


def report_errors(engine: Engine, database: Reported) -> None:
    """Let errors of the environment leave the engine as StateError."""

    def translate(context: ExceptionContext) -> BaseException | None:
        remedy = database.remedies(context.original_exception)
        if remedy is None:
            return None
        told = " ".join(str(context.original_exception).split()).rstrip(".") or "no reason was given"
        return StateError(
            f"The database {database.name} can't be used: {told}. What is on record there is unchanged.",
            remedy,
        )

    event.listen(engine, "handle_error", translate, retval=True)
