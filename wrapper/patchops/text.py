# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strings that come from hosts, made safe to show.

A host may put terminal escapes, line breaks or bidirectional overrides into a service name or an error
message. Shown raw they could repaint a terminal or make one line look like another, so they become visible
escapes instead.
"""

from __future__ import annotations

import re

# C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, zero-width and surrogate
# characters.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def plain(value: object, limit: int = 2000) -> str:
    """`value` as one line of printable text of at most `limit` characters.

    Line breaks and tabs become blanks, other control and direction characters become visible escapes.
    """
    text = value if isinstance(value, str) else str(value)
    text = re.sub(r"[\t\r\n\v\f]+", " ", text[: limit + 1])
    text = _UNSAFE.sub(_visible, text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
