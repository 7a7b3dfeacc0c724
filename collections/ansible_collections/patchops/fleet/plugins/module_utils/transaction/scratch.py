# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clear what a package manager that was killed has left lying beside the files of packages."""

import os
from typing import Iterable

from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Entry
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import staging
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import Context

_FAILURES = ("failed", "by_force")
# In the journal; a kernel that was cut off leaves thousands.
_TOLD = 50


def clear(context: Context) -> None:
    """Remove such files of the plan's packages, old and new; nothing where nothing was cut off."""
    if not was_cut_off(context.journal.entries()):
        return
    directory = context.directory
    former = [os.path.join(directory.way_back_packages, one["file"]) for one in context.former()["material"]]
    removed = context.driver.clear_scratch(staging.files_of(context, context.plan["packages"]) + former)
    if removed:
        context.step("scratch_removed", count=len(removed), files=removed[:_TOLD])


def was_cut_off(entries: Iterable[Entry]) -> bool:
    """Tell from a journal whether a package manager may have been killed at work: it failed, or its worker.

    Pure.
    """
    state = None
    for entry in entries:
        if entry["event"] == "state":
            state = entry["state"]
        died = entry["event"] == "started" and state in (states.APPLYING, states.REVERTING)
        if died or entry.get("step") in _FAILURES:
            return True
    return False
