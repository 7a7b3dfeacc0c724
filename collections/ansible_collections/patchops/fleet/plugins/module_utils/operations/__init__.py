# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host can be asked for: one file an operation, each with its arguments and what it does."""

from typing import Any, Callable, Dict, NamedTuple, Tuple

Result = Dict[str, Any]


class Operation(NamedTuple):
    """One thing that a host can be asked for.

    `arguments`: the argument spec. `perform` takes the validated arguments and whether this is check mode,
    and returns the result of the module.
    """

    arguments: Dict[str, Any]
    perform: Callable[[Dict[str, Any], bool], Result]
    mutually_exclusive: Tuple[Tuple[str, ...], ...] = ()
