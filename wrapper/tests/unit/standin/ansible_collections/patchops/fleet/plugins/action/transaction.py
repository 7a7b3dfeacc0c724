# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import subprocess
import time

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Takes `standin_seconds` in a command of its own, and leaves a line for each call in `standin_calls`.

    Begins after `standin_staging` seconds, as the real one stages before it changes anything.
    """

    def run(self, tmp=None, task_vars=None):
        host = task_vars["inventory_hostname"]
        time.sleep(task_vars.get("standin_staging", 0))
        with pathlib.Path(task_vars["standin_calls"]).open("a") as calls:
            calls.write(f"{host}\n")
        subprocess.run(["sleep", str(task_vars.get("standin_seconds", 0))], check=False)
        return {
            "changed": True,
            "outcome": {"class": "ok", "code": "applied", "message": "1 package installed", "remedy": ""},
            "summary": "1 package installed",
            "transaction": {"id": f"t-{host}", "state": "applied"},
        }
