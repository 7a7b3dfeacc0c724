# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import os

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Open until the drain file appears."""

    def run(self, tmp=None, task_vars=None):
        is_open = not os.path.exists(task_vars["patchops_drain_file"])
        reason = "may start" if is_open else "a stop was requested"
        return {"changed": False, "open": is_open, "reason": reason, "summary": reason}
