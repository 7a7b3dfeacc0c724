# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a call ended."""

from enum import Enum
from typing import NamedTuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import Field, shape


class OutcomeClass(Enum):
    """The kind of outcome, by which whoever reads a result decides."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"
    REVERTED = "reverted"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOT_STARTED = "not_started"

    @property
    def is_failure(self) -> bool:
        """Whether a result with this outcome carries ``failed: true``."""
        return self not in (OutcomeClass.OK, OutcomeClass.SKIPPED)


class Outcome(NamedTuple):
    """How a call ended: the class, the exact case, what happened, and what to do."""

    kind: OutcomeClass
    code: str
    message: str
    remedy: str = ""


shape(
    Outcome,
    Field("kind", "class", "The kind of outcome."),
    Field("code", "code", "The exact case."),
    Field("message", "message", "What happened."),
    Field("remedy", "remedy", "What to do."),
)
