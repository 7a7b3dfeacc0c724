# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when a release gets security updates. A small table: the hosts can't look it up."""

import re
from typing import Any, Dict, Optional, Tuple

SOURCE = "distro-info-data"
_SOURCES = {
    "alpine": "alpinelinux.org/releases",
    "opensuse-leap": "en.opensuse.org/Lifetime",
    "sles": "suse.com/lifecycle",
}
_OWN_SOURCE = "os-release"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")

# {distribution: {version: (end of the regular support, end of the long term support)}}, from Debian's package
# distro-info-data: columns eol and eol-lts of debian.csv, eol and eol-esm of ubuntu.csv; Alpine's by branch;
# SUSE's general support and LTSS.
_ENDS: Dict[str, Dict[str, Tuple[Optional[str], Optional[str]]]] = {
    "alpine": {
        "3.9": ("2020-11-01", None),
        "3.10": ("2021-05-01", None),
        "3.11": ("2021-11-01", None),
        "3.12": ("2022-05-01", None),
        "3.13": ("2022-11-01", None),
        "3.14": ("2023-05-01", None),
        "3.15": ("2023-11-01", None),
        "3.16": ("2024-05-23", None),
        "3.17": ("2024-11-22", None),
        "3.18": ("2025-05-09", None),
        "3.19": ("2025-11-01", None),
        "3.20": ("2026-04-01", None),
        "3.21": ("2026-11-01", None),
        "3.22": ("2027-05-01", None),
    },
    "debian": {
        "7": ("2016-04-25", "2018-05-31"),
        "8": ("2018-06-17", "2020-06-30"),
        "9": ("2020-07-18", "2022-06-30"),
        "10": ("2022-09-10", "2024-06-30"),
        "11": ("2024-08-14", "2026-08-31"),
        "12": ("2026-07-11", "2028-06-30"),
        "13": ("2028-08-09", "2030-06-30"),
    },
    "opensuse-leap": {
        "15.0": ("2019-12-03", None),
        "15.1": ("2021-02-02", None),
        "15.2": ("2022-01-04", None),
        "15.3": ("2022-12-31", None),
        "15.4": ("2023-12-07", None),
        "15.5": ("2024-12-31", None),
        "15.6": ("2026-04-30", None),
        "16.0": ("2027-10-31", None),
    },
    "sles": {
        "12.5": ("2024-10-31", "2027-10-31"),
        "15": ("2019-12-31", "2022-12-31"),
        "15.1": ("2021-01-31", "2024-01-31"),
        "15.2": ("2021-12-31", "2024-12-31"),
        "15.3": ("2022-12-31", "2025-12-31"),
        "15.4": ("2023-12-31", "2026-12-31"),
        "15.5": ("2024-12-31", "2027-12-31"),
        "15.6": ("2025-12-31", "2028-12-31"),
        "15.7": ("2031-07-31", "2034-07-31"),
    },
    "ubuntu": {
        "14.04": ("2019-04-25", "2024-04-25"),
        "16.04": ("2021-04-30", "2026-04-23"),
        "18.04": ("2023-05-31", "2028-04-26"),
        "20.04": ("2025-05-29", "2030-04-23"),
        "22.04": ("2027-06-01", "2032-04-21"),
        "24.04": ("2029-05-31", "2034-04-25"),
        "24.10": ("2025-07-10", None),
        "25.04": ("2026-01-15", None),
        "25.10": ("2026-07-09", None),
        "26.04": ("2031-05-29", "2036-04-23"),
        "26.10": ("2027-07-15", None),
    },
}
# They have no releases that could end.
_ROLLING = ("arch", "opensuse-tumbleweed")


def find_support(
    distribution: str, version: Optional[str], today: str, own_end: Optional[str] = None
) -> Dict[str, Any]:
    """Return {status, ends, lts_ends, source} on the day `today` (ISO date).

    `lts` means that only the long term team (Debian LTS, Ubuntu Pro's ESM, SUSE's LTSS) still makes updates.
    A release that is not in the table ends when it says itself (`own_end`: SUPPORT_END of os-release, as
    Fedora has it), and is `unknown` when it says nothing. What rolls is supported, without an end.
    """
    if distribution in _ROLLING:
        return {"status": "supported", "ends": None, "lts_ends": None, "source": None}
    if distribution == "alpine":
        version = ".".join((version or "").split(".")[:2])
    ends, lts_ends = _ENDS.get(distribution, {}).get(version or "", (None, None))
    source = _SOURCES.get(distribution, SOURCE)
    if ends is None and own_end is not None and _DATE.match(own_end):
        ends, source = own_end, _OWN_SOURCE
    if ends is None:
        return {"status": "unknown", "ends": None, "lts_ends": None, "source": None}
    if today <= ends:
        status = "supported"
    elif lts_ends is not None and today <= lts_ends:
        status = "lts"
    else:
        status = "ended"
    return {"status": status, "ends": ends, "lts_ends": lts_ends, "source": source}
