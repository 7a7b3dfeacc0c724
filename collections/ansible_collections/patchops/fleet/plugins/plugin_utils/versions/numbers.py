# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the version orders share: numbers of any length, and the epoch in front."""

from __future__ import annotations


def number(digits: str) -> str:
    """A string that sorts as the number does. Not an int: a hostile version may have thousands of digits."""
    significant = digits.lstrip("0")
    return chr(len(significant)) + significant


def split_epoch(version: str) -> tuple[str, str]:
    """Epoch and rest of "E:REST"; the epoch is "" where there is none or where it is no number."""
    epoch, colon, rest = version.partition(":")
    if colon and epoch.isascii() and epoch.isdigit():
        return epoch, rest
    return "", version
