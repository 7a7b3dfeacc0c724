# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the version orders share: numbers of any length, and the epoch in front."""

import re
from typing import Tuple

_EPOCH = re.compile(r"([0-9]+):")


def number(digits: str) -> str:
    """A string that sorts as the number does. Not an int: a hostile version may have thousands of digits."""
    significant = digits.lstrip("0")
    return chr(len(significant)) + significant


def split_epoch(version: str) -> Tuple[str, str]:
    """Epoch and rest of "E:REST"; the epoch is "" where there is none or where it is no number."""
    found = _EPOCH.match(version)
    return (found.group(1), version[found.end() :]) if found else ("", version)
