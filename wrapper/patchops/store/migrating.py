# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a database of another version to this one's tables, with a backup before."""

from __future__ import annotations

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine

from patchops.errors import InputError


def migrate(engine: Engine, name: str, current: str | None, back_up: Callable[[str], None]) -> None:
    """Migrate the tables from the version `current` (None: there are none) to this version's.

    Raises InputError when they are a newer version's; they are left as they were.
    """
    config = Config()
    config.set_main_option("script_location", "patchops.store:migrations")
    if current is not None:
        _refuse_newer(ScriptDirectory.from_config(config), current, name)
        back_up(current)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_newer(scripts: ScriptDirectory, current: str, name: str) -> None:
    try:
        scripts.get_revision(current)
    except CommandError as error:
        raise InputError(
            f"The database {name} was made by a newer PatchOps (version {current} of its tables).",
            "Upgrade PatchOps, or put back the backup that was made before the migration.",
        ) from error
