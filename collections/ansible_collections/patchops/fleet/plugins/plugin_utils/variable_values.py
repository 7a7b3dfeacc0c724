# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the values of variables are read: each function raises ValueError for what it does not understand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.transaction.access import (
    CONFIRM_LIMITS,
    valid_pattern,
)

_LONGEST_WATCH = 600

_TRUE = ("yes", "true", "on", "1")
_FALSE = ("no", "false", "off", "0")


def parse_flag(value: object) -> bool:
    """Return a yes or no however it was written; raises ValueError."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE + _FALSE:
        return text in _TRUE
    raise ValueError(f"{value!r} is neither true nor false")


def one_of(*choices: str) -> Callable[[Any], str]:
    """Return a function that takes one of `choices`."""

    def parse(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is not one of {', '.join(choices)}")
        return str(value)

    return parse


def package_names(value: Any) -> Sequence[str]:
    """Return the names of packages."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) and name for name in value):
        raise ValueError(f"{value!r} is not a list of package names")
    return list(value)


def seconds_to_confirm(value: Any) -> int:
    """Return for how long a host waits for a confirmation; 0 for never."""
    shortest, longest = CONFIRM_LIMITS
    if isinstance(value, bool) or not str(value).isdigit():
        raise ValueError(f"{value!r} is not a number of seconds")
    if int(value) and not shortest <= int(value) <= longest:
        raise ValueError(f"{value!r} is neither 0 (never) nor {shortest} to {longest} seconds")
    return int(value)


def seconds_to_stay_up(value: Any) -> int:
    """Return for how long units have to stay up; 0 for no longer than one look."""
    if isinstance(value, bool) or not str(value).isdigit() or int(value) > _LONGEST_WATCH:
        raise ValueError(f"{value!r} is not a number of seconds from 0 to {_LONGEST_WATCH}")
    return int(value)


def package_patterns(value: Any) -> Sequence[str]:
    """Return names of packages, or patterns of them."""
    names = package_names(value)
    strange = [name for name in names if not valid_pattern(name)]
    if strange:
        raise ValueError(f"{strange[0]!r} is no name of a package, nor a pattern of names with * and ?")
    return names
