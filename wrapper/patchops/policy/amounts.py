# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of hosts as a policy writes them: ``2``, or ``"10%"``."""

from __future__ import annotations

import re
from typing import Final

from patchops.policy.model import Amount

_SHARE: Final = re.compile(r"(?P<share>100|[0-9]{1,2})%\Z")
_MOST: Final = 1_000_000


def parse_amount(value: object) -> Amount:
    """Return the amount that a policy writes as a whole number or a whole share. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return Amount(value)
    match = _SHARE.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no number of hosts; write for example 2, or a whole share as '10%'")
    return Amount(int(match["share"]), percent=True)
