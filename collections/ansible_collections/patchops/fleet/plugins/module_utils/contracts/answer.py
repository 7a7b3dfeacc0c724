# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module and action returns, whatever else it returns besides."""

from typing import NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.outcome import Outcome
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import Field, shape


class Answer(NamedTuple):
    """The head of a result. `failed` and `msg` are for Ansible, and follow from the outcome."""

    changed: bool
    outcome: Outcome
    summary: str
    failed: bool
    msg: Optional[str] = None


class TransactionReference(NamedTuple):
    """The transaction that a result is about; `journal` is a path on the host."""

    id: str
    state: str
    journal: str


shape(
    Answer,
    Field("changed", "changed", "Whether the call changed anything."),
    Field("outcome", "outcome", "How it ended."),
    Field("summary", "summary", "What happened, in a line for people."),
    Field("failed", "failed", "Whether Ansible counts it as a failure."),
    Field("msg", "msg", "Message and remedy of a failure.", always=False),
)
shape(
    TransactionReference,
    Field("id", "id", "The transaction."),
    Field("state", "state", "Where it stands."),
    Field("journal", "journal", "Its journal, on the host."),
)


def answer_of(outcome: Outcome, changed: bool) -> Answer:
    """Return the head of a result with this outcome."""
    failed = outcome.kind.is_failure
    words = " ".join(part for part in (outcome.message, outcome.remedy) if part)
    return Answer(changed, outcome, outcome.message, failed, words if failed else None)
