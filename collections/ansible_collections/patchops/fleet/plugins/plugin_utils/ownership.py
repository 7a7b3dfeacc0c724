# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a run is to its hosts, and how long it may leave one of them alone.

A host keeps the owner of a change that is not proven yet. Wrapper, ansible-playbook and AWX tell it in the
same way: each action adds what `claim_arguments` returns to its call.
"""

from __future__ import annotations

import getpass
import math
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ansible_collections.patchops.fleet.plugins.module_utils.transaction.fencing import LARGEST
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import inventory_of, variable
from ansible_collections.patchops.fleet.plugins.plugin_utils.play_hosts import frozen_plan

DEFAULT_SECONDS = 7200
_LONGEST = 30 * 86400
# What a call may take beside what it waits for: a start of a worker, and logins to a host that is busy.
_START_SECONDS = 1500
_LOGIN_SECONDS = 360

Phase = Literal["staged", "changed"]

# The variables by which people steer whose a host is.
OWNERSHIP = ("patchops_fence", "patchops_take_over")
# The variables of roles that say how long their steps may take.
STEP_TIMES = (
    "patchops_deploy_timeout",
    "patchops_reboot_timeout",
    "patchops_reboot_at_once",
    "patchops_verify_settle",
    "patchops_rollback_timeout",
    "patchops_rollback_reboot_timeout",
    "patchops_rollback_settle",
)


class Times(NamedTuple):
    """The longest that steps may take, in seconds, and how many hosts take them at once (0: all)."""

    apply: float = 3600
    reboot: float = 600
    settle: float = 30
    revert: float = 3600
    forks: int = 0
    reboots_at_once: int = 0


def times_of(variables: Sequence[Mapping[str, Any]], forks: int) -> Times:
    """Return the longest of what the variables of a run's hosts allow; raises ValueError with its name."""

    def longest(default: float, *names: str) -> float:
        given = [_seconds(name, one[name]) for one in variables for name in names if name in one]
        return max([default, *given])

    at_once = [
        int(_seconds("patchops_reboot_at_once", one["patchops_reboot_at_once"]))
        for one in variables
        if one.get("patchops_reboot_at_once")
    ]
    usual = Times()
    return Times(
        longest(usual.apply, "patchops_deploy_timeout"),
        longest(usual.reboot, "patchops_reboot_timeout", "patchops_rollback_reboot_timeout"),
        longest(usual.settle, "patchops_verify_settle", "patchops_rollback_settle"),
        longest(usual.revert, "patchops_rollback_timeout"),
        forks,
        min(at_once, default=0),
    )


def _seconds(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} is {value!r}, which is not a number")
    return number


def hold_seconds(sizes: Sequence[int], times: Times) -> dict[Phase, int]:
    """Return how long a run may leave a host alone: `staged` until its batch starts, `changed` in the batch.

    `sizes`: of the batches. At least two hours, at most thirty days.
    """
    batches = [_batch_seconds(size, times) for size in sizes] or [0.0]
    return {"staged": _bounded(sum(batches)), "changed": _bounded(max(batches))}


def _batch_seconds(size: int, times: Times) -> float:
    waves = _waves(size, times.forks)
    reboots = times.reboot * max(waves, _waves(size, times.reboots_at_once))
    verification = (times.settle + _LOGIN_SECONDS) * waves
    forward = _START_SECONDS * waves + times.apply + reboots + verification
    back = (times.revert + _START_SECONDS) * waves + 2 * reboots + verification
    return forward + back


def _waves(hosts: int, at_once: int) -> int:
    return max(1, math.ceil(hosts / at_once)) if at_once > 0 else 1


def _bounded(seconds: float) -> int:
    return int(min(_LONGEST, max(DEFAULT_SECONDS, seconds)))


def take_over_hosts(value: Any, targets: Sequence[str]) -> list[str]:
    """Return the hosts that a run takes over from another one; raises ValueError.

    Each is named: a pattern could take more than its author knows of.
    """
    if value in (None, "", [], False):
        return []
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{value!r} names no hosts; write their names, such as web1,web2")
    names = [name.strip() for name in names if name.strip()]
    strange = [name for name in names if name not in targets]
    if strange:
        raise ValueError(
            f"{strange[0]!r} is no host of this run; name each host as the inventory does, not by a pattern"
        )
    return names


def fencing_token(value: Any) -> int | None:
    """Return the fencing token of a run, None where it has none; raises ValueError."""
    if value is None:
        return None
    text = str(value).strip()
    if not text:
        raise ValueError("it is empty; leave the variable out where nobody hands out fencing tokens")
    number = isinstance(value, (int, str)) and not isinstance(value, bool)
    if not number or not text.isascii() or not text.isdigit():
        raise ValueError(
            f"{_shown(text)} is no fencing token: a whole number that grows with each owner of a run"
        )
    if len(text) > len(str(LARGEST)) or int(text) > LARGEST:
        raise ValueError(f"{_shown(text)} is no fencing token: {LARGEST} is the largest")
    return int(text)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")


def controller() -> str:
    """Return the user and machine that this run is started on, as people read it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"  # containers run as users that have no name
    return f"{user}@{socket.gethostname()}"


def claim_arguments(action: Any, task_vars: Mapping[str, Any], phase: Phase) -> dict[str, Any]:
    """Return what an action tells a host of its run: run_id, fence and claim, as the run was planned.

    `phase`: how far the host has come when the call has ended. A task outside of our playbooks has no plan;
    it may set these options itself. Raises IdentityError where its inventory has no sound name then.
    """
    plan = frozen_plan(task_vars)
    host = str(task_vars.get("inventory_hostname", ""))
    run_id = variable(action, task_vars, "patchops_run_id") or plan.get("run_id") or ""
    claim = {
        "inventory": plan["inventory"] if "inventory" in plan else inventory_of(action, task_vars).key,
        "controller": controller(),
        "seconds": (plan.get("hold") or {}).get(phase, DEFAULT_SECONDS),
        "take_over": host in plan.get("take_over", ()),
    }
    arguments = {"run_id": str(run_id), "claim": claim}
    return {**arguments, "fence": plan["fence"]} if plan.get("fence") is not None else arguments
