# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan means for the list of packages, and whether the list is as it means. Pure."""

from typing import Any, Dict, Iterable, List, Set, Tuple

Package = Tuple[str, str, str]  # name, arch, version


def listed(packages: Iterable[Dict[str, Any]]) -> Set[Package]:
    """Return packages (dicts with name, arch, version) as a set."""
    return {(one["name"], one["arch"], one["version"]) for one in packages}


def after(former: Set[Package], plan: Dict[str, Any]) -> Set[Package]:
    """Return the list that applying `plan` to `former` leads to."""
    going = {before_of(one) for one in plan["packages"] if one["from"]}
    return (former - going) | {after_of(one) for one in plan["packages"] if one["to"]}


def before_of(one: Dict[str, Any]) -> Package:
    """Return what a change replaces or removes."""
    return one["name"], one.get("from_arch", one["arch"]), one["from"]


def after_of(one: Dict[str, Any]) -> Package:
    """Return what a change installs."""
    return one["name"], one["arch"], one["to"]


def not_yet_applied(plan: Dict[str, Any], present: Set[Package]) -> List[Dict[str, Any]]:
    """Return the changes of `plan` that the list `present` doesn't show."""
    return [
        one
        for one in plan["packages"]
        if (one["to"] and after_of(one) not in present) or (not one["to"] and before_of(one) in present)
    ]


def not_yet_reverted(plan: Dict[str, Any], present: Set[Package]) -> List[Dict[str, Any]]:
    """Return the changes of `plan` that the list `present` still shows."""
    names = {(name, arch) for name, arch, _version in present}
    return [
        one
        for one in plan["packages"]
        if (one["from"] and before_of(one) not in present)
        or (not one["from"] and _is_there(one, present, names))
    ]


def changed_by_others(plan: Dict[str, Any], present: Set[Package]) -> List[str]:
    """Return the plan's packages that are neither as before nor as planned."""
    versions: Dict[Tuple[str, str], str] = {}
    for name, arch, version in present:
        versions[name, arch] = version
    strange = []
    for one in plan["packages"]:
        if one.get("beside"):
            continue  # others of its name say nothing about it
        found = versions.get((one["name"], one["arch"]))
        if found not in (one["from"], one["to"]) and not ("from_arch" in one and found is None):
            strange.append(f"{one['name']} (planned {one['to'] or 'removed'}, found {found or 'none'})")
    return strange


def _is_there(change: Dict[str, Any], present: Set[Package], names: Set[Tuple[str, str]]) -> bool:
    """Tell whether what a change installed anew is there; `beside` means that others of its name may be."""
    if change.get("beside"):
        return after_of(change) in present
    return (change["name"], change["arch"]) in names


def forward(changes: Iterable[Dict[str, Any]]) -> Set[Tuple[str, Any, Any]]:
    """Return planned changes as (name, from, to), to compare with a simulation."""
    return {(one["name"], one["from"], one["to"]) for one in changes}


def difference(expected: Set[Any], found: Set[Any]) -> str:
    """Say in a line how two sets differ, empty when they don't."""
    parts = [
        f"{label} " + ", ".join(sorted(" ".join(str(field) for field in one) for one in some)[:10])
        for label, some in (("missing:", expected - found), ("unexpected:", found - expected))
        if some
    ]
    return "; ".join(parts)
