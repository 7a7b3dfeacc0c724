# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete the journals of transactions that were closed long ago: every call reads all that are there."""

import os
import shutil
from typing import List

from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import survey

# Of the closed transactions these many stay, the newest ones.
KEPT = 50
# No transaction has such a name, so that nobody reads what is half deleted.
_GOING = ".pruned-"


def outdated(records: List[survey.Record]) -> List[survey.Record]:
    """Return the closed ones of `records` (ordered from the oldest) without the newest. Pure."""
    closed = [one for one in records if one.view.state in states.CLOSED]
    return closed[:-KEPT]


def prune(state: StateDirectory, records: List[survey.Record]) -> None:
    """Delete what is outdated, and what an earlier call began to delete. The caller has the lock of calls.

    What can't be deleted stays until the next call tries again.
    """
    for one in outdated(records):
        try:
            os.rename(one.directory.path, os.path.join(state.transactions, _GOING + one.directory.id))
        except OSError:
            return
    for name in os.listdir(state.transactions):
        if name.startswith(_GOING):
            shutil.rmtree(os.path.join(state.transactions, name), ignore_errors=True)
