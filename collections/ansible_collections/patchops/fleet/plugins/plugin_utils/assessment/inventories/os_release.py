# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""os-release(5): which system an inventory is of."""

from __future__ import annotations

import shlex
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed


def read(feed: Feed) -> dict[str, Any]:
    """The `os` part of a host document. Raises FeedError where the file has no ID."""
    values: dict[str, str] = {}
    for number, line in feed.lines(ended=True):
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            try:
                values[key] = "".join(shlex.split(value))
            except ValueError as error:
                raise FeedError(
                    feed.name, f"line {number}", f"not in the format of os-release: {error}"
                ) from error
    if not values.get("ID"):
        raise FeedError(feed.name, "", "has no ID; is it an os-release file?")
    return os_of(values["ID"], values.get("VERSION_ID", ""), values.get("VERSION_CODENAME", ""), values)


def os_of(
    identity: str, version: str, codename: str = "", more: dict[str, str] | None = None
) -> dict[str, Any]:
    """The same from its parts."""
    known = more or {}
    return {
        "id": identity,
        "id_like": known.get("ID_LIKE", "").split(),
        "name": known.get("PRETTY_NAME") or f"{identity} {version}".strip(),
        "version_id": version,
        "codename": codename,
        "arch": None,
        "support": {"status": "unknown", "ends": None, "lts_ends": None, "source": None},
    }
