# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advance a rollout: from what it was and what happened to what is to be done.

The function is pure: it reads no clock, file, host or database. The same arguments give the same step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from patchops.rollout.commands import Step
from patchops.rollout.draft import Draft
from patchops.rollout.events import Event
from patchops.rollout.happened import happen
from patchops.rollout.progress import progress
from patchops.rollout.view import RolloutView


def advance(view: RolloutView, events: Sequence[Event], now: datetime) -> Step:
    """Return the rollout after `events`, and the commands that bring it on.

    :param now: UTC; a clock that went back counts as standing still
    :raises ValueError: an event contradicts the counters; nothing of the step may be kept then
    """
    draft = Draft(replace(view, now=max(view.now, now)))
    for event in events:
        happen(draft, event)
        progress(draft)
    if not events:
        progress(draft)
    return draft.step()
