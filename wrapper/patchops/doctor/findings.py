# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Health(Enum):
    """How one check came out; `unknown` where an earlier failure kept it from being made."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One check of one subject (the controller or a host)."""

    subject: str
    check: str
    health: Health
    detail: str
    remedy: str = ""
