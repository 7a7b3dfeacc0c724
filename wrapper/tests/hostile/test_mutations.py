# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever one host answers, no step, gate, seal or report crashes, and other hosts fare as they did."""

from __future__ import annotations

import copy
import json
import os
import random
from typing import Any

import pytest

from .controller import Controller, honest
from .mutations import mutated

NAMES = ("evil", "web1", "web2")
SAMPLE = 2_000
ALL = 100_000


class Fleet:
    """Three hosts; the first one answers as a test says, the steps of the others are taken once."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._staged = {name: controller.host(name, honest(name)) for name in NAMES[1:]}
        patched = copy.deepcopy(self._staged)
        controller.gate(self._with({"inventory_hostname": "evil"}, patched))
        for name in NAMES[1:]:
            controller.patch(patched[name], honest(name))
        self._patched = patched

    @staticmethod
    def _with(evil: dict[str, Any], others: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return {"evil": evil, **others}

    def run(self, answers: dict[str, Any] | None) -> dict[str, Any]:
        """Return what comes of a run in which the first host gives these answers."""
        evil = self._controller.host("evil", answers)
        gate = self._controller.gate(self._with(evil, dict(copy.deepcopy(self._staged))))
        evil["patchops_gate_result"] = gate
        self._controller.patch(evil, answers)
        others = {name: {**known, "patchops_gate_result": gate} for name, known in self._patched.items()}
        sealed, report = self._controller.conclude(self._with(evil, others))
        return {"gate": gate, "sealed": sealed, "report": report, "evil": report["hosts"][0]}


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet(Controller(monkeypatch))


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def without_evil(seen: dict[str, Any]) -> dict[str, Any]:
    """Return a run without what is told of the first host itself."""
    report = {key: value for key, value in seen["report"].items() if key not in ("totals", "hosts", "result")}
    gate = {key: value for key, value in seen["gate"].items() if key != "warnings"}
    return {"gate": gate, "sealed": seen["sealed"], "report": report, "hosts": seen["report"]["hosts"][1:]}


def check(fleet: Fleet, count: int) -> None:
    seed = os.environ["PATCHOPS_SEED"]
    unreachable = fleet.run(None)
    answers = honest("evil")
    judged: dict[str, int] = {}
    for number in range(count):
        draw = random.Random(f"{seed}:{number}")  # noqa: S311 - a test that can be repeated
        step = draw.choice(sorted(answers))
        lying = {**answers, step: mutated(answers[step], draw)}
        told = f"PATCHOPS_SEED={seed}, mutation {number} of {step}"
        try:
            seen = fleet.run(lying)
        except Exception as error:
            raise AssertionError(f"{told} crashed: {error!r}") from error
        assert text(seen["report"]["hosts"][1:]) == text(unreachable["report"]["hosts"][1:]), told
        code = seen["evil"]["outcome"]["code"]
        judged[code] = judged.get(code, 0) + 1
        if code in ("answer_invalid", "module_crashed") and not seen["evil"]["touched"]:
            assert text(without_evil(seen)) == text(without_evil(unreachable)), told
    print(judged)
    assert judged["answer_invalid"] > count / 10


def test_no_mutation_of_a_sample_crashes_or_reaches_another_host(fleet: Fleet) -> None:
    check(fleet, SAMPLE)


@pytest.mark.faults
def test_no_mutation_crashes_or_reaches_another_host(fleet: Fleet) -> None:
    check(fleet, ALL)
