# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contradictions in a policy whose form is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import SEVERITIES
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Limits, Waiver, faults


def contradictions(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What the schema alone can't say, for data that it accepts."""
    urgency = data.get("urgency", {})
    names: set[str] = set()
    for number, rule in enumerate(urgency.get("rules", [])):
        place = f"urgency.rules[{number}]"
        if ("preset" in rule) == ("within" in rule) or ("within" in rule) != ("name" in rule):
            yield Problem(place, "neither a preset nor a rule of its own", "give preset, or name and within")
            continue
        name = rule.get("preset") or rule["name"]
        if name in names:
            yield Problem(place, f"{name!r} is given twice", "keep one, or give the other another name")
        names.add(name)
        if "preset" in rule and "clock" in rule:
            yield Problem(f"{place}.clock", "a preset has its own clock", "take clock away")
        yield from _unordered(rule.get("within", {}), f"{place}.within")
    for number, act in enumerate(urgency.get("acts", [])):
        place = f"urgency.acts[{number}]"
        if act["by"].strip().casefold() == act["approver"].strip().casefold():
            yield Problem(f"{place}.approver", "approves an own act", "name another person as approver")
        if (act["kind"] == "extend") != ("due" in act):
            yield Problem(place, "an extension needs due, a recalculation has none", "add or remove due")
    for number, entry in enumerate(data.get("judged_elsewhere", [])):
        place = f"judged_elsewhere[{number}]"
        if "origins" not in entry and "packages" not in entry:
            yield Problem(place, "names neither origins nor packages", "name what is judged elsewhere")
        if any(entry["id"] == other["id"] for other in data["judged_elsewhere"][:number]):
            yield Problem(f"{place}.id", "is given twice", "give each entry its own id")
    ids: set[str] = set()
    for number, waiver in enumerate(data.get("waivers", {}).get("entries", [])):
        if waiver["id"] in ids:
            yield Problem(f"waivers.entries[{number}].id", "is given twice", "give each waiver its own id")
        ids.add(waiver["id"])


def _unordered(within: Mapping[str, str], place: str) -> Iterator[Problem]:
    """A worse severity must not have more time: an assessment that gets worse would move the date later."""
    start = date(2000, 2, 1)  # the shortest month, so that a month counts as little as it ever does
    last: tuple[str, date] | None = None
    for severity in SEVERITIES:
        if severity not in within:
            continue
        end = Span.parse(within[severity]).after(start)
        if last is not None and end > last[1]:
            yield Problem(
                f"{place}.{severity}",
                f"{severity} has more time than {last[0]}",
                f"give {severity} at most {within[last[0]]}",
            )
        last = (severity, end)


def waiver_faults(waivers: tuple[Waiver, ...], section: Mapping[str, Any]) -> Iterator[Problem]:
    """Waivers that break the limits of the policy's own waivers section."""
    limits = Limits(
        section.get("max_days", Limits.max_days), section.get("max_renewals", Limits.max_renewals)
    )
    for number, waiver in enumerate(waivers):
        for key, message, remedy in faults(waiver, limits):
            yield Problem(f"waivers.entries[{number}].{key}", f"waiver {waiver.id}: {message}", remedy)
