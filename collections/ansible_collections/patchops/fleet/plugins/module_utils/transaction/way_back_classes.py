# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package's way back is: by packages, by a snapshot of the host, or none. Pure."""

from fnmatch import fnmatchcase
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_table import (
    FAMILIES,
    FORWARD_ONLY,
    REVERTIBLE,
    SNAPSHOT_ONLY,
    TABLE,
)

CLASSES = (REVERTIBLE, SNAPSHOT_ONLY, FORWARD_ONLY)

Change = Dict[str, Any]

# A user's rule: the packages whose names fit one of `packages` are of class `way_back`.
Rule = NamedTuple("Rule", [("packages", Tuple[str, ...]), ("way_back", str), ("reason", str)])

_KEYS = ("packages", "class", "reason")
_ONLY_KERNEL = "it replaces the only kernel of the host, and no other one is there to boot from"


def parse_rules(value: Any) -> List[Rule]:
    """Return a user's rules, the first that fits decides; raises ValueError that names the place.

    `value`: [{packages: [shell pattern], class: revertible|snapshot_only|forward_only, reason?}].
    """
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{value!r} is not a list of rules")
    return [_parse_rule(rule, f"[{number}]") for number, rule in enumerate(value)]


def _parse_rule(rule: Any, place: str) -> Rule:
    if not isinstance(rule, dict):
        raise ValueError(f"{place}: {rule!r} is not a rule with packages and class")
    unknown = sorted(str(key) for key in rule if key not in _KEYS)
    if unknown:
        raise ValueError(f"{place}.{unknown[0]}: unknown key; known are {', '.join(_KEYS)}")
    packages, way_back, reason = rule.get("packages"), rule.get("class"), rule.get("reason", "")
    if not isinstance(packages, (list, tuple)) or not packages:
        raise ValueError(f"{place}.packages: {packages!r} is not a list of package names or patterns")
    for number, pattern in enumerate(packages):
        if not isinstance(pattern, str) or not pattern.strip():
            raise ValueError(f"{place}.packages[{number}]: {pattern!r} is not a package name or pattern")
    if way_back not in CLASSES:
        raise ValueError(f"{place}.class: {way_back!r} is none of {', '.join(CLASSES)}")
    if not isinstance(reason, str):
        raise ValueError(f"{place}.reason: {reason!r} is not a text")
    return Rule(tuple(packages), way_back, reason)


def classify(
    changes: Sequence[Change], rules: Sequence[Rule], manager: str, kernels: Sequence[Dict[str, Any]]
) -> List[Change]:
    """Return the changes of a plan, each with its `way_back` (a class) and `way_back_reason`.

    The reason is None for what is revertible. A user's `rules` go before the table of `manager` (a driver's
    name). `kernels`: what is installed, [{release, package, version}].
    """
    lone = _replaced_lone_kernels(changes, kernels)
    judged = []
    for one in changes:
        # What is replaced by a package of another name goes the way of that one.
        name = one.get("replaced_by") or one["name"]
        way_back, reason = _class_of(name, rules, manager, name in lone)
        judged.append(dict(one, way_back=way_back, way_back_reason=reason))
    return judged


def _class_of(
    name: str, rules: Sequence[Rule], manager: str, is_lone_kernel: bool
) -> Tuple[str, Optional[str]]:
    for rule in rules:
        if _fits(name, rule.packages):
            reason = rule.reason or f"by the rule for {', '.join(rule.packages)}"
            return rule.way_back, None if rule.way_back == REVERTIBLE else reason
    if is_lone_kernel:
        return SNAPSHOT_ONLY, _ONLY_KERNEL
    family = FAMILIES.get(manager)
    for entry in TABLE:
        # A package manager that the table doesn't know: whatever any family calls so.
        families = [family] if family else list(entry.patterns)
        if any(_fits(name, entry.patterns.get(one, ())) for one in families):
            return entry.way_back, entry.reason
    return REVERTIBLE, None


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _replaced_lone_kernels(changes: Sequence[Change], kernels: Sequence[Dict[str, Any]]) -> List[str]:
    """Return the packages of kernels that are overwritten while no other installed kernel stays as it is."""
    going = {(one["name"], one["from"]) for one in changes if one["from"]}
    if any((kernel["package"], kernel["version"]) not in going for kernel in kernels):
        return []
    packages = {kernel["package"] for kernel in kernels}
    return [one["name"] for one in changes if one["name"] in packages and one["from"] and one["to"]]


def is_revertible(change: Change) -> bool:
    """Tell whether a change of a plan is taken back by packages."""
    return bool(change.get("way_back", REVERTIBLE) == REVERTIBLE)


def lasting(plan: Dict[str, Any]) -> List[Change]:
    """Return the changes of `plan` that packages don't take back."""
    return [one for one in plan["packages"] if not is_revertible(one)]


def summary(plan: Dict[str, Any]) -> Dict[str, Any]:
    """Return {revertible: how many, snapshot_only: [{name, reason}], forward_only: [{name, reason}]}."""
    found: Dict[str, Any] = {way_back: [] for way_back in (SNAPSHOT_ONLY, FORWARD_ONLY)}
    for one in lasting(plan):
        found[one["way_back"]].append({"name": one["name"], "reason": one["way_back_reason"]})
    found[REVERTIBLE] = sum(1 for one in plan["packages"] if is_revertible(one))
    return found


def told(changes: Sequence[Change]) -> str:
    """Return changes without a way back by packages in words: ``apt, dpkg (forward_only)``."""
    parts = []
    for way_back in (SNAPSHOT_ONLY, FORWARD_ONLY):
        names = sorted({one["name"] for one in changes if one["way_back"] == way_back})
        if names:
            parts.append(f"{', '.join(names)} ({way_back})")
    return "; ".join(parts)


def without_way_back(plan: Dict[str, Any]) -> str:
    """Return the sentence that names what packages don't take back, with a space before it; else nothing."""
    some = lasting(plan)
    return f" Without a way back by packages: {told(some)}." if some else ""
