# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the report of a run from what its hosts registered. Pure: the times are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.kept_back_words import describe, is_intended
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import (
    OK,
    SKIPPED,
    make_outcome,
)
from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import named, plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import SCHEMAS
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.budget import Budget
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import (
    Result,
    confirmation,
    host_outcome,
    plan,
    transaction,
    way_back,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.report_entry import HostEntry

KIND = "patchops.report"
# Every host is counted in exactly one of these.
BUCKETS = (
    "patched_effective",
    "nothing_to_do",
    "pending",
    "not_effective",
    "refused",
    "failed",
    "reverted",
    "unreachable",
    "unknown",
    "not_started",
)
_CHANGE_KEYS = ("name", "arch", "action", "from", "to", "security", "origin", "way_back")
_BAD = frozenset({"refused", "failed", "reverted", "unreachable"})
# Taken back because the run was to take it back.
_AS_ASKED = frozenset({"taken_back", "taken_back_partly"})
# What is wrong with a security source is its age alone.
_OF_AGE = frozenset({"frozen", "replayed"})
_MOST_NAMED = 20
_MOST_PACKAGES = 10
_LONGEST_LINE = 600


def host_entry(
    host: str,
    results: Mapping[str, Result],
    *,
    batch: int | None,
    intermittent: bool,
    waits_for_gate: bool,
    gates: Sequence[Mapping[str, Any]] = (),
    sealed_set: bool = False,
) -> dict[str, Any]:
    """Return the report's entry of one host.

    `waits_for_gate`: the playbook changes hosts only behind a gate, so a host that no open gate let through
    was not started. `sealed_set`: the run installs a sealed patch set, whose packages were proven elsewhere:
    how old the repositories of the host are says nothing of them.
    """
    outcome = host_outcome(results, intermittent)
    closed = results.get("gate", {}).get("open") is not True
    if waits_for_gate and closed and outcome["class"] == OK:
        outcome.update(_not_started(gates))
    seen = results.get("discover", {}).get("host", {})
    verified = results.get("verify_back") or results.get("verify") or {}
    host_plan = plan(results)
    entry = HostEntry(
        host=host,
        outcome={key: outcome[key] for key in ("class", "code", "message", "remedy")},
        step=outcome["step"],
        touched=outcome["touched"],
        lost=outcome["lost"],
        batch=batch,
        platform=host_plan.get("platform") or seen.get("platform"),
        transaction=transaction(results),
        changes=[{key: change.get(key) for key in _CHANGE_KEYS} for change in host_plan.get("packages", ())],
        way_back=way_back(results),
        held=list(host_plan.get("held", ())),
        blocked=list(host_plan.get("blocked", ())),
        pending=verified.get("pending") or seen.get("pending"),
        effective=verified.get("effective", "unknown"),
        reboot=_reboot(results) or (None if outcome["touched"] else _reboot_seen(seen.get("reboot"))),
        verification=_verification(verified),
        confirm=confirmation(results),
        security_source=_security_source(seen, verified),
        os=seen.get("os"),
    )
    # Staging reads the repositories itself where discovery could not.
    told = entry.as_dict()
    if sealed_set and (told["security_source"] or {}).get("status") in _OF_AGE:
        return told
    return _doubtful(told, None if "stage" in results else seen.get("unread"))


def bucket(entry: Mapping[str, Any], *, check_mode: bool = False) -> str:
    """Return the total in which a host's entry is counted."""
    outcome = entry["outcome"]
    if outcome["class"] not in (OK, SKIPPED):
        return str(outcome["class"])
    if outcome["code"] in _AS_ASKED:
        return "reverted"
    if entry["verification"] is not None:
        if entry["effective"] != "yes":
            return "not_effective" if entry["effective"] == "no" else "unknown"
        if not entry["changes"] and (entry["blocked"] or _kept_back(entry)):
            return "pending"
        standing = entry["changes"] and (entry["transaction"] or {}).get("state") == "applied"
        if any(not is_intended(one.get("cause")) for one in _kept_back(entry)):
            return "pending"
        return "patched_effective" if entry["touched"] or standing else "nothing_to_do"
    waiting = (entry["changes"] or _kept_back(entry)) if check_mode else (entry["pending"] or {}).get("total")
    return "pending" if waiting else "nothing_to_do"


def _kept_back(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the security updates that the plan left out."""
    return [one for one in entry["held"] if isinstance(one, Mapping) and one.get("security")]


def build_report(
    *,
    run: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    gates: Sequence[Mapping[str, Any]],
    patch_set: Mapping[str, Any] | None,
    finished_at: str,
    check_mode: bool,
    unsealed: str = "",
) -> dict[str, Any]:
    """Return the document of a run.

    `run`: {run_id, playbook, started_at, budget_max}; `gates`: {at, batch, open, reason, budget} in order;
    `unsealed`: why no patch set could be sealed although the hosts proved one.
    """
    totals = {"hosts": len(entries), **dict.fromkeys(BUCKETS, 0)}
    for entry in entries:
        totals[bucket(entry, check_mode=check_mode)] += 1
    budget = Budget(int(run["budget_max"]), len(entries), sum(bool(entry["lost"]) for entry in entries))
    return {
        "kind": KIND,
        "schema": SCHEMAS[KIND],
        "engine_version": ENGINE_VERSION,
        "run_id": run["run_id"],
        "playbook": run["playbook"],
        "started_at": run["started_at"],
        "finished_at": finished_at,
        "check_mode": check_mode,
        "result": _result(totals, gates, _asked_for(entries), unsealed),
        "unsealed": unsealed or None,
        "gates": [dict(gate) for gate in gates],
        "budget": budget.as_dict(),
        "totals": totals,
        "hosts": [dict(entry) for entry in entries],
        "patch_set": patch_set,
    }


def summarize(report: Mapping[str, Any]) -> str:
    """Return one line for people: what the run came to."""
    totals = report["totals"]
    parts = [
        f"{count} {name.replace('_', ' ')}" for name, count in totals.items() if count and name != "hosts"
    ]
    line = f"{report['playbook']} {report['result']}: {totals['hosts']} hosts: {', '.join(parts)}."
    told = without_way_back({entry["host"]: entry.get("way_back") for entry in report["hosts"]})
    line = " ".join(part for part in (line, told, kept_back(report["hosts"])) if part)
    closed = [gate["reason"] for gate in report["gates"] if not gate["open"]]
    if closed:
        return f"{line} Stopped: {closed[-1]}."
    return f"{line} {report['unsealed']}" if report["unsealed"] else line


def without_way_back(by_host: Mapping[str, Mapping[str, Any] | None]) -> str:
    """Return the sentence that names the hosts, and what packages don't take back on them; else nothing.

    `by_host`: the `way_back` of each host's entry.
    """
    told = [
        f"{host} ({named((one['name'] for one in some), _MOST_PACKAGES)})"
        for host, found in by_host.items()
        if found and (some := [*found["snapshot_only"], *found["forward_only"]])
    ]
    return f"Without a way back by packages: {named(told, _MOST_NAMED, _LONGEST_LINE)}." if told else ""


def kept_back(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the sentence that names the hosts with security updates that were left out, and why; else
    nothing."""
    told = [f"{entry['host']}: {describe(some)}" for entry in entries if (some := _kept_back(entry))]
    more = f"; and {len(told) - _MOST_NAMED} more hosts" if len(told) > _MOST_NAMED else ""
    return f"Security updates are missing: {'; '.join(told[:_MOST_NAMED])}{more}." if told else ""


def needing_somebody(report: Mapping[str, Any]) -> list[str]:
    """Return one line for each host that is not as it should be: its state, the reason and the remedy.

    The first 20 hosts are named; one more line says how many there are besides. Hosts that were not started
    are left out: the gate says why.
    """
    check_mode = bool(report["check_mode"])
    states = [(entry, bucket(entry, check_mode=check_mode)) for entry in report["hosts"]]
    needing = [
        _line(entry, state)
        for entry, state in states
        if state in _BAD | {"unknown"} and entry["outcome"]["code"] not in _AS_ASKED
    ]
    left = len(needing) - _MOST_NAMED
    return [*needing[:_MOST_NAMED], f"and {left} more in the report"] if left > 0 else needing


def _line(entry: Mapping[str, Any], state: str) -> str:
    host, outcome = str(entry["host"]), entry["outcome"]
    reason = str(outcome["message"]).removeprefix(f"{host}: ").rstrip(".") + "."
    return " ".join(plain(f"{host} ({state}): {reason} {outcome['remedy']}", _LONGEST_LINE).split())


def _asked_for(entries: Sequence[Mapping[str, Any]]) -> int:
    """How many hosts were taken back because the run was to take them back."""
    return sum(entry["outcome"]["code"] in _AS_ASKED for entry in entries)


def _result(
    totals: Mapping[str, int], gates: Sequence[Mapping[str, Any]], asked_for: int, unsealed: str
) -> str:
    if any(not gate["open"] for gate in gates):
        return "stopped"
    if unsealed or sum(totals[name] for name in _BAD) > asked_for:
        return "failed"
    return "unknown" if totals["unknown"] else "done"


def _not_started(gates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    reasons = [gate["reason"] for gate in gates if not gate["open"]]
    reason = reasons[-1] if reasons else "the run ended before its batch"
    return {
        **make_outcome(
            "not_started",
            f"Not started: {reason}. Nothing was changed.",
            "Run it again when the reason is gone; what is staged is used then.",
        ),
        "step": "gate",
    }


def _security_source(seen: Mapping[str, Any], verified: Mapping[str, Any]) -> Any:
    """Return what is known of a host's source of security updates at last.

    Where no repository marks them, a host has one once nothing is pending. What a refresh complained about
    stands: verification doesn't read the repositories anew.
    """
    source = seen.get("security_source")
    absent = (source or {}).get("status") == "absent"
    return verified.get("security_source") or source if absent else source


def _doubtful(entry: dict[str, Any], unread: Mapping[str, Any] | None) -> dict[str, Any]:
    """Turn a good outcome into an unknown one where the host can't know of its (security) updates."""
    source = entry["security_source"] or {}
    if entry["outcome"]["class"] == OK and source.get("status", "ok") != "ok":
        entry["outcome"] = make_outcome(
            "security_unknown",
            f"{entry['host']}: whether security updates are missing can't be known, its security source is "
            f"{source['status']} ({source.get('reason') or 'no reason given'}). "
            f"{entry['outcome']['message']}",
            "Give the host a readable, signed and current security repository and scan it again.",
        )
    elif entry["outcome"]["class"] == OK and unread:
        entry["outcome"] = make_outcome(
            "updates_unknown",
            f"{entry['host']}: {entry['outcome']['message']}.",
            "Repair the repository or the way to it, or disable it, and scan the host again.",
        )
    return entry


def _reboot(results: Mapping[str, Result]) -> dict[str, Any] | None:
    told = [results.get(step, {}).get("reboot") for step in ("reboot_back", "leave_kernel", "reboot")]
    found = [facts for facts in told if isinstance(facts, Mapping)]
    # On the way back the host may have had to leave its kernel first: that was its reboot then.
    if len(found) > 1 and not found[0].get("done") and "leave_kernel" in results:
        found.pop(0)
    return dict(found[0]) if found else None


def _reboot_seen(seen: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what a run that reboots nothing knows: whether the host asked for it."""
    if not seen:
        return None
    return {"required": seen["required"], "done": False, "boot_id_changed": False, "kernel": None}


def _verification(verified: Mapping[str, Any]) -> dict[str, Any] | None:
    found = verified.get("verification")
    return dict(found) if isinstance(found, Mapping) else None
