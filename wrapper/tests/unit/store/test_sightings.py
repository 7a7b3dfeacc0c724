# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store knows of the hosts of an inventory before a rollout."""

from __future__ import annotations

import datetime

from sqlalchemy import Engine

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory, WorkerId
from patchops.store.queries import Sighting, patch_durations, sightings
from patchops.store.run_ledger import Closing, HostFacts, NewRun, Result, RunLedger

NOW = datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.UTC)
WORKER = WorkerId("w1", "m1", "ctl1", "b1", 1234)


def ran(
    engine: Engine,
    number: int,
    exit_code: int = 0,
    inventory: str = "prod",
    minutes: int = 5,
    **outcomes: str,
) -> None:
    """Put a run on record, with the outcome class of each host."""
    ledger, begun = RunLedger(engine), NOW + datetime.timedelta(days=number)
    new = NewRun(f"r{number}", "patch", Inventory(inventory), "all", True, False, list(outcomes))
    attempt = ledger.begin(new, f"/runs/r{number}", WORKER, begun, datetime.timedelta(minutes=2))
    results = [
        Result(name, outcome, "", "", "", None, touched=False, lost=False, changes=0)
        for name, outcome in outcomes.items()
    ]
    facts = [HostFacts(name, platform="debian-12") for name, outcome in outcomes.items() if outcome == "ok"]
    closing = Closing("done", exit_code, 0, "", None, facts, results)
    ledger.close(attempt, closing, begun + datetime.timedelta(minutes=minutes))


def test_a_host_is_reachable_as_its_newest_result_says(engine: Engine) -> None:
    ran(engine, 1, web1="ok", web2="unreachable", web3="failed")
    ran(engine, 2, web1="unreachable", web2="ok")
    assert sightings(engine, "prod") == {
        "web1": Sighting("debian-12", False),
        "web2": Sighting("debian-12", True),
        "web3": Sighting(None, True),
    }


def test_a_run_that_ended_before_a_hosts_turn_says_nothing_of_it(engine: Engine) -> None:
    ran(engine, 1, web1="unreachable", web2="not_started")
    ran(engine, 2, web1="not_started")
    assert sightings(engine, "prod") == {"web1": Sighting(None, False), "web2": Sighting(None, None)}


def test_hosts_of_other_inventories_are_left_out(engine: Engine) -> None:
    ran(engine, 1, inventory="lab", web1="ok")
    assert sightings(engine, "prod") == {}


def test_only_patches_that_ended_tell_how_long_one_takes(engine: Engine) -> None:
    ran(engine, 1, minutes=10, web1="ok")
    ran(engine, 2, exit_code=4, minutes=20, web1="failed")
    ran(engine, 3, exit_code=3, minutes=1, web1="ok")
    ran(engine, 4, inventory="lab", minutes=1, web1="ok")
    assert patch_durations(engine, "prod") == [1200.0, 600.0]
