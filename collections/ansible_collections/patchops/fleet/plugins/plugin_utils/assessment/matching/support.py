# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the vendor still makes security updates for a release, for the systems that advisories are matched
on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.facts.support import find_support

# Last day with security updates for everybody, from the vendors' life cycle pages; majors for Enterprise
# Linux.
_ENDS = {
    "almalinux": {"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    "amzn": {"2": "2026-06-30", "2023": "2029-06-30"},
    "centos": {
        "6": "2020-11-30",
        "7": "2024-06-30",
        "8": "2024-05-31",
        "9": "2027-05-31",
        "10": "2030-05-31",
    },
    "ol": {"7": "2024-12-31", "8": "2029-07-31", "9": "2032-06-30", "10": "2035-06-30"},
    "rhel": {"6": "2020-11-30", "7": "2024-06-30", "8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    "rocky": {"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
}
# Those of which the host itself can tell.
_TOLD_BY_HOSTS = ("alpine", "arch", "debian", "opensuse-leap", "sles", "ubuntu")


def support_status(document: Mapping[str, Any], release: str, today: str) -> str:
    """supported, lts, ended or unknown, on a day (YYYY-MM-DD). What the host says of itself comes first."""
    os = document.get("os") or {}
    told = (os.get("support") or {}).get("status")
    if told in ("supported", "lts", "ended"):
        return str(told)
    family, _separator, version = release.partition(":")
    if family in _TOLD_BY_HOSTS:
        return str(find_support(family, os.get("version_id"), today)["status"])
    ends = _ENDS.get(family, {}).get(version)
    if ends is None:
        return "unknown"
    return "supported" if today <= ends else "ended"
