# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut the hosts of a run into batches, with the meaning of Ansible's ``serial``."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PERCENT = re.compile(r"(?P<percent>[0-9]{1,3})%\Z")
_COUNT = re.compile(r"[0-9]{1,9}\Z")


def parse_serial(value: object) -> list[int | str]:
    """Return `value` (a count, ``"N%"``, or a list of them) as a list of counts and percentages.

    Extra variables arrive as text, so ``"2"`` is the count 2. Raises ValueError with the accepted form.
    """
    steps = list(value) if isinstance(value, (list, tuple)) else [value]
    if not steps:
        raise ValueError("an empty list names no batch; write for example [1, '50%']")
    return [_step(step) for step in steps]


def batch_sizes(serial: Sequence[int | str], hosts: int) -> list[int]:
    """Return how many hosts each batch takes until `hosts` are used up; the last step repeats.

    Percentages are of `hosts`, rounded down, and at least one host.
    """
    sizes: list[int] = []
    left = hosts
    while left > 0:
        step = serial[min(len(sizes), len(serial) - 1)]
        size = step if isinstance(step, int) else max(1, hosts * int(step[:-1]) // 100)
        sizes.append(min(size, left))
        left -= sizes[-1]
    return sizes


def _step(value: object) -> int | str:
    text = str(value).strip()
    percent = _PERCENT.match(text)
    if percent and 1 <= int(percent["percent"]) <= 100:
        return f"{int(percent['percent'])}%"
    if _COUNT.match(text) and int(text) > 0:
        return int(text)
    raise ValueError(f"{value!r} is no size of a batch; write a count from 1 or a percentage, such as '50%'")
