# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of one host in this run, told from the results that its steps left (`step_results.py`).

Pure. A step that was skipped has a result without an outcome and doesn't count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import (
    FAILED,
    OK,
    REFUSED,
    REVERTED,
    SKIPPED,
    UNKNOWN,
    UNREACHABLE,
    make_outcome,
)
from ansible_collections.patchops.fleet.plugins.module_utils.verification.effect import expected_packages
from ansible_collections.patchops.fleet.plugins.plugin_utils import one_machine
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_facts import (
    foreign_facts,
    refusal,
    told,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.step_results import STEP_RESULTS

# No step, but why nothing is believed of any: facts of the host pose as our variables.
FACTS = "facts"
# Nor that: another host of the run says that it is the same machine.
SAME_MACHINE = "same_machine"
_ACTING = ("start", "apply", "reboot", "revert", "leave_kernel", "reboot_back")
_BACK = ("revert", "leave_kernel", "reboot_back", "verify_back")
_UNTOUCHED = frozenset({"staging", "staged", "reverted", "committed", "superseded", "discarded", None})
_OVER = frozenset({"committed", "superseded", "discarded"})
_LOST = frozenset({FAILED, REVERTED, UNREACHABLE, UNKNOWN})
# The host can't be asked, or will not do as it is told: taking packages back from afar would make it worse.
_NOT_TO_REVERT = frozenset({"reboot_failed", "reboot_faked", "forward_only_failed"})
_TAKEN_BACK = {"taken_back": "rolled_back", "taken_back_partly": "rolled_back_partly"}

_OUTCOME_KEYS = ("class", "code", "message", "remedy")

Result = Mapping[str, Any]


def step_results(variables: Mapping[str, Any]) -> dict[str, Result]:
    """Return the results that a host's variables hold, by step, leaving out steps that were skipped."""
    names = foreign_facts(variables)
    if names:
        return {FACTS: _without_trust(variables, names)}
    results = {
        step: variables[left.variable]
        for step, left in STEP_RESULTS.items()
        if isinstance(variables.get(left.variable), Mapping)
        and isinstance(variables[left.variable].get("outcome"), Mapping)
    }
    host = str(variables.get("inventory_hostname", "the host"))
    others = (results.get("gate", {}).get("same_machine") or {}).get(host)
    return {**results, SAME_MACHINE: {"outcome": one_machine.refusal(host, others)}} if others else results


def host_outcome(results: Mapping[str, Result], intermittent: bool = False) -> dict[str, Any]:
    """Return {class, code, message, remedy, step, touched, lost, revertible} of a host.

    `intermittent`: being unreachable before anything was done is normal for this host and costs no budget.
    """
    if FACTS in results:
        return _refused_for_facts(results[FACTS])
    if SAME_MACHINE in results and not _acted(results):
        outcome = results[SAME_MACHINE]["outcome"]
        return {**outcome, "step": "gate", "touched": False, "lost": False, "revertible": False}
    step, outcome = _decisive(results)
    touched = _acted(results) or _unproven(results) or _was_taken_back(results)
    if touched and outcome["class"] == UNREACHABLE:
        message = f"{outcome['message']} It was changed in this run; what became of it is not known."
        outcome = make_outcome("outcome_unknown", message, outcome["remedy"])
    out_of_sight = outcome["class"] in (UNREACHABLE, UNKNOWN) and not intermittent
    lost = outcome["class"] in _LOST and (touched or out_of_sight)
    return {
        **outcome,
        "step": step,
        "touched": touched,
        "lost": lost,
        "revertible": _revertible(results, outcome, touched),
    }


def _without_trust(variables: Mapping[str, Any], names: frozenset[str]) -> Result:
    """Return the outcome of a host whose facts may have put anything in the place of its results."""
    host = str(variables.get("inventory_hostname", "the host"))
    # A fact can pretend that a step was taken; it can't hide one that was.
    steps = [variables.get(STEP_RESULTS[step].variable) for step in _ACTING]
    touched = any(isinstance(seen, Mapping) and "outcome" in seen for seen in steps)
    outcome = refusal(host, names)
    if touched:
        message = f"{host}: {told(names)}. It was changed in this run; what became of it is not believed."
        outcome = make_outcome("outcome_unknown", message, outcome["remedy"])
    return {"outcome": outcome, "touched": touched}


def _refused_for_facts(result: Result) -> dict[str, Any]:
    touched = bool(result["touched"])
    return {**result["outcome"], "step": FACTS, "touched": touched, "lost": touched, "revertible": False}


def transaction(results: Mapping[str, Result]) -> dict[str, Any] | None:
    """Return {id, state} of the host's transaction as the latest step saw it."""
    for result in _latest_first(results):
        seen = result.get("transaction")
        if isinstance(seen, Mapping) and seen.get("id"):
            return {"id": str(seen["id"]), "state": seen.get("state")}
    return None


def plan(results: Mapping[str, Result]) -> dict[str, Any]:
    """Return the plan of the host's transaction ({} when there is none)."""
    plans = [result["plan"] for result in _latest_first(results) if isinstance(result.get("plan"), Mapping)]
    # A verification tells the plan that it found, which is empty where nothing was planned; what keeps
    # packages out of a plan is told by the step that made it.
    telling = [found for key in ("packages", "blocked", "held") for found in plans if found.get(key)]
    return dict(next(iter([*telling, *plans]), {}))


def confirmation(results: Mapping[str, Result]) -> dict[str, Any] | None:
    """Return {needed, by, stays, within, reason, state} of the host's change as the latest step saw it."""
    found = [result["confirm"] for result in _latest_first(results) if result.get("confirm")]
    # What a rollback is asked for is not what became of the change.
    told = [one for one in found if one.get("state") not in (None, "released")]
    return dict(next(iter([*told, *found]), None) or plan(results).get("confirm") or {}) or None


def way_back(results: Mapping[str, Result]) -> dict[str, Any] | None:
    """Return what packages take back of the host's plan and what not, None where nothing was planned."""
    for result in _latest_first(results):
        if isinstance(result.get("way_back"), Mapping):
            return dict(result["way_back"])
    return None


def host_packages(results: Mapping[str, Result]) -> list[dict[str, Any]]:
    """Return [{name, arch, version}] that the host must have after the steps so far."""
    seen = transaction(results) or {}
    expected: list[dict[str, Any]] = expected_packages(
        plan(results), str(seen.get("state")), _host_state(results)
    )
    return expected


def to_apply(results: Mapping[str, Result]) -> bool:
    """Tell whether the host has a staged transaction that nothing speaks against applying."""
    staged = results.get("stage", {})
    state = (staged.get("transaction") or {}).get("state")
    return (
        staged.get("outcome", {}).get("class") == OK
        and "unexpected" not in results
        and SAME_MACHINE not in results
        and state in ("staged", "applying")
    )


def is_left_unproven(results: Mapping[str, Result], taken_over: bool) -> bool:
    """Tell whether a run leaves a host behind with a transaction that it has not proven.

    A host that can't be asked, or whose change goes on, stays the run's: a relaunch attaches to it.
    `taken_over`: the run was told to take the host from another one, be it for a reboot alone, which sees no
    transaction.
    """
    seen = transaction(results)
    proven = any(
        results.get(step, {}).get("outcome", {}).get("class") == OK for step in ("verify", "verify_back")
    )
    if (seen is None and not taken_over) or (seen is not None and (seen["state"] in _OVER or proven)):
        return False
    return host_outcome(results)["class"] not in (UNREACHABLE, UNKNOWN)


def _host_state(results: Mapping[str, Result]) -> Any:
    return next((result["host_state"] for result in _latest_first(results) if result.get("host_state")), None)


def _decisive(results: Mapping[str, Result]) -> tuple[str | None, dict[str, str]]:
    forward = {step: result for step, result in results.items() if _tells(step, result)}
    step, outcome = _settled(*_last(forward), results)
    back = {name: results[name] for name in _BACK if name in results and not _is_on_the_way(name, results)}
    if not back:
        return step, outcome
    back_step, back_outcome = _last(back)
    taken_back = back.get("revert", {}).get("outcome", {}).get("class") == OK
    if step is None or outcome["class"] == OK:  # asked for, not forced
        return _last({"revert": back["revert"]}) if back_outcome["class"] == OK else (back_step, back_outcome)
    if back_outcome["class"] == OK:
        return back_step, _rolled_back(outcome, back.get("revert", {}).get("outcome", {}))
    if back_outcome["class"] == REFUSED:
        return back_step, _not_taken_back(outcome, back_outcome)
    between = "The update was taken back, but:" if taken_back else "Taking it back did not succeed:"
    return back_step, {
        **back_outcome,
        "message": f"{outcome['message']} {between} {back_outcome['message']}",
    }


def _rolled_back(outcome: Mapping[str, str], back: Mapping[str, str]) -> dict[str, str]:
    if back.get("code") == "taken_back_partly":
        message = f"{outcome['message']} The update was taken back: {back['message']}"
        remedy = " ".join(part for part in (outcome["remedy"], back.get("remedy")) if part)
        return make_outcome("rolled_back_partly", message, remedy)
    if outcome["code"] == "not_confirmed":
        return dict(outcome)  # the host had gone back by itself, and says why
    message = f"{outcome['message']} The update was taken back; the host has its former packages."
    return make_outcome("rolled_back", message, outcome["remedy"])


def _not_taken_back(outcome: Mapping[str, str], back: Mapping[str, str]) -> dict[str, str]:
    """Return the outcome of a host whose change failed and stands: it stays as failed as it was."""
    message = f"{outcome['message']} It was not taken back: {back['message']}"
    code = "forward_only_failed" if back["code"] == "forward_only" else outcome["code"]
    return make_outcome(code, message, back["remedy"] or outcome["remedy"])


def _is_on_the_way(step: str, results: Mapping[str, Result]) -> bool:
    """Tell whether a step only led to a second attempt at taking back, which is the one that counts."""
    return step == "leave_kernel" and bool(results[step]["outcome"]["class"] == OK)


def _settled(
    step: str | None, outcome: dict[str, str], results: Mapping[str, Result]
) -> tuple[str | None, dict[str, str]]:
    """Tell of a host that a former call had begun to take back, and this one found taken back."""
    staged = results.get("stage", {})
    code = staged.get("outcome", {}).get("code")
    if code not in _TAKEN_BACK or outcome["class"] != OK:
        return step, outcome
    return "stage", make_outcome(
        _TAKEN_BACK[code],
        f"{staged['outcome']['message']} An earlier run had begun to take it back.",
        "Its versions stay blocked until the transaction is committed (cleanup).",
    )


def _tells(step: str, result: Result) -> bool:
    """Tell whether a step says something of the host: not of the batch, nor of a transaction of the past."""
    if step == "find":
        return bool(result["outcome"]["class"] == UNREACHABLE)
    return step not in _BACK and step != "gate"


def _last(results: Mapping[str, Result]) -> tuple[str | None, dict[str, str]]:
    for step in reversed(STEP_RESULTS):
        if step in results:
            return step, {key: str(results[step]["outcome"].get(key, "")) for key in _OUTCOME_KEYS}
    return None, make_outcome("not_started", "Nothing was done on this host in this run.")


def _acted(results: Mapping[str, Result]) -> bool:
    steps = [step for step in _ACTING if step in results]
    if "apply" in steps and results["apply"]["outcome"]["class"] == REFUSED:
        steps.remove("start")  # it was started, found a reason against it, and changed nothing
    return any(_may_have_changed(results[step]) for step in steps)


def _may_have_changed(result: Result) -> bool:
    if (
        result["outcome"]["class"] in (OK, REFUSED, SKIPPED)
        or result["outcome"]["code"] == "boot_check_failed"
    ):
        return bool(result.get("changed"))
    return True  # failed, lost or unknown: the package manager may have begun


def _was_taken_back(results: Mapping[str, Result]) -> bool:
    # By an earlier call: nobody has answered for it since, so a retry gets no new budget.
    staged = results.get("stage", {}).get("outcome", {})
    return bool(staged.get("class") == REVERTED or staged.get("code") in _TAKEN_BACK)


def _unproven(results: Mapping[str, Result]) -> bool:
    # An earlier call that was cut off may have changed the host: until a verification has passed, the
    # transaction it left is this run's to answer for.
    seen = transaction(results)
    if seen is None or seen["state"] in _UNTOUCHED or _host_state(results) == "former":
        return False
    return not results.get("verify", {}).get("proven_before", False)


def _revertible(results: Mapping[str, Result], outcome: Mapping[str, str], touched: bool) -> bool:
    if any(step in results for step in _BACK) or not touched or transaction(results) is None:
        return False
    return outcome["class"] in (FAILED, REVERTED) and outcome["code"] not in _NOT_TO_REVERT


def _latest_first(results: Mapping[str, Result]) -> Iterator[Result]:
    for step in reversed(STEP_RESULTS):
        if step in results:
            yield results[step]
