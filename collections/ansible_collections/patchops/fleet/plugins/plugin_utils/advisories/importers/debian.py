# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debian's feeds have in common: the words that stand where a fixed version would."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Affected,
    Status,
)

_WORDS: dict[str, Status] = {
    "<not-affected>": "not_affected",
    "<unfixed>": "affected",
    "<undetermined>": "under_investigation",
    "<no-dsa>": "deferred",
    "<ignored>": "deferred",
    "<postponed>": "deferred",
    "<end-of-life>": "deferred",
    "<removed>": "deferred",
}


def debian_affected(suite: str, package: str, version: str, note: str = "") -> Affected:
    """What a suite's line says of a source package. Version "0" is the tracker's way to say that it never was
    affected."""
    release = f"debian:{suite}"
    if version == "0":
        return Affected(release, package, "not_affected", note=note)
    status = _WORDS.get(version)
    if status:
        return Affected(release, package, status, note=note or version.strip("<>"))
    return Affected(release, package, "fixed", fixed=version, note=note)
