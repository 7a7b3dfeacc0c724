# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply a staged transaction: what was planned, or the former list again."""

import os
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import collect_unsteady
from ansible_collections.patchops.fleet.plugins.module_utils.files import write_json
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    confirming,
    etc_back,
    expectations,
    irreversible,
    preflight,
    reverting,
    scratch,
    services,
    staging,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import (
    Context,
    Outcome,
    lift_block,
    outcome_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.inhibit import inhibited
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import is_revertible

_ROUNDS = 3
# In the words of apt, dnf 5 and zypper, and of pacman.
_LOCKED = ("Could not get lock", "unable to lock database")


def apply(context: Context) -> Outcome:
    """Take a transaction from `staged`, or from where a worker died in `applying`, to `applied`.

    A refusal leaves it `staged` when its reason may pass, `failed` with nothing changed when the plan is
    void. A failure is taken back.
    """
    first = context.journal.view().state == states.STAGED
    try:
        with inhibited(context.driver, context.journal, context.patience):
            if first:
                _check(context)
                _save_former(context)
            else:
                # A package manager that our dead worker had started may still be at work.
                preflight.wait_for_lock(context.driver, context.patience)
                # A way back that failed had blocked what is to be installed after all.
                lift_block(context.driver, context.directory)
            confirming.arm_if_needed(context)
            context.journal.enter_again(states.APPLYING)
            try:
                _install(context, first)
            except DriverError as error:
                context.step("failed", outcome=outcome_of(error))
                if first:
                    etc_back.note(context)
                if reverting.is_as_before(context):
                    return _give_up(context, error)
                return reverting.take_back(context, error)
            return _finish(context)
    except DriverError as error:
        untouched = context.journal.view().state == states.STAGED
        return _refuse(context, error) if untouched else reverting.stuck(context, error)


def _check(context: Context) -> None:
    preflight.wait_for_lock(context.driver, context.patience)
    preflight.check_writable(context.driver)
    preflight.check_clean(context.driver)
    preflight.check_space(context.driver, preflight.applying_needs(context.plan))
    reverting.check_material(context)
    staging.check_plan(context, context.plan["packages"])
    refusal = irreversible.missing_snapshot(
        context.plan, context.request, context.snapshot, irreversible.NOT_APPLIED
    )
    if refusal:
        raise refusal


def _refuse(context: Context, error: DriverError) -> Outcome:
    outcome = outcome_of(error)
    if error.code in ("plan_changed", "way_back_damaged"):
        context.journal.enter(states.FAILED, host_state=states.FORMER, outcome=outcome)
    return outcome


def _give_up(context: Context, error: DriverError) -> Outcome:
    """End where the package manager refused before it changed anything."""
    scratch.clear(context)  # it may have been killed with the first package not whole yet
    # A script that refuses the new package runs after the old one was told to stop its services.
    units = services.restore(context.former()["units"])
    context.step("units", **units)
    code = "no_space" if reverting.blames_disk(error.message) else "unsatisfiable"
    outcome = make_outcome(
        "lock_held" if any(words in error.message for words in _LOCKED) else code,
        f"{error.message} Nothing was changed.{services.told(units)}",
        f"Look at {context.directory.log}, put right what it names, then call again.",
    )
    context.journal.enter(states.FAILED, host_state=states.FORMER, outcome=outcome)
    return outcome


def _save_former(context: Context) -> None:
    context.driver.forget()
    former = dict(
        context.former(),
        packages=[
            {"name": one["name"], "arch": one["arch"], "version": one["version"]}
            for one in context.driver.versions()
        ],
        known=context.driver.known_names(),
        marks=context.driver.marks(),
        units=dict(services.unit_states(), unsteady=collect_unsteady()),
        kernel=os.uname().release,
    )
    write_json(context.directory.way_back_state, former)
    etc_back.keep(context)


def _install(context: Context, first: bool) -> None:
    """Do what is left to do: everything the first time, the rest after a crash."""
    if first:
        _install_left(context, context.plan["packages"], first)
    else:
        _install_rest(context)
    former = expectations.listed(context.former()["packages"])
    differs = expectations.difference(expectations.after(former, context.plan), context.present())
    if differs or context.driver.broken()["interrupted"]:
        reason = differs or context.driver.broken()["reason"]
        raise DriverError("install_failed", f"The list of packages is not as planned ({reason}).", "")


def _install_left(context: Context, left: List[Dict[str, Any]], first: bool = False) -> None:
    for changes in _parts(context, left):
        files, removals = staging.files_of(context, changes), staging.removals_of(context, changes)
        context.step("install", packages=len(changes))
        context.driver.install(files, removals, False, context.directory.log)
        if first and all(map(is_revertible, changes)):
            # What follows has no way back: what its packages make of /etc stays with them.
            etc_back.note(context)


def _parts(context: Context, left: List[Dict[str, Any]]) -> List[List[Dict[str, Any]]]:
    """Return `left` in the order of its installation: what has no way back comes last and alone.

    Whatever fails before that is taken back. In one where the package manager would not separate them.
    """
    first = [one for one in left if is_revertible(one)]
    last = [one for one in left if not is_revertible(one)]
    if not first or not last:
        return [left]
    try:
        staging.check_plan(context, first)
    except DriverError:
        return [left]
    return [first, last]


def _install_rest(context: Context) -> None:
    """Install what is left in rounds: after a killed package manager one makes the next one possible."""
    for _round in range(_ROUNDS):
        clean = _recover(context)
        left = _left(context)
        if not left:
            _check_scripts(context)
            return
        if clean:
            staging.check_plan(context, left)
            _install_left(context, left)
            return
        left = _not_the_last(context, left)
        try:
            _install_left(context, left)
            # Half unpacked, and of the planned version: the package manager takes it for installed.
            left, reason = [one for one in _left(context) if one in left], "not all was installed"
        except DriverError as error:
            # Packages that were cut off while they were unpacked keep the package manager from a plan.
            reason = error.message
        if left:
            context.step("by_force", reason=reason)
            _install_by_force(context, left)


def _not_the_last(context: Context, left: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return `left` without what has no way back and was not begun: that waits until nothing is half done."""
    begun = {one["name"] for one in irreversible.changed(context)}
    return [one for one in left if is_revertible(one) or one["name"] in begun] or left


def _check_scripts(context: Context) -> None:
    """Ask how it went where the package manager outlived the worker that had started it."""
    complaints = context.driver.complaints(context.directory.log)
    if complaints:
        raise DriverError("install_failed", "Scripts of packages failed: " + "; ".join(complaints) + ".")


def _install_by_force(context: Context, left: List[Dict[str, Any]]) -> None:
    files, removals = staging.files_of(context, left), staging.removals_of(context, left)
    try:
        context.driver.put_back_by_force(files, removals, context.directory.log)
    except DriverError as error:
        context.step("not_by_force", reason=error.message)


def _left(context: Context) -> List[Dict[str, Any]]:
    left = expectations.not_yet_applied(context.plan, context.present())
    damaged = {one["name"] for one in context.driver.broken()["packages"]}
    return left + [
        one for one in context.plan["packages"] if one["to"] and one["name"] in damaged and one not in left
    ]


def _recover(context: Context) -> bool:
    """Finish what the package manager began; tell whether nothing is half done now.

    Packages may wait for others that are not unpacked yet: then installing the rest finishes them too.
    """
    scratch.clear(context)
    context.driver.forget()
    if not context.driver.broken()["interrupted"]:
        return True
    context.step("recover")
    try:
        context.driver.recover(context.directory.log)
    except DriverError as error:
        context.step("not_recovered", reason=error.message)
        return False
    # A package that was cut off while it was unpacked can't be finished, and nobody complains of it.
    context.driver.forget()
    return not context.driver.broken()["interrupted"]


def _finish(context: Context) -> Outcome:
    _mark(context)
    restarts: Dict[str, Any] = {}
    if context.restarts_services:
        restarts = services.restart_stale(context.driver)
        context.step("restarts", **restarts)
    made = services.switched(context.former()["units"], services.unit_states())
    context.step(services.SWITCHED, units=made)
    failed = restarts.get("failed", [])
    message = f"{context.describe()} changed as planned."
    if failed:
        message += " Units that did not start again: " + ", ".join(failed) + "."
    outcome = make_outcome("applied", message)
    context.journal.enter(states.APPLIED, outcome=outcome)
    for other in context.state.ids():
        journal = Journal(context.state.transaction(other).journal)
        view = journal.view()
        if other != context.directory.id and view.state == states.APPLIED and not view.superseded_by:
            journal.append("superseded_by", transaction=context.directory.id)
    return outcome


def _mark(context: Context) -> None:
    """Keep the marks; what came as a dependency of others is automatic."""
    asked = {
        name.partition("=")[0].partition(":")[0] for name in context.request["selection"].get("packages", [])
    }
    marks = context.former()["marks"]
    changes = context.plan["packages"]
    # A package under a new name is there for the reason of the one that it replaces.
    replaced = {one["replaced_by"]: _mark_of(one) for one in changes if one.get("replaced_by")}
    new = [one for one in changes if one["action"] == "install" and one["name"] not in asked]
    stay_manual = {name for name, mark in replaced.items() if mark not in marks}
    # Of another architecture now (`all` became the host's own): the same package under another key.
    moved = [one for one in changes if "from_arch" in one and _mark_of(one, "from_arch") in marks]
    came = [one for one in new if one["name"] not in stay_manual]
    automatic = set(marks) | {_mark_of(one) for one in moved + came}
    # One more of a name that was there (a kernel) shares its mark.
    names = [_mark_of(one) for one in changes if one["to"] and not one.get("beside")]
    context.driver.restore_marks(sorted(automatic), names)


def _mark_of(change: Dict[str, Any], arch: str = "arch") -> str:
    return f"{change['name']}:{change[arch]}"
