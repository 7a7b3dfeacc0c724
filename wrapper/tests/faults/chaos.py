# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command on a host that is given again and again while something dies each time, until it settles."""

import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from patchops_lab import host_faults
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import begin_module, read_result

from .trial import IMPATIENT_SSH, Call, kill_call, was_killed

# Once nothing dies any more the first or the second call settles it; after a power cut one more finds out.
_ATTEMPTS = 8
_SETTLED = ("ok", "reverted")
_CALL_SECONDS = 600.0


@dataclass
class Chaos:
    """What happens to one host.

    :ivar story: what was done and what was told, for who has to find out what went wrong
    """

    lab: Lab
    host: LabHost
    chance: random.Random
    story: list[str] = field(default_factory=list)

    def settle(self, seconds: float, **arguments: Any) -> dict[str, Any]:
        """Call for a transaction while up to three things die within `seconds`; call again until it settles.

        :return: the outcome
        :raises AssertionError: it doesn't settle
        """
        deaths = sorted(
            (self.chance.uniform(0, seconds), self.chance.choice(sorted(_DEATHS)))
            for _number in range(self.chance.randint(1, 3))
        )
        for _attempt in range(_ATTEMPTS):
            outcome = self._attempt(deaths, arguments)
            if outcome.get("class") in _SETTLED:
                return outcome
        raise AssertionError(f"{arguments} does not settle: {self.story}")

    def _attempt(self, deaths: list[tuple[float, str]], arguments: dict[str, Any]) -> dict[str, Any]:
        """Make one call, with its deaths; those that it was too fast for stay for the next one."""
        call = begin_module(
            self.lab, self.host.name, "transaction", arguments, ANSIBLE_SSH_ARGS=IMPATIENT_SSH
        )
        started = time.monotonic()
        while True:
            due = deaths[0][0] if deaths else _CALL_SECONDS
            try:
                output = call.communicate(timeout=max(0.0, started + due - time.monotonic()))
                break
            except subprocess.TimeoutExpired:
                if not deaths:
                    raise
                _moment, who = deaths.pop(0)
                _DEATHS[who](self, call)
                self.story.append(f"{time.monotonic() - started:.1f} s: {who} died")
                if was_killed(call):
                    return {}
        outcome: dict[str, Any] = read_result(*output)["outcome"]
        self.story.append(f"{arguments['state']}: {outcome['code']}: {outcome['message']}")
        return outcome

    def _kill_worker(self, call: Call) -> None:
        self.host.try_run("pkill", "-KILL", "-f", "payload.zip")

    def _kill_package_manager(self, call: Call) -> None:
        host_faults.kill_package_manager(self.host)

    def _kill_sshd(self, call: Call) -> None:
        self.host.try_run("pkill", "-KILL", "sshd")

    def _kill_controller(self, call: Call) -> None:
        kill_call(call)

    def _cut_power(self, call: Call) -> None:
        self.host.kill()
        time.sleep(self.chance.uniform(0, 3))
        self.host.start()


_DEATHS: dict[str, Callable[[Chaos, Call], None]] = {
    "the worker": Chaos._kill_worker,
    "the package manager": Chaos._kill_package_manager,
    "sshd": Chaos._kill_sshd,
    "the controller": Chaos._kill_controller,
    "the power": Chaos._cut_power,
}
