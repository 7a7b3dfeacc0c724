# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units of systemd run and which have failed."""

import os
from typing import Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.process import run


class UnitsError(Exception):
    """systemd runs the host but did not answer."""


def has_systemd() -> bool:
    """Tell whether systemd is the init of this boot."""
    return os.path.isdir("/run/systemd/system")


def collect_units() -> Optional[Dict[str, List[str]]]:
    """Return {failed, running}, None without systemd; raises UnitsError."""
    if not has_systemd():
        return None
    answer = run(["systemctl", "list-units", "--all", "--plain", "--full", "--no-legend", "--no-pager"])
    if answer.rc != 0:
        raise UnitsError("systemctl list-units: " + (answer.stderr.strip() or f"exit code {answer.rc}"))
    return parse_units(answer.stdout)


def parse_units(text: str) -> Dict[str, List[str]]:
    """Return the failed units of any type and the running services from `systemctl list-units --all`."""
    failed, running = [], []
    for line in text.splitlines():
        fields = line.split(None, 4)
        if len(fields) < 4:
            continue
        unit, _load, active, sub = fields[:4]
        if active == "failed":
            failed.append(unit)
        elif unit.endswith(".service") and sub == "running":
            running.append(unit)
    return {"failed": sorted(failed), "running": sorted(running)}
