# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failure budget: how many hosts of a run may be lost before no further batch starts."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PERCENT = re.compile(r"(?P<percent>[0-9]{1,3})%\Z")
_COUNT = re.compile(r"[0-9]{1,9}\Z")


@dataclass(frozen=True)
class Budget:
    """`maximum` hosts out of `membership` may be lost; `lost` are."""

    maximum: int
    membership: int
    lost: int = 0

    @property
    def exceeded(self) -> bool:
        """Whether more hosts are lost than may be."""
        return self.lost > self.maximum

    def as_dict(self) -> dict[str, int]:
        """Return the shape that gates and reports show."""
        return {"max": self.maximum, "lost": self.lost, "membership": self.membership}


def parse_budget(value: object) -> int | str:
    """Return `value` as a count or as ``"N%"``; raises ValueError with the accepted form."""
    text = str(value).strip()
    percent = _PERCENT.match(text)
    if percent and int(percent["percent"]) <= 100:
        return f"{int(percent['percent'])}%"
    if _COUNT.match(text):
        return int(text)
    raise ValueError(f"{value!r} is no failure budget; write a count of hosts or a percentage, such as '10%'")


def allowed(budget: int | str, membership: int) -> int:
    """Return how many of `membership` hosts may be lost; a percentage is rounded down."""
    return budget if isinstance(budget, int) else membership * int(budget[:-1]) // 100
