# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of what a policy effectively says about a cycle.

It holds resolved values: what a name stands for, not the name; the contents of calendar and check files, not
their paths; no comments, notices, recipients, and no reasons that are only shown. So two policies that do the
same have one digest, however they are written.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import canonical_json, digest
from patchops.calendars.model import Calendar, Exported
from patchops.errors import InputError
from patchops.policy.model import Amount, Check, Cycle, RolloutPolicy

ReadFile = Callable[[Path], bytes]


def cycle_digest(policy: RolloutPolicy, cycle: Cycle, read: ReadFile = Path.read_bytes) -> str:
    """Return the digest of a cycle's effective policy, 64 hexadecimal digits.

    :param read: returns the contents of a calendar's or a check's file
    :raises InputError: such a file can't be read
    """
    return digest(effective(policy, cycle, read))


def effective(policy: RolloutPolicy, cycle: Cycle, read: ReadFile = Path.read_bytes) -> dict[str, Any]:
    """Return the effective policy of a cycle as plain data. Raises InputError."""

    def calendar(name: str) -> Any:
        return _calendar(policy.calendars[name], read)

    said: dict[str, Any] = plain_data(cycle)
    for left_out in ("name", "notices"):
        del said[left_out]
    said["zone"] = policy.zone.key
    said["starts"] = None if cycle.starts is None else calendar(cycle.starts)
    # Windows are one union, and so are freezes: their order says nothing.
    for key, names in (("windows", cycle.windows), ("freezes", cycle.freezes)):
        said[key] = sorted((calendar(name) for name in names), key=canonical_json)
    for ring, values in zip(cycle.rings, said["rings"], strict=True):
        values["checks"] = [_check(check, read) for check in ring.checks]
    return said


def plain_data(value: object) -> Any:
    """Return a value of a policy as data for canonical JSON."""
    if isinstance(value, Amount | Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_data(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return plain_data(value.value)
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain_data(item) for item in value]
    if value is None or isinstance(value, str | int | bool):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a digest")


def _calendar(calendar: Calendar, read: ReadFile) -> Any:
    data: dict[str, Any] = plain_data(calendar)
    data.pop("reason", None)
    if isinstance(calendar, Exported):
        del data["path"]
        data["ical"] = _contents(calendar.path, read)
    return data


def _check(check: Check, read: ReadFile) -> dict[str, str]:
    return {"kind": check.kind, "sha256": _contents(Path(check.value), read)}


def _contents(path: Path, read: ReadFile) -> str:
    try:
        return hashlib.sha256(read(path)).hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: can't be read: {error.strerror}.", "The policy names it: put it back."
        ) from error
