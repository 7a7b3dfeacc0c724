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
    "alpine": {
        "3.9": "2020-11-01",
        "3.10": "2021-05-01",
        "3.11": "2021-11-01",
        "3.12": "2022-05-01",
        "3.13": "2022-11-01",
        "3.14": "2023-05-01",
        "3.15": "2023-11-01",
        "3.16": "2024-05-23",
        "3.17": "2024-11-22",
        "3.18": "2025-05-09",
        "3.19": "2025-11-01",
        "3.20": "2026-04-01",
        "3.21": "2026-11-01",
        "3.22": "2027-05-01",
    },
    "amzn": {"2": "2026-06-30", "2023": "2029-06-30"},
    "centos": {
        "6": "2020-11-30",
        "7": "2024-06-30",
        "8": "2024-05-31",
        "9": "2027-05-31",
        "10": "2030-05-31",
    },
    "ol": {"7": "2024-12-31", "8": "2029-07-31", "9": "2032-06-30", "10": "2035-06-30"},
    "opensuse-leap": {"15.5": "2024-12-31", "15.6": "2026-04-30"},
    "rhel": {"6": "2020-11-30", "7": "2024-06-30", "8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    "rocky": {"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    "sles": {"15.6": "2025-12-31", "15.7": "2031-07-31"},
}
_ROLLING = {"arch"}


def support_status(document: Mapping[str, Any], release: str, today: str) -> str:
    """supported, lts, ended or unknown, on a day (YYYY-MM-DD). What the host says of itself comes first."""
    os = document.get("os") or {}
    told = (os.get("support") or {}).get("status")
    if told in ("supported", "lts", "ended"):
        return str(told)
    family, _separator, version = release.partition(":")
    if family in _ROLLING:
        return "supported"
    if family in ("debian", "ubuntu"):
        return str(find_support(family, os.get("version_id"), today)["status"])
    ends = _ENDS.get(family, {}).get(version)
    if ends is None:
        return "unknown"
    return "supported" if today <= ends else "ended"
