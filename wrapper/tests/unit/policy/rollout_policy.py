# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy with everything that cycles can say, and the files that it names."""

from __future__ import annotations

from datetime import date
from pathlib import Path

TODAY = date(2026, 12, 1)

POLICY = """\
kind: patchops.policy
schema: 1
timezone: Europe/Berlin
people: {change-board: [ann, bob]}
inventories:
  prod: {sources: [inventories/prod.yml], refresh: 1h}
calendars:
  nights: {rrule: "FREQ=WEEKLY;BYDAY=TU,WE,TH", start: "22:00", duration: 4h, timezone: host}
  patched: {rrule: "FREQ=MONTHLY;BYDAY=2TU", plus: 3d, start: "20:00", duration: 6h}
  year_end: {from: 2026-12-18, until: 2027-01-04, reason: year end}
  shop: {ical: calendars/shop.ics}
cycles:
  monthly:
    inventory: prod
    hosts: "linux:!appliances"
    starts: patched
    jitter: 10m
    install: baseline
    deadline: 14d
    windows: [nights]
    freezes: [year_end, shop]
    cutoff: 30m
    on_breach: batch
    rings:
      - {name: staging, hosts: staging, soak: 2d, checks: [{testinfra: tests/shop.py}]}
      - {name: canary, hosts: canary, soak: 1d, min_effective: 100%}
      - name: early
        hosts: early
        batches: [1, "10%", "100%"]
        max_in_flight: {total: 10, per: {site: 2}}
        max_failures: 2%
        soak: 1d
        gates: [ticket, board, ready]
      - {name: broad, hosts: rest, batches: ["10%", "100%"], max_in_flight: 5%}
    gates:
      board: {approval: {by: [change-board], count: 1, within: 48h}}
      ticket: {command: [/usr/local/bin/change-open, "{rollout}"], once: ring}
      ready: {http: {url: "https://status.example.com/ready"}, timeout: 10s}
    notices: [{before: 24h, to: [ops]}, {when: [halted, finished, needs_approval], to: [ops]}]
recipients:
  ops: {command: [/usr/local/bin/tell]}
"""

SHOP = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261210
DTEND;VALUE=DATE:20261212
SUMMARY:sale
END:VEVENT
END:VCALENDAR
"""


def write_site(folder: Path, policy: str = POLICY) -> Path:
    """Write the policy and what it names, and return the policy's path."""
    files = {
        "policy.yml": policy,
        "inventories/prod.yml": "all: {hosts: {}}\n",
        "calendars/shop.ics": SHOP.replace("\n", "\r\n"),
        "tests/shop.py": "def test_shop(): pass\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder / "policy.yml"
