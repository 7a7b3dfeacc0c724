# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that say how old a host's security repositories may be, and who may sign them.

`patchops_source_max_age`: days, or {distribution: days, other: days}. `patchops_source_frozen`: {until,
reason}, and `repositories` where only some are meant. `patchops_source_keys`: fingerprints. An empty value
declares nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.source_terms import day_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import variable

SOURCE_KNOBS = ("patchops_source_max_age", "patchops_source_frozen", "patchops_source_keys")
_AGES = {"distribution": "max_age", "other": "max_age_elsewhere"}
_FINGERPRINT = re.compile(r"[0-9A-F]{40}([0-9A-F]{24})?")
_LONGEST_REASON = 300
_LONGEST_AGE = 3650


def given_terms(action: Any, task_vars: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `security_sources` of a call as the host's variables have them; raises ValueError."""
    terms: dict[str, Any] = {}
    for name in SOURCE_KNOBS:
        value = variable(action, task_vars, name)
        if value is None:
            continue
        try:
            terms.update(PARSERS[name](value))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return terms


def parse_max_age(value: Any) -> dict[str, Any]:
    """Return {max_age, max_age_elsewhere}; raises ValueError."""
    if value in ({}, [], ""):
        return {}
    if not isinstance(value, Mapping):
        return dict.fromkeys(_AGES.values(), _days(value))
    unknown = sorted(set(map(str, value)) - set(_AGES))
    if unknown:
        raise ValueError(f"{dict(value)!r} is neither days nor a mapping with distribution and other")
    return {_AGES[str(name)]: _days(days) for name, days in value.items()}


def parse_frozen(value: Any) -> dict[str, Any]:
    """Return {frozen_until, frozen_reason, frozen_repositories}; raises ValueError."""
    if value in ({}, [], ""):
        return {}
    if not isinstance(value, Mapping) or not {"until", "reason"} <= set(value):
        raise ValueError(f"{value!r} is not a mapping with until and reason")
    unknown = sorted(set(map(str, value)) - {"until", "reason", "repositories"})
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of until, reason and repositories")
    until, reason = value["until"], value["reason"]
    text = until.isoformat() if isinstance(until, (date, datetime)) else str(until)
    try:
        day = day_of(text)
    except ValueError:
        raise ValueError(f"until: {text!r} is not a day, such as 2027-01-31") from None
    if not isinstance(reason, str) or not reason.strip() or len(reason) > _LONGEST_REASON:
        raise ValueError(f"reason has to be a text of at most {_LONGEST_REASON} characters that says why")
    patterns = value.get("repositories", ["*"])
    if not isinstance(patterns, (list, tuple)) or not all(isinstance(one, str) and one for one in patterns):
        raise ValueError(f"repositories: {patterns!r} is not a list of patterns of ids or addresses")
    return {"frozen_until": day, "frozen_reason": reason.strip(), "frozen_repositories": list(patterns)}


def parse_keys(value: Any) -> dict[str, Any]:
    """Return {keys}; raises ValueError for what is no whole fingerprint."""
    if value in ({}, [], ""):
        return {}
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{value!r} is not a list of fingerprints")
    keys = [str(key).replace(" ", "").upper() for key in value]
    short = [key for key in keys if not _FINGERPRINT.fullmatch(key)]
    if short:
        raise ValueError(f"{short[0]!r} is not the whole fingerprint of a key (gpg --list-keys shows it)")
    return {"keys": keys}


def _days(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdigit() or not 1 <= int(value) <= _LONGEST_AGE:
        raise ValueError(f"{value!r} is not a number of days from 1 to {_LONGEST_AGE}")
    return int(value)


PARSERS = {
    "patchops_source_max_age": parse_max_age,
    "patchops_source_frozen": parse_frozen,
    "patchops_source_keys": parse_keys,
}
