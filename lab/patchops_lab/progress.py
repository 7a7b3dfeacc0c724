# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whoever waits what is going on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str], None]
"""Takes a line for people; may be called from several threads."""


def silent(_line: str) -> None:
    """Tells nobody."""


@contextmanager
def told(progress: Progress, what: str) -> Iterator[None]:
    """Tell that something long begins, and how long it took."""
    started = time.monotonic()
    progress(f"{what} ...")
    yield
    progress(f"{what}: done in {time.monotonic() - started:.0f} s")
