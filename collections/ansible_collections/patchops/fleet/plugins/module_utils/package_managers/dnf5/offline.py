# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that somebody prepared for the next boot: it would make them, and then our own reboot is theirs."""

import os
import re

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError

# Where one of these links is, systemd boots into the change, whoever prepared it: dnf 5 or PackageKit.
_TRIGGERS = ("/system-update", "/etc/system-update")
_STATE = "/usr/lib/sysimage/libdnf5/offline/offline-transaction-state.toml"
_STATUS = re.compile(r'^status\s*=\s*"([^"]*)"', re.MULTILINE)
# Others say that packages were downloaded and no boot is to install them.
_WAITING = ("ready", "transaction-incomplete")


def check_none_pending() -> None:
    """Raise DriverError when the next boot would change packages."""
    if any(os.path.lexists(path) for path in _TRIGGERS) or waits(_read_state()):
        raise DriverError(
            "interrupted_packages",
            "Somebody prepared a change of packages that the next boot makes (dnf5 offline status). "
            "Nothing was changed.",
            "Let it come about (dnf5 offline reboot) or take it back (dnf5 offline clean), then call again.",
        )


def waits(state: str) -> bool:
    """Tell from the text of dnf 5's state file whether a change waits for the next boot. Pure."""
    found = _STATUS.search(state)
    return found is not None and found.group(1) in _WAITING


def _read_state() -> str:
    try:
        with open(_STATE, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
