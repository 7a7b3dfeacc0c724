# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar spans as policies write them: ``14 days``, ``14d``, ``2w``, ``1 month``."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

_SPAN = re.compile(r"(?P<count>[0-9]{1,4}) ?(?P<unit>d|w|day|week|month)(?:(?<=[a-z]{3})s)?\Z")


@dataclass(frozen=True)
class Span:
    """A number of calendar days or of calendar months."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read days, weeks or months; raises ValueError with the accepted form."""
        match = _SPAN.match(text)
        if match is None:
            raise ValueError(f"{text!r} is not a span of time: write for example '14 days' or '1 month'")
        count, unit = int(match["count"]), match["unit"]
        if unit in ("w", "week"):
            return cls(7 * count, "day")
        return cls(count, "month" if unit == "month" else "day")

    def after(self, start: date) -> date:
        """The last day of the span when it starts on ``start``.

        A month ends on the same day of the later month, or on that month's last day where it is shorter.
        """
        if self.unit == "day":
            return start + timedelta(days=self.count)
        months = start.year * 12 + start.month - 1 + self.count
        year, month = divmod(months, 12)
        return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"
