# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans of elapsed time: ``90s``, ``30m``, ``4h``, ``14d``, ``2h 30m``, ``14 days``, ``1 month``.

A day is 24 hours here, and a month 30 days. Where a policy counts calendar days or months, it says so and
reads them itself.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

EXAMPLES: Final = "'90s', '30m', '4h', '2h 30m' or '14d'"

_SECONDS: Final = {"M": 30 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_WORDS: Final = {
    word: unit
    for unit, words in {
        "M": ("month", "months"),
        "w": ("w", "week", "weeks"),
        "d": ("d", "day", "days"),
        "h": ("h", "hour", "hours"),
        "m": ("m", "min", "minute", "minutes"),
        "s": ("s", "sec", "second", "seconds"),
    }.items()
    for word in words
}
_PART: Final = re.compile(r"(?P<count>[0-9]{1,6}) ?(?P<word>[a-z]+) ?")
_ORDER: Final = "".join(_SECONDS)


def parse_duration(value: object) -> timedelta:
    """Return the span that `value` (a text) describes.

    Raises ValueError with the accepted form: no number without its unit, each unit once, larger ones first.
    """
    text = value.strip() if isinstance(value, str) else ""
    counts: dict[str, int] = {}
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        unit = _WORDS.get(match["word"]) if match else None
        if match is None or unit is None or any(_ORDER.index(unit) <= _ORDER.index(one) for one in counts):
            raise _refusal(value)
        counts[unit] = int(match["count"])
        position = match.end()
    if not counts:
        raise _refusal(value)
    return timedelta(seconds=sum(_SECONDS[unit] * count for unit, count in counts.items()))


def _refusal(value: object) -> ValueError:
    return ValueError(f"{value!r} is not a duration; write for example {EXAMPLES}")
