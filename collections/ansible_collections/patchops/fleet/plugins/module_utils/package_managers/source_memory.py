# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host remembers of its security repositories: the dates of the indexes that it has seen."""

import os
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json, write_json
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.source_dates import key_of
from ansible_collections.patchops.fleet.plugins.module_utils.times import parse_time

NAME = "sources.json"
# Of repositories that are no longer enabled: somebody may enable them again.
_LIMIT = 500


def read(root: str) -> Optional[Dict[str, Dict[str, str]]]:
    """Return {key: {as_of, newest}}; None when that can't be read. A damaged file counts as none."""
    try:
        kept = read_json(os.path.join(root, NAME))
    except FileNotFoundError:
        return {}
    except OSError:
        return None
    except ValueError:
        return {}
    if not isinstance(kept, dict):
        return {}
    return {str(key): value for key, value in kept.items() if _is_sound(value)}


def with_scan(
    seen: Mapping[str, Mapping[str, str]],
    repositories: List[Dict[str, Any]],
    source: Mapping[str, Any],
    today: str,
) -> Dict[str, Dict[str, str]]:
    """Return what to remember after a scan of the time `today`. Pure.

    `newest` never goes back: a mirror that replays an old index is told of at each scan until it is current.
    A date of the future is not remembered: each true one would be a step back from it.
    """
    named = {one["repository"] for one in source["sources"] if one["as_of"] and one["as_of"] <= today}
    now = {key_of(one): one["date"] for one in repositories if one["id"] in named and not one["error"]}
    kept = {key: dict(value) for key, value in seen.items() if key not in now}
    room = max(0, _LIMIT - len(now))
    for key in sorted(kept, key=lambda one: kept[one]["as_of"])[: max(0, len(kept) - room)]:
        del kept[key]
    for key, as_of in now.items():
        newest = seen[key]["newest"] if key in seen else as_of
        kept[key] = {"as_of": as_of, "newest": max(as_of, newest)}
    return kept


def write(root: str, seen: Mapping[str, Mapping[str, str]]) -> None:
    """Keep it; raises OSError."""
    write_json(os.path.join(root, NAME), seen)


def _is_sound(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    try:
        parse_time(value["as_of"])
        parse_time(value["newest"])
    except (KeyError, TypeError, ValueError):
        return False
    return True
