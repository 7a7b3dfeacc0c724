# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops policy check` with the hosts of an inventory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory, WorkerId
from patchops.cli import main
from patchops.paths import DataDirectory
from patchops.store.database import open_state
from patchops.store.run_ledger import Closing, NewRun, RunLedger
from patchops.store.run_ledger import Result as HostResult

from .rollout_policy import POLICY, write_site

INVENTORY = """\
all:
  vars: {patchops_inventory: prod}
  children:
    linux:
      children:
        staging: {hosts: {s1: }}
        canary: {hosts: {c1: , c2: }}
        early: {hosts: {e1: {site: north}, e2: {site: north}, e3: {site: north, patchops_intermittent: true}}}
        web: {hosts: {"b[01:40]": }}
    appliances: {hosts: {b40: , x1: }}
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDirectory:
    monkeypatch.setenv("PATCHOPS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    return DataDirectory(tmp_path / "data")


def check(folder: Path, policy: str = POLICY, inventory: str = INVENTORY, *options: str) -> Result:
    path = write_site(folder, policy)
    (folder / "inventories/prod.yml").write_text(inventory, encoding="utf-8")
    return CliRunner().invoke(main, ["policy", "check", str(path), *options])


@pytest.mark.usefixtures("data")
def test_each_ring_is_shown_with_its_hosts_and_its_worst_case(tmp_path: Path) -> None:
    answer = check(tmp_path)
    assert answer.exit_code == 0, answer.output
    rows = {
        line.split()[0]: line.split()[1:] for line in answer.output.splitlines() if line.startswith("    ")
    }
    # ring: hosts, counted, largest batch, in flight, budget, lost at worst, soak
    assert rows["staging"] == ["1", "1", "1", "1", "0", "1", "2d"]
    assert rows["canary"] == ["2", "2", "2", "2", "0", "2", "1d"]
    assert rows["early"] == ["3", "2", "2", "2", "0", "2", "1d"]
    assert rows["broad"] == ["39", "39", "39", "1", "1", "2", "0s"]
    assert "intermittent: e3 (patchops_intermittent is set)" in answer.output
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("data")
def test_mistakes_of_policy_and_inventory_are_told_at_once(tmp_path: Path) -> None:
    policy = POLICY.replace("hosts: canary", "hosts: cannary").replace("hosts: early", '"hosts": "early:s1"')
    policy += "  box: {}\n"
    answer = check(tmp_path, policy, INVENTORY.replace("site: north}", "patchops_ring: erly}", 1))
    assert answer.exit_code == 2
    told = [line.split(": ", 1)[1] for line in answer.stderr.splitlines() if "policy.yml:" in line]
    assert [line.partition(". Remedy")[0] for line in told] == [
        "recipients.box: a recipient is one kind, and this has none of them",
        "cycles.monthly.rings[1].hosts: 'cannary' is no host or group of the inventory",
        "cycles.monthly.rings: patchops_ring of e1 is 'erly', which is no ring",
        "cycles.monthly.rings[2].hosts: s1 is in the rings staging and early",
        "cycles.monthly.rings[1].hosts: no host of the cycle is in the ring canary",
    ]


@pytest.mark.usefixtures("data")
def test_an_inventory_that_cannot_be_read_is_a_mistake_at_its_place(tmp_path: Path) -> None:
    answer = check(tmp_path, POLICY, "all: [")
    assert answer.exit_code == 2
    assert "policy.yml:6: inventories.prod.sources: Ansible could not read the inventory" in answer.stderr


@pytest.mark.usefixtures("data")
def test_the_policy_alone_can_be_checked(tmp_path: Path) -> None:
    answer = check(tmp_path, POLICY, "all: [", "--no-inventory")
    assert answer.exit_code == 0
    assert "cycle monthly: starts by patched, next " in answer.output


@pytest.mark.usefixtures("data")
def test_a_pattern_that_ansible_cannot_read_is_a_mistake_at_its_place(tmp_path: Path) -> None:
    policy = POLICY.replace('"linux:!appliances"', '"linux:!aplliances[0]"').replace(
        "hosts: early", 'hosts: "~("'
    )
    answer = check(tmp_path, policy)
    assert answer.exit_code == 2
    assert "cycles.monthly.hosts: 'aplliances' is no host or group of the inventory" in answer.stderr
    assert "cycles.monthly.rings[2].hosts: Ansible can't read the pattern '~('" in answer.stderr


@pytest.mark.usefixtures("data")
def test_another_inventory_can_be_looked_at(tmp_path: Path) -> None:
    other = tmp_path / "other.yml"
    other.write_text(INVENTORY.replace("s1:", "s9:"), encoding="utf-8")
    answer = check(
        tmp_path, POLICY.replace("inventories/prod.yml", "inventories"), "all: [", "-i", str(other)
    )
    assert answer.exit_code == 0, answer.output


def test_what_the_store_knows_counts(tmp_path: Path, data: DataDirectory) -> None:
    data.make()
    engine, begun = open_state(data), datetime.now(UTC) - timedelta(days=1)
    hosts = ["c1", "c2"]
    run = NewRun("r1", "patch", Inventory("prod"), "all", True, False, hosts)
    worker = WorkerId("w1", "m1", "ctl1", "b1", 1234)
    attempt = RunLedger(engine).begin(run, "/runs/r1", worker, begun, timedelta(0))
    results = [
        HostResult(name, "unreachable", "", "", "", None, touched=False, lost=False, changes=0)
        for name in hosts
    ]
    closing = Closing("done", 4, 2, "", None, [], results)
    RunLedger(engine).close(attempt, closing, begun + timedelta(minutes=20))
    engine.dispose()
    answer = check(tmp_path, POLICY)
    assert "straggler: c1, c2 (it was not reachable at the last scan)" in answer.output
    assert "no host of the ring canary counts" in answer.output
    assert (
        "a batch of 39 hosts in broad takes about 13h, over any window (4h); a patch took 20m so far"
        in answer.output
    )
