# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings on a terminal: the answers first, then the most urgent work, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import currency_line
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, key_of, labels
from patchops.text import plain

_GROUP_STYLES = {"overdue and exploited": "bold red", "overdue": "red", "exploited": "red", "due": "yellow"}
_STATUS_STYLES = {
    "compliant": "green",
    "compliant_as_judged": "yellow",
    "accepted": "cyan",
    "not_compliant": "red",
    "unknown": "yellow",
}
_MOST = 25


def print_assessment(console: Console, document: Mapping[str, Any]) -> None:
    """Print a fleet's findings document. Everything in it is neutralised and never read as markup."""
    totals = document["totals"]
    console.print(
        Text(
            f"{totals['hosts']} hosts: {totals['compliant']} compliant, {_as_judged(totals)}"
            f"{totals['accepted']} accepted, "
            f"{totals['not_compliant']} not compliant, {totals['unknown']} can't be known; "
            f"{totals['not_fully_known']} not fully known",
            style="bold",
        )
    )
    unknown = totals.get("exploited_unknown", 0)
    console.print(
        Text(
            f"{totals['findings']} findings: {totals['overdue']} overdue, {totals['exploited']} exploited"
            + (f", {unknown} of which that can't be known" if unknown else "")
        )
    )
    print_intelligence(console, document)
    print_uncovered(console, document)
    names = labels(key_of(row) for row in document["hosts"])
    console.print(_hosts(document["hosts"], names))
    urgent = [finding for finding in document["findings"] if finding["urgency_group"] != "closed"]
    if urgent:
        console.print(Text("\nMost urgent first", style="bold"))
        print_findings(console, urgent[:_MOST], names)
        _remaining(console, len(urgent) - _MOST)
    for notice in document["waiver_notices"]:
        console.print(Text(f"Waiver: {plain(notice['message'])}", style="yellow"))
    approved = sum(1 for update in document["updates"] if update["verdict"] == "approved")
    if document["updates"]:
        console.print(
            Text(
                f"\nThe baseline approves {approved} of {len(document['updates'])} pending updates: "
                f"patch set {document['patch_set_id'][:12]}"
            )
        )


def print_intelligence(console: Console, document: Mapping[str, Any]) -> None:
    """Say how old the facts on exploitation are; documents of earlier versions don't tell."""
    known = document.get("intelligence")
    if known:
        all_current = all(one["status"] == "current" for one in known.values())
        console.print(Text(plain(currency_line(known), 400), style="" if all_current else "yellow"))


def print_uncovered(console: Console, document: Mapping[str, Any]) -> None:
    """Say what no feed judges, in one line; `patchops coverage` lists it."""
    rows = [one for one in document.get("uncovered") or () if one["accepted"] < one["rows"]]
    if rows:
        names = ", ".join(f"{one['origin']} (on {one['hosts']})" for one in rows)
        text = f"No feed judges packages of {names}: `patchops coverage` lists them"
        console.print(Text(plain(text, 400), style="yellow"))


def _as_judged(totals: Mapping[str, Any]) -> str:
    number = totals.get("compliant_as_judged", 0)
    return f"{number} compliant as far as judged, " if number else ""


def print_findings(
    console: Console, findings: Sequence[Mapping[str, Any]], names: Mapping[HostKey, str]
) -> None:
    """Print findings as a table, in their order. `names`: how each host is shown."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("host", "package", "advisory", "state", "fix", "due", "why"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        group = finding["urgency_group"]
        table.add_row(
            Text(plain(names[key_of(finding)], 120)),
            Text(plain(finding["package"] or "", 80)),
            Text(plain(finding["advisory"] or "", 60)),
            Text(_state(finding)),
            Text(plain(finding["fixed"] or "", 60)),
            Text(finding["due"] or "", style=_GROUP_STYLES.get(group, "")),
            Text(_why(finding), style=_GROUP_STYLES.get(group, "")),
        )
    console.print(table)


def _hosts(rows: Sequence[Mapping[str, Any]], names: Mapping[HostKey, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (
        "host",
        "status",
        "judged",
        "missing",
        "no fix",
        "overdue",
        "exploited",
        "not known because",
    ):
        table.add_column(title, overflow="fold")
    for row in rows[:_MOST]:
        states = row["states"]
        table.add_row(
            Text(plain(names[key_of(row)], 120)),
            Text(_status(row), style=_STATUS_STYLES[row["status"]]),
            Text(judged_of(row["coverage"])),
            Text(str(states.get("missing", 0) + states.get("failed", 0) + states.get("rejected", 0))),
            Text(str(states.get("no_fix", 0))),
            Text(str(row["overdue"])),
            Text(str(row["exploited"])),
            Text(plain("; ".join(reason["message"] for reason in row["coverage"]["reasons"]), 200)),
        )
    if len(rows) > _MOST:
        table.add_row(Text(f"and {len(rows) - _MOST} more: --json shows all"))
    return table


def _status(row: Mapping[str, Any]) -> str:
    name = str(row["status"])
    return "compliant as far as judged" if name == "compliant_as_judged" else name.replace("_", " ")


def judged_of(coverage: Mapping[str, Any]) -> str:
    """ "612 of 620", and how many are accepted as judged elsewhere; "" in documents of earlier versions."""
    if "packages" not in coverage:
        return ""
    accepted = coverage.get("accepted", 0)
    more = f", {accepted} elsewhere" if accepted else ""
    return f"{coverage['judged']} of {coverage['packages']}{more}"


def _remaining(console: Console, count: int) -> None:
    if count > 0:
        console.print(Text(f"and {count} more: `patchops findings` shows all"))


def _state(finding: Mapping[str, Any]) -> str:
    if finding["state"] == "installed":
        return f"installed, in effect: {finding.get('effective') or 'unknown'}"
    if finding["state"] == "no_fix":
        return "no fix: " + ("deferred" if finding.get("no_fix") == "deferred" else "none yet")
    return str(finding["state"])


def _why(finding: Mapping[str, Any]) -> str:
    """The group and the rule; for what can't be known its reason."""
    if finding["state"] == "unknown":
        return plain("; ".join(reason["message"] for reason in finding["reasons"]), 200)
    urgency = finding.get("urgency") or {}
    rule = f"{urgency['rule']}, {urgency['timeline']}" if urgency.get("rule") else "no date"
    return plain(f"{finding['urgency_group']}: {rule}", 200)
