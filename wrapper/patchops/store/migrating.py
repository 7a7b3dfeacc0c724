# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a database of another version to this one's tables, with a backup before."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine

from patchops.errors import InputError


def migrate(engine: Engine, path: Path, current: str | None) -> None:
    """Migrate the tables from the version `current` (None: there are none) to this version's.

    Raises InputError when they are a newer version's; they are left as they were.
    """
    config = Config()
    config.set_main_option("script_location", "patchops.store:migrations")
    if current is not None:
        _refuse_newer(ScriptDirectory.from_config(config), current, path)
        _back_up(path, current)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_newer(scripts: ScriptDirectory, current: str, path: Path) -> None:
    try:
        scripts.get_revision(current)
    except CommandError as error:
        raise InputError(
            f"The database {path} was made by a newer PatchOps (version {current} of its tables).",
            "Upgrade PatchOps, or put back the backup that was made before the migration.",
        ) from error


def _back_up(path: Path, revision: str) -> None:
    """A consistent copy beside the database, named after the version it has."""
    copy = path.with_name(f"{path.name}.{revision}.backup")
    os.close(os.open(copy, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
