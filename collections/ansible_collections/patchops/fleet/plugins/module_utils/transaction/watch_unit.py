# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit by which a watchdog comes back after it was killed, after a reboot and after a power cut.

It has to lie in /etc: what is below /run is gone with the next boot, and that may be when it is needed.
"""

import os
from typing import List

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.files import sync_directory, write_file
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.spawning import quoted

_DIRECTORY = "/etc/systemd/system"
_TEXT = """\
# Written by PatchOps, and removed when transaction {id} is confirmed or taken back.
[Unit]
Description=PatchOps: take transaction {id} back unless it is confirmed
ConditionPathExists={payload}
RequiresMountsFor={payload}
StartLimitIntervalSec=0

[Service]
ExecStart={watch}
ExecStopPost={release}
Restart=on-failure
RestartForceExitStatus=SIGTERM SIGHUP SIGINT
RestartSec=2
KillMode=process
TimeoutStopSec=900
OOMScoreAdjust=-900
"""


def unit_name(transaction_id: str) -> str:
    """Return the name of the watchdog's unit."""
    return f"patchops-confirm-{transaction_id}.service"


def unit_text(transaction_id: str, payload: str, watch: List[str], release: List[str]) -> str:
    """Return the unit: `watch` is the watchdog's command, `release` what is to run when it has ended."""
    return _TEXT.format(
        id=transaction_id,
        payload=payload.replace("%", "%%"),
        watch=" ".join(quoted(word) for word in watch),
        release=" ".join(quoted(word) for word in release),
    )


def start(transaction_id: str, text: str, directory: str = _DIRECTORY) -> str:
    """Write the unit so that it is started at boot too, and start it. Return what was wrong."""
    unit, link = _paths(transaction_id, directory)
    try:
        write_file(unit, text.encode("utf-8"), 0o644)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.islink(link):
            os.symlink(unit, link)
        sync_directory(os.path.dirname(link))
    except OSError as error:
        return str(error)
    name = unit_name(transaction_id)
    if not _is_loaded_anew(name):
        process.run(["systemctl", "daemon-reload"], timeout=120)
    result = process.run(["systemctl", "restart", name], timeout=60)
    return "" if result.rc == 0 else result.stderr.strip() or f"systemctl ended with {result.rc}"


def stop(transaction_id: str) -> None:
    """End the watchdog and remove its unit."""
    if is_there(transaction_id):
        process.run(["systemctl", "stop", unit_name(transaction_id)], timeout=60)
        remove(transaction_id)


def is_there(transaction_id: str, directory: str = _DIRECTORY) -> bool:
    """Tell whether a watchdog has a unit."""
    return os.path.exists(_paths(transaction_id, directory)[0])


def remove(transaction_id: str, directory: str = _DIRECTORY) -> None:
    """Leave nothing of the unit in /etc; a watchdog that runs is not ended. Does nothing without a unit."""
    unit, link = _paths(transaction_id, directory)
    removed = False
    for path in (link, unit):
        if os.path.lexists(path):
            os.unlink(path)
            removed = True
    if not removed:
        return
    try:
        os.rmdir(os.path.dirname(link))
    except OSError:
        pass  # others are started there too, as a rule
    # systemd forgets it when it reads its units anew. Nothing refers to it, and to have all of them read for
    # that costs a host more than the watchdog.
    sync_directory(directory)


def _is_loaded_anew(name: str) -> bool:
    """Have systemd read a unit that it does not know; tell whether it has it as it was written.

    Since version 246 it does; one that was read before, and older versions, need all units read again.
    """
    asked = ["systemctl", "show", "--property=LoadState,NeedDaemonReload", name]
    return set(process.run(asked).stdout.split()) == {"LoadState=loaded", "NeedDaemonReload=no"}


def _paths(transaction_id: str, directory: str) -> List[str]:
    name = unit_name(transaction_id)
    return [os.path.join(directory, name), os.path.join(directory, "multi-user.target.wants", name)]
