# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the administrator allows for security repositories: their age, and who may sign them. Pure."""

import datetime
import fnmatch
from typing import Any, Dict, List, NamedTuple, Optional

# The option of the operations that judge a host's security source.
ARGUMENT: Dict[str, Any] = {
    "type": "dict",
    "options": {
        "max_age": {"type": "int", "default": 14},
        "max_age_elsewhere": {"type": "int", "default": 45},
        "frozen_until": {"type": "str"},
        "frozen_reason": {"type": "str", "default": ""},
        "frozen_repositories": {"type": "list", "elements": "str", "default": ["*"]},
        "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    },
}


class Terms(NamedTuple):
    """An `ARGUMENT`, complete. Ages are in days.

    `max_age` is for the distribution's own addresses, `max_age_elsewhere` for all others. `frozen_until` is a
    day, itself included; `frozen_repositories` are patterns of ids and addresses. `keys` are fingerprints
    that may sign a security archive beside the distribution's own.
    """

    max_age: int
    max_age_elsewhere: int
    frozen_until: Optional[str]
    frozen_reason: str
    frozen_repositories: List[str]
    keys: List[str]


def terms_of(argument: Optional[Dict[str, Any]]) -> Terms:
    """Return the terms of an `ARGUMENT`; what is not given has its default."""
    given = argument or {}
    values = {}
    for name, option in ARGUMENT["options"].items():
        value = given.get(name)
        values[name] = option.get("default") if value is None else value
    return Terms(**values)


def declared_frozen(terms: Terms, repository: Dict[str, Any], today: str) -> bool:
    """Tell whether the administrator says that a repository doesn't move, `today` (YYYY-MM-DD) as well."""
    until = terms.frozen_until
    return until is not None and today <= day_of(until) and _is_meant(terms, repository)


def freeze_ended(terms: Terms, repository: Dict[str, Any], today: str) -> bool:
    """Tell whether a declaration speaks of a repository and is over."""
    until = terms.frozen_until
    return until is not None and today > day_of(until) and _is_meant(terms, repository)


def day_of(text: str) -> str:
    """Return the day of a date or time; raises ValueError for what is neither."""
    datetime.datetime.strptime(text[:10], "%Y-%m-%d")
    return text[:10]


def _is_meant(terms: Terms, repository: Dict[str, Any]) -> bool:
    names = (str(repository["id"]), str(repository["uri"]))
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in terms.frozen_repositories for name in names)
