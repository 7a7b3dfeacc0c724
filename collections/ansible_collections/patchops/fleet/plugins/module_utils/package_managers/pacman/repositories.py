# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's repositories as the host document has them. Pure."""

import time
from typing import Any, Dict, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import without_credentials
from ansible_collections.patchops.fleet.plugins.module_utils.times import format_time

_REQUIRED = {"DatabaseRequired": "metadata", "PackageRequired": "packages"}


def describe(
    repository: Dict[str, Any],
    published: Optional[float],
    read_seconds_ago: Optional[int],
    error: Optional[str],
) -> Dict[str, Any]:
    """Return one repository of the configuration; `error` is why it can't be used now."""
    signature = next((_REQUIRED[word] for word in _REQUIRED if word in repository["checks"]), "none")
    return {
        "id": repository["id"],
        "uri": without_credentials((repository["servers"] or [""])[0]),
        "suite": repository["id"],
        "codename": None,
        "archive": None,
        "component": None,
        "origin": None,
        "label": None,
        "signed": signature != "none",
        "signature": signature,
        "signed_by": None,
        "date": format_time(published) if published is not None else None,
        # pacman knows no date after which a repository must not be believed.
        "valid_until": None,
        "expired": False,
        "age_seconds": None if published is None else max(0, int(time.time() - published)),
        "read_seconds_ago": read_seconds_ago,
        "security": False,
        "error": error,
    }
