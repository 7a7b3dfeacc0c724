# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever dies whenever: a host ends exactly at the patch set or exactly at its former packages.

Rounds by PATCHOPS_ROUNDS, repeated by PATCHOPS_SEED (printed at the head of the run).
"""

from __future__ import annotations

import functools
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .chaos import Chaos
from .trial import Packages

pytestmark = [pytest.mark.lab, pytest.mark.faults]

ROUNDS = int(os.environ.get("PATCHOPS_ROUNDS", "50"))
APPS = {
    "bookworm": ("confapp", "goodapp", "needsnew", "slowapp"),
    "rocky9": ("goodapp", "libuser", "needsnew", "oldname", "plainapp", "slowapp"),
}
# With apt and dpkg, which stay otherwise: to be exactly as before is what is held here.
REVERTIBLE = [{"packages": ["*"], "class": "revertible"}]
EVERYTHING: dict[str, Any] = {
    "state": "applied",
    "select": "all",
    "way_back_classes": REVERTIBLE,
    "timeout": 120,
}
REVERTED: dict[str, Any] = {"state": "reverted", "timeout": 120}


@dataclass(frozen=True)
class Patient:
    """A lab of one host, its packages as new and when nothing died, and how long each way took."""

    lab: Lab
    former: Packages
    planned: Packages
    forward_seconds: float
    back_seconds: float


@pytest.fixture(scope="module")
def patient_of(make_lab: MakeLab) -> Callable[[str], Patient]:
    """The patient of a distribution, made when first wanted."""

    @functools.cache
    def patient_of(release: str) -> Patient:
        lab = make_lab(HostSpec("victim", release, apps=APPS[release]))
        host = lab.host("victim")
        as_new(lab)
        former, started = host.packages(), time.monotonic()
        assert run_module(lab, "victim", "transaction", EVERYTHING)["outcome"]["code"] == "applied"
        planned, applied = host.packages(), time.monotonic()
        assert run_module(lab, "victim", "transaction", REVERTED)["outcome"]["code"] == "taken_back"
        assert host.packages() == former
        return Patient(lab, former, planned, applied - started, time.monotonic() - applied)

    return patient_of


def as_new(lab: Lab) -> None:
    renew(lab)
    lab.host("victim").run("sh", "-c", "echo 2 > /etc/lab-slowapp.seconds")


def rounds() -> list[object]:
    """Each distribution in turn; the rounds of one follow one another, so that its lab is made once."""
    names = list(APPS)
    return [
        pytest.param(
            names[number % len(names)],
            number,
            marks=pytest.mark.xdist_group(f"random-{names[number % len(names)]}"),
        )
        for number in range(ROUNDS)
    ]


@pytest.mark.parametrize(("release", "number"), rounds())
def test_whatever_dies_the_host_ends_at_the_patch_set_or_at_its_former_packages(
    patient_of: Callable[[str], Patient], release: str, number: int
) -> None:
    patient = patient_of(release)
    as_new(patient.lab)
    host = patient.lab.host("victim")
    chance = random.Random(f"{os.environ['PATCHOPS_SEED']}/{number}")  # noqa: S311 - it is to be repeatable
    chaos = Chaos(patient.lab, host, chance)

    applied = chaos.settle(patient.forward_seconds, **EVERYTHING)
    expected = {"ok": patient.planned, "reverted": patient.former}[applied["class"]]
    assert host.packages() == expected, chaos.story

    # Of a change that was taken back already nothing is left to take back.
    back = applied if applied["class"] == "reverted" else chaos.settle(patient.back_seconds, **REVERTED)
    assert back["code"] in ("taken_back", "install_taken_back", "still_blocked"), chaos.story
    assert host.packages() == patient.former, chaos.story

    audit = host.try_run(*DISTRIBUTIONS[release].auditing)
    assert (audit.stdout, audit.stderr) == ("", ""), chaos.story
    assert host.ssh("id", "-un").strip() == "admin"
