# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as documents write them: UTC, whole seconds, a Z at the end."""

import calendar
import datetime
import email.utils
import time


def format_time(epoch: float) -> str:
    """Return seconds since 1970 as ``2026-11-22T09:57:00Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def now() -> str:
    """Return the host's time as documents write it."""
    return format_time(time.time())


def parse_time(text: str) -> float:
    """Return seconds since 1970 of a time as documents write it; raises ValueError for anything else."""
    return float(calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")))


def parse_release_date(text: str) -> float:
    """Return seconds since 1970 of a Release file's date (``Sat, 22 Nov 2026 09:57:00 UTC``).

    Raises ValueError for anything else.
    """
    try:
        parsed = email.utils.parsedate_to_datetime(text)
    except (TypeError, IndexError):  # what Python before 3.10 raises here
        raise ValueError(f"not a date: {text!r}")
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=datetime.timezone.utc)
    return parsed.timestamp()
