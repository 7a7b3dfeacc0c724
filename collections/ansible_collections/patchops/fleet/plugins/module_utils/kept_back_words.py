# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept back on a host, and by what, in sentences for people. Pure."""

from typing import Any, Dict, Iterable, List, Mapping

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause

_BY = {
    Cause.HOLD: "a hold",
    Cause.EXCLUDE: "an exclude",
    Cause.PIN: "a pin",
    Cause.PHASED: "phasing",
    Cause.OLDER: "a preference for an older version",
    Cause.DEFAULT_RELEASE: "APT::Default-Release",
    Cause.PRIORITY: "priorities",
    Cause.MODULE: "module streams",
    Cause.VENDOR: "the vendor of what is installed",
    Cause.UNCHECKED: "a missing checksum",
    Cause.DEPENDENCY: "dependencies",
}
_REMEDIES = {
    Cause.DEFAULT_RELEASE: (
        "Remove APT::Default-Release, or give the security suite the same priority "
        "(in /etc/apt/preferences.d: Package: *, Pin: release l=Debian-Security, Pin-Priority: 990)."
    ),
    Cause.PRIORITY: "Give the repository that has the fix the better priority, or take the fix from another.",
    Cause.MODULE: "Enable the module stream of what is installed, or switch to one that is maintained.",
    Cause.VENDOR: "Switch the package to the vendor that has the fix (zypper dup --from), or remove it.",
    Cause.UNCHECKED: "Serve the package with a SHA-256 or SHA-512 sum in the repository's index.",
    Cause.DEPENDENCY: "Ask the package manager on the host for the named version to see what is in the way.",
}
_INTENDED = {one.value for one in Cause if one.is_intended}
_MOST_NAMED = 5
_LONGEST_REASON = 300


def is_intended(cause: Any) -> bool:
    """Tell whether somebody decided that just this update shall not come; plans of former versions don't
    tell the cause."""
    return cause is None or cause in _INTENDED


def of_updates(updates: Iterable[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """Return the security updates of a host document that its package manager passes over, as a plan's
    `held`."""
    found = []
    for one in updates:
        kept = one.get("kept_back")
        if one.get("held") and one["security"]:
            found.append({"name": one["name"], "reason": "held on the host", "cause": Cause.HOLD.value})
        elif kept is not None and kept["security"]:
            found.append({"name": one["name"], "reason": kept["reason"], "cause": kept["cause"]})
    return found


def describe(held: Iterable[Mapping[str, Any]]) -> str:
    """Return what keeps security updates back, and which: one clause for each cause, its reason first."""
    by_cause: Dict[str, List[Mapping[str, Any]]] = {}
    for one in held:
        by_cause.setdefault(str(one["cause"]), []).append(one)
    return "; ".join(_clause(Cause(cause), by_cause[cause]) for cause in sorted(by_cause, key=_order))


def remedy(held: Iterable[Mapping[str, Any]]) -> str:
    """Return what to do about updates that are kept back, for each cause once."""
    causes = {Cause(one["cause"]) for one in held}
    told = [text for cause, text in _REMEDIES.items() if cause in causes]
    return " ".join(told + ["Hold a package that shall stay as it is: then that counts as intended."])


def _order(cause: str) -> int:
    # What nobody decided comes first.
    return int(Cause(cause).is_intended)


def _clause(cause: Cause, held: List[Mapping[str, Any]]) -> str:
    count = "1 security update is" if len(held) == 1 else f"{len(held)} security updates are"
    first = f"{held[0]['name']} ({str(held[0]['reason'])[:_LONGEST_REASON].rstrip('.')})"
    names = [first] + [str(one["name"]) for one in held[1:_MOST_NAMED]]
    more = f" and {len(held) - _MOST_NAMED} more" if len(held) > _MOST_NAMED else ""
    return f"{count} kept back by {_BY[cause]}: {', '.join(names)}{more}"
