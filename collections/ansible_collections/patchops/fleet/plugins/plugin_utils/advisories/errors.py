# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of feeds and of the database, each with the place and the state that things are in."""

from __future__ import annotations


class FeedError(Exception):
    """A feed was refused. The message names file and place; the database is as it was before."""

    def __init__(self, file: str, place: str, problem: str) -> None:
        where = f"{file}: {place}" if place else file
        super().__init__(f"{where}: {problem}")
        self.file = file
        self.place = place
        self.problem = problem


class DatabaseError(Exception):
    """The advisory database can't be read or written. The message names the file and the remedy."""
