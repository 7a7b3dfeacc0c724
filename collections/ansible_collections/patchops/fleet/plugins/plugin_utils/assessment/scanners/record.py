# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One finding of a scanner, in the words that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Severity


@dataclass(frozen=True, slots=True)
class ScannerFinding:
    """A CVE that a scanner saw.

    hosts: the names and addresses it gives the host, any of which may be the inventory's. package, installed,
    fixed: "" where it looked from outside. resolved: the scanner itself says that it does not count (fixed,
    not affected).
    """

    scanner: str
    hosts: tuple[str, ...]
    cve: str
    package: str = ""
    installed: str = ""
    fixed: str = ""
    severity: Severity = "unknown"
    title: str = ""
    resolved: bool = False
