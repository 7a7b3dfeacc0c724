# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of reboot against a host that answers from a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.action import reboot
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import Answer

Control = Callable[..., Any]

FACTS = {
    "required": True,
    "reasons": ["asked for"],
    "done": False,
    "boot_id": "boot1",
    "former_kernel": "6.1",
}
ORDERED = Answer(make_result("started", "Rebooting.", rebooting=True, reboot=FACTS, confirm_within=900))
REBOOTED = Answer(make_result("rebooted", "Rebooted.", reboot={**FACTS, "done": True}))
NOT_NEEDED = Answer(make_result("reboot_not_needed", "Nothing had to be restarted.", reboot=FACTS))
LOST = Answer(make_result("connection_lost", "web1: connection lost"))
CRASHED = Answer(make_result("module_crashed", "web1: module crashed"))
AWAY = Answer(make_result("connection_timeout", "web1: connection timeout"))


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """For another boot than which one was waited, and how long at most."""
    waited: list[tuple[str, float]] = []
    monkeypatch.setattr(reboot.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(
        reboot, "wait_for_another_boot", lambda action, boot, deadline: waited.append((boot, deadline))
    )
    return waited


def test_a_host_that_was_told_to_reboot_is_waited_for_and_asked_what_became_of_it(
    control: Control, waits: list[tuple[str, float]]
) -> None:
    controller = control(reboot, ORDERED, REBOOTED)
    assert controller.run(policy="always", timeout=300)["outcome"]["code"] == "rebooted"
    assert waits == [("boot1", 300.0)]
    assert [arguments.get("phase") for _module, arguments in controller.asked] == [None, "end"]


def test_a_host_that_needs_none_is_not_waited_for(control: Control, waits: list[tuple[str, float]]) -> None:
    assert control(reboot, NOT_NEEDED).run()["outcome"]["code"] == "reboot_not_needed"
    assert waits == []


@pytest.mark.parametrize("untold", [LOST, CRASHED], ids=["the connection broke", "the module was killed"])
def test_a_host_that_went_down_before_it_could_answer_is_asked_again(
    control: Control, untold: Answer
) -> None:
    controller = control(reboot, untold, ORDERED, REBOOTED)
    assert controller.run(policy="always")["outcome"]["code"] == "rebooted"
    assert controller.asked[0] == controller.asked[1]


def test_of_a_host_that_never_answers_again_the_first_word_stands(control: Control) -> None:
    # The others say that nothing was changed, and that is not known.
    assert control(reboot, LOST, AWAY).run(policy="always") == LOST.result


def test_a_host_that_does_not_come_back_is_told_with_what_it_does_by_itself(control: Control) -> None:
    outcome = control(reboot, ORDERED, AWAY).run(policy="always")["outcome"]
    assert outcome["code"] == "reboot_failed"
    assert "did not come back" in outcome["message"]
    assert "takes its newest transaction back by itself 900 seconds after the boot" in outcome["message"]
    assert "A power cycle boots its former kernel, 6.1." in outcome["remedy"]
