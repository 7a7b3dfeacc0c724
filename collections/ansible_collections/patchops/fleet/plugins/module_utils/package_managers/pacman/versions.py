# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare versions as pacman does, by its own program."""

import re
from typing import Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_CONDITION = re.compile(r"^(.+?)(<=|>=|=|<|>)(.+)\Z")


def compare(left: str, right: str) -> int:
    """Return -1, 0 or 1; raises DriverError."""
    answer = run(["vercmp", left, right])
    if answer.stdout.strip() not in ("-1", "0", "1"):
        raise DriverError(
            "internal_error", f"vercmp gave no answer for {left} and {right}: {answer.stderr.strip()}"
        )
    return int(answer.stdout)


def without_condition(text: str) -> str:
    """Return the name in ``name``, ``name=1`` or ``name<2``."""
    return split(text)[0]


def split(text: str) -> Tuple[str, str, str]:
    """Return name, operator and version of a condition, the last two empty where there is none."""
    match = _CONDITION.match(text)
    return (match.group(1), match.group(2), match.group(3)) if match else (text, "", "")


def fits(version: str, condition: str) -> bool:
    """Tell whether an installed version meets ``name`` or ``name<2``; a version without release fits any."""
    _name, operator, wanted = split(condition)
    if not operator:
        return True
    order = compare(version, wanted)
    return (
        (order < 0 and "<" in operator) or (order > 0 and ">" in operator) or (order == 0 and "=" in operator)
    )
