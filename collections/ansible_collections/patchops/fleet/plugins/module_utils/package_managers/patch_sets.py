# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a plan against the patch set that it is to carry out. Pure."""

from typing import Any, Dict, Iterable

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError


def check_members(changes: Iterable[Change], patch_set: Dict[str, Any], manager: str) -> None:
    """Raise DriverError unless each of `changes` is a member of the set, with the proven bytes."""
    members = {(one["name"], one["arch"], one["version"]): one for one in patch_set["packages"]}
    removals = {(one["name"], one["arch"]) for one in patch_set.get("removals", [])}
    strangers, changed = [], []
    for one in changes:
        if one.action is Action.REMOVE:
            if (one.name, one.arch) not in removals:
                strangers.append(f"removal of {one.name}")
            continue
        member = members.get((one.name, one.arch, str(one.after)))
        if member is None:
            strangers.append(f"{one.name} {one.after} ({one.arch})")
        elif member["sha256"] != one.sha256:
            changed.append(f"{one.name} {one.after}")
    if strangers:
        raise DriverError(
            "not_in_patch_set",
            f"The patch set can't be installed by itself; {manager} also wants: "
            + ", ".join(strangers)
            + ".",
            "Prove a set on a host with the same packages, or bring this host to the others' state first.",
        )
    if changed:
        raise DriverError(
            "member_changed",
            "The repositories serve other bytes than those proven for: " + ", ".join(changed) + ".",
            "Find out who changed the repository before anything is installed from it.",
        )
