# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from hosts is shown as one line of printable text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from patchops.text import plain


def test_escapes_of_a_terminal_become_visible() -> None:
    assert plain("\x1b[31mred\x07") == "\\x1b[31mred\\x07"


def test_line_breaks_and_tabs_become_one_blank() -> None:
    assert plain("first\r\n\tsecond") == "first second"


def test_directions_and_invisible_characters_become_visible() -> None:
    assert plain("a\u202eb\u200bc") == "a\\u202eb\\u200bc"


def test_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 50, limit=10) == "x" * 9 + "…"


@given(st.text(), st.integers(min_value=1, max_value=200))
def test_the_result_is_always_printable(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert shown.isprintable() or not any(ord(character) < 0x20 for character in shown)
    assert "\x1b" not in shown
    assert "\n" not in shown
