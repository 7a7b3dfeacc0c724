# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the arguments of a call beyond what their types say. Pure."""

import re
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import valid_id
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.access import (
    CONFIRM_LIMITS,
    valid_pattern,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import (
    Rule,
    parse_rules,
)

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_TEXT = ("name", "arch", "version")


def read_selection(params: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """Return the selection that a call names, None when it names none; raises DriverError (bad_arguments).

    `params["patch_set"]` is here one platform's part of a set: {id, packages, removals}.
    """
    if params["id"] is not None and not valid_id(params["id"]):
        raise _bad(
            f"{params['id']!r} can't be the id of a transaction: letters, digits, _ and -, at most 64."
        )
    _check_confirmation(params["confirm_within"], params["access_packages"])
    if params["state"] in ("reverted", "committed", "confirmed", "disowned"):
        return None
    if params["packages"] is not None:
        if not params["packages"]:
            raise _bad("packages is empty.")
        return {"packages": params["packages"]}
    if params["patch_set"] is not None:
        return {"patch_set": _platform_part(params["patch_set"])}
    return {"select": params["select"]} if params["select"] else None


def read_rules(params: Dict[str, Any]) -> List[Rule]:
    """Return the user's rules for classes of the way back; raises DriverError (bad_arguments)."""
    try:
        return parse_rules(params["way_back_classes"])
    except ValueError as error:
        raise _bad(f"way_back_classes{error}.")


def _check_confirmation(within: int, packages: List[str]) -> None:
    shortest, longest = CONFIRM_LIMITS
    if within and not shortest <= within <= longest:
        raise _bad(f"confirm_within is {within}: 0 for never, or {shortest} to {longest} seconds.")
    strange = [name for name in packages if not valid_pattern(name)]
    if strange:
        raise _bad(
            f"access_packages: {strange[0]!r} is no name of a package, nor a pattern of names with * and ?."
        )


def _platform_part(part: Any) -> Dict[str, Any]:
    if not isinstance(part, dict) or not isinstance(part.get("id"), str):
        raise _bad("patch_set is not the part of a patch set for this host.")
    packages = _members(part.get("packages"), _TEXT)
    for member in packages:
        if not _SHA256.match(str(member.get("sha256"))):
            raise _bad(f"the patch set gives no SHA-256 for {member['name']}.")
    return {
        "id": part["id"],
        "packages": [{key: one[key] for key in _TEXT + ("sha256",)} for one in packages],
        "removals": [
            {key: one[key] for key in _TEXT[:2]} for one in _members(part.get("removals", []), _TEXT[:2])
        ],
    }


def _members(value: Any, keys: Any) -> List[Dict[str, Any]]:
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and all(isinstance(one.get(key), str) for key in keys) for one in value
    ):
        raise _bad("patch_set has members without " + ", ".join(keys) + ".")
    return value


def _bad(message: str) -> DriverError:
    return DriverError("bad_arguments", message + " Nothing was changed.", "Correct the task.")
