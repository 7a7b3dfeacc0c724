# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary of one that is lost: the budget says whether the run goes on, and the report names every host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patchops_lab import faults
from patchops_lab.lab import Lab
from patchops_lab.plays import Plays, read_until
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab

NAMES = ["canary", "web1", "web2"]


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("canary", apps=("webapp", "failapp", "slowapp")),
        HostSpec("web1", apps=("goodapp",)),
        HostSpec("web2", apps=("goodapp",)),
    )


@pytest.fixture
def plays(lab: Lab, tmp_path: Path) -> Plays:
    renew(lab)
    return Plays(lab.paths.inventory, tmp_path)


def selections(directory: Path, canary: str, **variables: object) -> str:
    """Have the canary patch one package and the others another; return the argument that says so.

    :param variables: what else is set for the canary alone, without its ``patchops_``
    """
    of_canary = {"patchops_packages": [canary]}
    of_canary |= {f"patchops_{name}": value for name, value in variables.items()}
    everything = {"vars": {"patchops_packages": ["lab-goodapp"]}, "hosts": {"canary": of_canary}}
    path = directory / "selections.json"
    path.write_text(json.dumps({"all": everything}))
    return f"--inventory={path}"


@pytest.mark.parametrize(("budget", "others", "result"), [(0, "not_started", "stopped"), (1, "ok", "failed")])
def test_a_canary_whose_service_breaks_is_taken_back_and_counted(
    lab: Lab, plays: Plays, tmp_path: Path, budget: int, others: str, result: str
) -> None:
    before = lab.host("canary").packages()
    run = plays.run(
        "patch", selections(tmp_path, "lab-webapp"), hosts="all", serial=[1, 2], failure_budget=budget
    )
    assert run.report["result"] == result
    assert run.rc == 2
    assert run.classes() == {"canary": "reverted", "web1": others, "web2": others}
    assert run.report["budget"] == {"max": budget, "lost": 1, "membership": 3}
    assert "lab-webapp.service" in run.host("canary")["outcome"]["message"]
    assert lab.host("canary").packages() == before
    assert lab.host("canary").run("systemctl", "is-active", "lab-webapp").strip() == "active"


def test_packages_that_can_not_be_installed_are_taken_back(lab: Lab, plays: Plays) -> None:
    before = lab.host("canary").packages()
    run = plays.run("patch", hosts="canary", packages=["lab-failapp"])
    assert run.classes() == {"canary": "reverted"}
    assert run.report["result"] == "failed"
    assert lab.host("canary").packages() == before


ATTACHED = "Wait until the transaction has ended"


@pytest.mark.parametrize(
    ("budget", "others", "result"), [(0, "not_started", "stopped"), (1, "ok", "unknown")]
)
def test_a_canary_that_is_cut_off_after_its_transaction_began_is_lost(
    lab: Lab, plays: Plays, tmp_path: Path, budget: int, others: str, result: str
) -> None:
    process, run_id = plays.start(
        "patch",
        # The others get the time that a busy machine needs.
        selections(tmp_path, "lab-slowapp", deploy_timeout=30),
        hosts="all",
        serial=[1, 2],
        failure_budget=budget,
    )
    read_until(process, ATTACHED)
    faults.inject(lab, "cut", "canary")
    process.communicate(timeout=900)
    faults.clear(lab, "cut", "canary")
    report = plays.report(run_id)
    entries = {entry["host"]: entry for entry in report["hosts"]}
    assert report["result"] == result
    assert entries["canary"]["touched"]
    assert entries["canary"]["lost"]
    assert entries["canary"]["outcome"]["class"] == "unknown"
    assert {entries["web1"]["outcome"]["class"], entries["web2"]["outcome"]["class"]} == {others}


def test_a_canary_that_was_cut_off_is_found_patched_by_the_next_run(
    lab: Lab, plays: Plays, tmp_path: Path
) -> None:
    process, _run_id = plays.start("patch", hosts="canary", packages=["lab-slowapp"], deploy_timeout=20)
    read_until(process, ATTACHED)
    faults.inject(lab, "cut", "canary")
    process.communicate(timeout=900)
    faults.clear(lab, "cut", "canary")
    run = plays.run("patch", hosts="canary", packages=["lab-slowapp"])
    assert run.report["result"] == "done"
    assert [change["to"] for change in run.host("canary")["changes"]] == ["1.1"]
    assert lab.host("canary").read_from_outside("var/log/dpkg.log").count("upgrade lab-slowapp") == 1


@pytest.mark.parametrize(("budget", "others", "result"), [(0, "not_started", "stopped"), (1, "ok", "failed")])
def test_a_canary_that_was_unreachable_before_is_lost(
    lab: Lab, plays: Plays, budget: int, others: str, result: str
) -> None:
    faults.inject(lab, "cut", "canary")
    run = plays.run("patch", hosts="all", serial=[1, 2], failure_budget=budget, packages=["lab-goodapp"])
    faults.clear(lab, "cut", "canary")
    assert run.report["result"] == result
    assert run.classes() == {"canary": "unreachable", "web1": others, "web2": others}
    assert not run.host("canary")["touched"]


def test_a_host_that_comes_and_goes_costs_no_budget(lab: Lab, plays: Plays) -> None:
    faults.inject(lab, "cut", "canary")
    run = plays.run("patch", hosts="all", intermittent=True, packages=["lab-goodapp"])
    faults.clear(lab, "cut", "canary")
    assert run.classes() == {"canary": "unreachable", "web1": "ok", "web2": "ok"}
    assert run.report["budget"]["lost"] == 0
