# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console for results: as wide as the terminal, and wide enough for whole lines in a pipe or a file."""

from __future__ import annotations

from rich.console import Console

_WIDTH_OF_A_FILE = 200


def stdout_console() -> Console:
    """A console on stdout that takes no string for markup and marks up none by itself."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    return console
