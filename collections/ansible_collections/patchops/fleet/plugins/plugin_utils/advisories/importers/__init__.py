# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of importers: the kind of a feed and the function that turns it into records."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Record
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import (
    arch_tracker,
    csaf,
    debian_list,
    debian_tracker,
    epss,
    jsonl,
    kev,
    openvex,
    osv,
    secdb,
    updateinfo,
    vulnrichment,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Importer = Callable[[Feed], Iterator[Record]]

KINDS: dict[str, Importer] = {
    "alpine-secdb": secdb.read,
    "arch-tracker": arch_tracker.read,
    "csaf": csaf.read,
    "debian-dsa": debian_list.read,
    "debian-tracker": debian_tracker.read,
    "epss": epss.read,
    "jsonl": jsonl.read,
    "kev": kev.read,
    "openvex": openvex.read,
    "osv": osv.read,
    "updateinfo": updateinfo.read,
    "vulnrichment": vulnrichment.read,
}
