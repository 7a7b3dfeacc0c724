# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What vulnerability scanners found, to be joined with our findings. A new scanner is one file and one line
here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners import (
    grype,
    nessus,
    nessus_xml,
    openvas,
    qualys,
    trivy,
    wazuh,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding

SCANNERS: dict[str, Callable[[Feed], Iterator[ScannerFinding]]] = {
    "grype": grype.read,
    "nessus": nessus.read,
    "nessus-xml": nessus_xml.read,
    "openvas": openvas.read,
    "qualys": qualys.read,
    "trivy": trivy.read,
    "wazuh": wazuh.read,
}


def read_scan(scanner: str, path: str | Path) -> list[ScannerFinding]:
    """The findings of a scanner's export. Raises FeedError with file and place."""
    if scanner not in SCANNERS:
        raise FeedError(str(path), "", f"unknown scanner {scanner!r}; known: {', '.join(sorted(SCANNERS))}")
    return list(SCANNERS[scanner](Feed(Path(path))))


def shortfall(scanner: str, path: str | Path) -> str:
    """Why an export has only a part of what its scanner found, "" where that isn't told. Raises FeedError."""
    return wazuh.shortfall(Feed(Path(path))) if scanner == "wazuh" else ""
