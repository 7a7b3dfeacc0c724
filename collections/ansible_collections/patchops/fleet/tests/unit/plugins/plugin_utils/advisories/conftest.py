# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Record,
    Unproven,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Read = Callable[..., list[Record]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a text as a feed and give the records that an importer makes of it.

    Whether its form proves it whole is left out: most samples are too short for it.
    """

    def _read(kind: str, text: str, name: str = "feed", release: str = "") -> list[Record]:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        records = KINDS[kind](Feed(path, release=release))
        return [one for one in records if not isinstance(one, Unproven)]

    return _read
