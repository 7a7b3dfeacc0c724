# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep versions that were taken back from coming again through the host's own updaters: excludes of dnf."""

import os
import re
from typing import Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.marked_part import MarkedPart

PATH = "/etc/dnf/dnf.conf"


def block(versions: List[Dict[str, str]], transaction_id: str) -> None:
    """Exclude `versions` ([{name, version}]); raises DriverError."""
    _part().change({transaction_id: [f"{one['name']}-{one['version']}" for one in versions]})


def unblock(transaction_id: str) -> None:
    """Take back what `block` did for a transaction."""
    if os.path.exists(PATH):
        _part().change({transaction_id: []})


def with_excludes(text: str, changed: Dict[str, List[str]]) -> str:
    """Return the configuration `text` with the excludes of the transactions `changed`; others' stay. Pure."""
    return _part().changed(text, changed)


def _part() -> MarkedPart:
    return MarkedPart(PATH, "main", _setting)


def _setting(rest: str, names: List[str]) -> str:
    # Both names mean the same list and add up, but each counts once in a section.
    used = {match.group(1) for match in re.finditer(r"^(excludepkgs|exclude)\s*[=:]", rest, re.MULTILINE)}
    key = next((name for name in ("excludepkgs", "exclude") if name not in used), None)
    if key is None:
        raise DriverError(
            "internal_error",
            f"{PATH} sets both exclude and excludepkgs: there is no room for the versions to keep away.",
            "Put both lists into one of the two, then call again.",
        )
    return f"{key}={' '.join(names)}"
