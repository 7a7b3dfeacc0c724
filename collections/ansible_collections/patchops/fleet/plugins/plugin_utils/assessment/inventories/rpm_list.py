# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list that rpm itself prints, one package a line, fields separated by tabs:

    rpm -qa --qf
    '%{NAME}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{VENDOR}\t%{MODULARITYLABEL}\n'

"(none)" is rpm's word for a missing field. The last three fields may be left out; without the label, the
stream of modular packages is not known. A last line "# end", which a command prints after rpm has ended well,
proves that the list is whole.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory

QUERY_FORMAT = (
    r"%{NAME}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{VENDOR}\t%{MODULARITYLABEL}\n"
)
END = "# end"
_WITH_VENDOR = 5
_SOURCE_RPM = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<release>[^-]+)\.(?:no)?src\.rpm")
_EVR = re.compile(r"(?:\d+:)?[^\s:-]+-[^\s:-]+")


def read(feed: Feed) -> Inventory:
    """The packages of the list; keys that were imported (gpg-pubkey) are none."""
    inventory = Inventory()
    ended, without_vendor = False, 0
    for number, line in feed.lines(ended=True):
        if ended:
            raise FeedError(feed.name, f"line {number}", f"stands behind the end mark {END!r}")
        ended = line.strip() == END
        if ended:
            continue
        fields = [None if field == "(none)" else field for field in line.split("\t")]
        if not line.strip() or fields[0] == "gpg-pubkey":
            continue
        if not 3 <= len(fields) <= 6 or not all(fields[:2]) or not _EVR.fullmatch(fields[1] or ""):
            raise FeedError(
                feed.name, f"line {number}", f"expected name, epoch:version-release and arch: {line[:80]!r}"
            )
        inventory.packages.append(_package(*fields))
        without_vendor += len(fields) < _WITH_VENDOR
    if not ended:
        inventory.unproven = f"no line {END!r} shows that the list is whole"
    if without_vendor:
        inventory.doubts.append(
            {
                "code": "package_origin_unknown",
                "detail": f"the list names no vendor for {without_vendor} packages, so those of other"
                " publishers can't be told apart",
            }
        )
    return inventory


def _package(
    name: str | None,
    evr: str | None,
    arch: str | None,
    source_rpm: str | None = None,
    vendor: str | None = None,
    *label: str | None,
) -> dict[str, Any]:
    source = _SOURCE_RPM.fullmatch(source_rpm or "")
    package = {
        "name": name,
        "version": evr,
        "arch": arch or "",
        "source": source["name"] if source else None,
        "source_version": f"{source['version']}-{source['release']}" if source else evr,
        "origin": vendor or "",
        "suite": None,
        "manual": None,
    }
    if label:
        parts = (label[0] or "").split(":")
        package["module"] = ":".join(parts[:2])
        if len(parts) == 4:
            package["module_version"] = ".".join(parts[2:])
    return package
