# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what is installed also what runs? And does the host have the packages that were planned? Pure."""

from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import is_revertible
from ansible_collections.patchops.fleet.plugins.module_utils.verification.units import belongs_to_people


def judge_effect(
    reboot: Optional[Dict[str, Any]], restarts: Optional[List[Dict[str, Any]]]
) -> Tuple[str, List[str]]:
    """Return (yes | no | unknown, reasons) from `reboot` and `restarts` of the host document."""
    reasons = [reason["detail"] for reason in (reboot or {}).get("reasons", [])]
    told = " ".join(reasons)
    reasons += [f"{unit} runs replaced code" for unit in stale_services(restarts) if unit not in told]
    if reasons:
        return "no", reasons
    if reboot is None or reboot["required"] is None or restarts is None:
        unknown = (reboot or {}).get("unknown")
        return "unknown", [str(unknown) if unknown else "what runs on the host could not be looked into"]
    return "yes", []


def stale_services(restarts: Optional[List[Dict[str, Any]]]) -> List[str]:
    """Return the units that run replaced code, without sessions and our own, which end by themselves."""
    names = [str(item["unit"] or "a process outside of any unit") for item in restarts or []]
    return [name for name in names if not belongs_to_people(name) and not name.startswith("patchops-")]


def expected_packages(plan: Dict[str, Any], state: str, host_state: Optional[str]) -> List[Dict[str, Any]]:
    """Return [{name, arch, version}] that a host must have, going by where the transaction of `plan` stands.

    A version of None means: not installed. Nothing is expected of a transaction that did not come to rest,
    nor, once it was taken back, of what packages don't take back.
    """
    back = state == "reverted" or (state == "failed" and host_state == "former")
    if not back and state != "applied":
        return []
    return [
        {
            "name": change["name"],
            "arch": change.get("from_arch", change["arch"]) if back else change["arch"],
            "version": change.get("from" if back else "to"),
        }
        for change in plan.get("packages", ())
        # One that lies beside others of its name, taken off again, leaves those.
        if (change.get("from" if back else "to") or not change.get("beside"))
        and (is_revertible(change) or not back)
    ]


def wrong_packages(
    expected: List[Dict[str, Any]], installed: Optional[List[Dict[str, Any]]]
) -> List[Dict[str, Any]]:
    """Return [{check, ok: False, detail}] for packages that are not in the expected version.

    `expected`: [{name, arch, version}], a version of None meaning: not installed.
    """
    if installed is None:
        detail = "the host's packages could not be read"
        return [{"check": "packages", "ok": False, "detail": detail}] if expected else []
    found: Dict[Tuple[str, str], List[str]] = {}
    for package in installed:
        found.setdefault((package["name"], package["arch"]), []).append(package["version"])
    wrong = []
    for package in expected:
        versions = found.get((package["name"], package["arch"]), [])
        if package["version"] not in versions and (package["version"] or versions):
            has = ", ".join(versions) or "not installed"
            wanted = package["version"] or "not installed"
            wrong.append(
                {"check": f"package {package['name']}", "ok": False, "detail": f"{has}, expected {wanted}"}
            )
    return wrong
