# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a transaction back: packages, marks and units as they were, the bad versions kept away."""

import os
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import sha256_of
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    etc_back,
    expectations,
    irreversible,
    preflight,
    running_kernel,
    scratch,
    services,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import (
    Context,
    Outcome,
    counted,
    outcome_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.inhibit import inhibited

# Not the packages' fault: with room they may be installed.
_FULL_DISK = ("No space left on device", "disk is full")
_ROUNDS = 3
_AGAIN = "Remove what was installed on top of this transaction, or what keeps its packages, then call again."


def revert(context: Context) -> Outcome:
    """Take back what was applied, or go on where a worker died in `reverting`."""
    state = context.journal.view().state
    try:
        with inhibited(context.driver, context.journal, context.patience):
            preflight.wait_for_lock(context.driver, context.patience)
            check_material(context)
            running_kernel.check(context.driver, context.directory)
            # Whoever can't log in any more is let in again, whatever else there is.
            careful = state == states.APPLIED and not _is_overdue(context)
            if careful:
                preflight.check_clean(context.driver)
            if state == states.APPLIED:
                _check_own(context)
            if state != states.REVERTING:
                _check_lasting(context)
            if careful:
                _check_others(context)
            context.journal.enter_again(states.REVERTING)
            return _put_back(context, _cause(context))
    except DriverError as error:
        still_applied = context.journal.view().state == states.APPLIED
        unchanged = still_applied or error.code in ("forward_only", "kernel_runs")
        # The watchdog waits for a lock as long as it takes, and does not take this for the end.
        waits = error.code == "lock_held" and _is_overdue(context)
        return outcome_of(error) if unchanged or waits else stuck(context, error)


def take_back(context: Context, error: DriverError) -> Outcome:
    """Take back an apply that failed with `error`: the transaction ends as `failed`, the host as before.

    Where a package without a way back was changed already, nothing is taken back: a person has to go on.
    """
    if context.request["way_back"] == "none":
        return _mixed(context, f"{error.message} There is no way back (way_back: none).")
    lasting = irreversible.changed(context)
    if lasting:
        return irreversible.halt(context, error, lasting)
    context.journal.enter(states.REVERTING, cause={"code": error.code, "message": error.message})
    return _put_back(context, error.message)


def check_material(context: Context) -> None:
    """Raise DriverError when a file of the way back is missing or was altered."""
    if context.request["way_back"] == "none":
        if context.journal.view().state == states.STAGED:
            return
        raise DriverError(
            "no_way_back",
            "The transaction was made with way_back: none.",
            "Install the versions you want by a new transaction.",
        )
    try:
        material = context.former()["material"]
    except FileNotFoundError:
        raise DriverError(
            "way_back_damaged",
            "The way back is gone: a call that released it was cut off. Nothing was changed.",
            "Release the rest (state: committed); install the versions you want by a new transaction.",
        )
    damaged = [
        one["file"]
        for one in material
        if sha256_of(os.path.join(context.directory.way_back_packages, one["file"])) != one["sha256"]
    ]
    if damaged:
        raise DriverError(
            "way_back_damaged",
            "Missing or altered in the way back: " + ", ".join(damaged) + ". Nothing was changed.",
            "Put these files back, or install the versions you want by a new transaction.",
        )


def _check_lasting(context: Context) -> None:
    lasting = irreversible.changed(context)
    if lasting:
        irreversible.check_rest(context, lasting, _left(context))


def _check_own(context: Context) -> None:
    strange = expectations.changed_by_others({"packages": context.going_back}, context.present())
    if strange:
        raise DriverError(
            "external_change",
            "Changed by somebody else since: " + ", ".join(strange) + ". Nothing was changed.",
            "Decide which version these packages should have and install it by a new transaction.",
        )


def _check_others(context: Context) -> None:
    """Raise DriverError where going back would change packages that are not of this transaction."""
    left = _left(context)
    if not left:
        return
    files, removals = context.former_files(left)
    try:
        found = context.driver.simulate(files, removals, allow_downgrades=True)
    except DriverError as error:
        raise DriverError("unsatisfiable", f"The former packages don't fit any more: {error.message}", _AGAIN)
    going = {(one["name"], one["to"], one["from"]) for one in left}
    others = sorted({one["name"] for one in found if (one["name"], one["from"], one["to"]) not in going})
    if others:
        raise DriverError(
            "external_change",
            f"Taking it back would remove or change {', '.join(others)} too, which came later or from "
            "elsewhere. Nothing was changed.",
            _AGAIN,
        )


def _is_overdue(context: Context) -> bool:
    """Tell whether the host takes the change back by itself, as nobody has confirmed it."""
    watch = context.journal.view().watch
    return bool(watch and watch["overdue"])


def _cause(context: Context) -> Optional[str]:
    """Return why a failed apply is being taken back; None when a caller asked for it."""
    entries = [entry for entry in context.journal.entries() if entry.get("state") == states.REVERTING]
    message: Optional[str] = entries[-1].get("cause", {}).get("message")
    return message


def is_as_before(context: Context) -> bool:
    """Tell whether no package of the plan differs from before, and none was left half done."""
    changed = _left(context) or irreversible.changed(context) or _altered(context)
    return not changed and not context.driver.broken()["interrupted"]


def blames_disk(message: str) -> bool:
    """Tell whether a package manager failed for want of room, in the kernel's words or in those of SQLite."""
    return any(words in message for words in _FULL_DISK)


def _put_back(context: Context, cause: Optional[str]) -> Outcome:
    if cause is None or not blames_disk(cause):
        _block(context)
    etc = etc_back.GoingBack(context)
    decided = _decided_since(context)
    try:
        _restore_packages(context)
    except DriverError as error:
        why = f"{cause} Taking it back failed too: {error.message}" if cause else error.message
        return _mixed(context, why)
    former = context.former()
    names = ["{}:{}".format(*expectations.before_of(one)[:2]) for one in context.going_back if one["from"]]
    context.driver.restore_marks(former["marks"], names)
    differing = etc.finish()
    if context.restarts_services:
        context.step("restarts", **services.restart_stale(context.driver))
    units = services.restore(former["units"], decided)
    context.step("units", **units)
    message = f"{counted(context.going_back)} back at the former versions.{differing}"
    if decided:
        message += " Units that somebody switched meanwhile and that stay so: " + ", ".join(decided) + "."
    message += services.told(units)
    watch = context.journal.view().watch
    if watch and watch["overdue"]:
        context.step("access_units", restarted=services.restart_access(former["units"]))
        outcome = _not_confirmed(watch, _as_asked(context, message)["message"])
        context.journal.enter(states.REVERTED, outcome=outcome)
    elif cause is None:
        outcome = _as_asked(context, message)
        context.journal.enter(states.REVERTED, outcome=outcome)
    else:
        outcome = make_outcome(
            "install_taken_back",
            f"{cause} {message}",
            f"Look at {context.directory.log}. Versions that are blocked stay so until the transaction is "
            "committed (state: committed).",
        )
        context.journal.enter(states.FAILED, host_state=states.FORMER, outcome=outcome)
    return outcome


def _decided_since(context: Context) -> List[str]:
    """Return the units that others have switched since the change; after a crash as it was seen first."""
    entries = context.journal.entries()
    steps = {entry["step"]: entry["units"] for entry in entries if "step" in entry and "units" in entry}
    if services.DECIDED in steps:
        return list(steps[services.DECIDED])
    if services.SWITCHED not in steps:
        return []  # it was never complete: nobody can tell the change from others
    former = context.former()["units"]
    decided = services.decided_since(former, steps[services.SWITCHED], services.unit_states())
    context.step(services.DECIDED, units=decided)
    return decided


def _not_confirmed(watch: Dict[str, Any], message: str) -> Outcome:
    return make_outcome(
        "not_confirmed",
        f"The change touched what a login goes through ({', '.join(watch['by'])}), and nobody logged in anew "
        f"and confirmed it within {watch['within']} seconds: the host took it back by itself. {message}",
        "Find out what kept the controller out (journalctl -u ssh on the host, the way to it, the controller "
        "itself). The versions stay blocked until the transaction is committed (state: committed).",
    )


def _as_asked(context: Context, message: str) -> Outcome:
    lasting = irreversible.changed(context)
    if not lasting:
        return make_outcome("taken_back", message)
    stays, remedy = irreversible.staying(context, lasting)
    return make_outcome("taken_back_partly", f"{message} {stays}", remedy)


def _block(context: Context) -> None:
    lasting = irreversible.changed(context)
    going = [one for one in context.plan["packages"] if one not in lasting]
    versions = [{"name": one["name"], "version": one["to"]} for one in going if one["to"]]
    context.journal.append("blocked", versions=versions)
    context.driver.block(versions, context.directory.id)


def _restore_packages(context: Context) -> None:
    """Put packages back, in rounds: after a killed package manager one round makes the next one possible."""
    cut_off = [] if context.journal.view().was_applied else _altered(context)
    if cut_off:
        _put_back_by_force(context, cut_off, "their files are not all the former ones")
    for _round in range(_ROUNDS):
        _recover(context)
        left = _left(context)
        if not left:
            break
        _restore_round(context, left)
    _forget_new(context)
    left = _left(context) or (_altered(context) if cut_off else [])
    broken = context.driver.broken()
    if left or broken["interrupted"]:
        names = ", ".join(one["name"] for one in left)
        raise DriverError("revert_failed", f"Not as before: {names or broken['reason']}.", "")


def _recover(context: Context) -> None:
    scratch.clear(context)
    context.driver.forget()
    if not context.driver.broken()["interrupted"]:
        return
    context.step("recover")
    try:
        context.driver.recover(context.directory.log)
    except DriverError as error:
        # What can't be finished is about to be replaced.
        context.step("not_recovered", reason=error.message)


def _restore_round(context: Context, left: List[Dict[str, Any]]) -> None:
    files, removals = context.former_files(left)
    context.step("put_back", packages=len(left))
    try:
        context.driver.install(files, removals, True, context.directory.log)
        if _left(context) != left:
            return
        # Half unpacked, and of the version that it has to be: the package manager takes it for installed.
        reason = "nothing was put back"
    except DriverError as error:
        reason = error.message
    _put_back_by_force(context, left, reason)


def _put_back_by_force(context: Context, changes: List[Dict[str, Any]], reason: str) -> None:
    context.step("by_force", reason=reason)
    files, removals = context.former_files(changes)
    try:
        context.driver.put_back_by_force(files, removals, context.directory.log)
    except DriverError as error:
        context.step("not_by_force", reason=error.message)


def _left(context: Context) -> List[Dict[str, Any]]:
    back = context.going_back
    left = expectations.not_yet_reverted({"packages": back}, context.present())
    damaged = {one["name"] for one in context.driver.broken()["packages"]}
    return left + [one for one in back if one["name"] in damaged and one not in left]


def _altered(context: Context) -> List[Dict[str, Any]]:
    """Return the changes that look as before although they were cut off while files were replaced."""
    left = _left(context)
    as_before = [one for one in context.going_back if one["from"] and one not in left]
    altered = context.driver.altered([expectations.before_of(one) for one in as_before])
    return [one for one in as_before if expectations.before_of(one) in altered]


def _forget_new(context: Context) -> None:
    """Remove the configuration of packages that the host had never had."""
    known = set(context.former()["known"])
    new = [
        one["name"] for one in context.going_back if one["action"] == "install" and one["name"] not in known
    ]
    if new:
        context.driver.forget_packages(new, context.directory.log)


def stuck(context: Context, error: DriverError) -> Outcome:
    """Say that a change which had begun can't go on now; the next call tries again."""
    return _mixed(context, f"{error.message} {error.remedy}".strip())


def _mixed(context: Context, why: str) -> Outcome:
    ways = ["state: reverted takes it back"] if context.request["way_back"] != "none" else []
    if not context.journal.view().was_applied:  # what was applied once is not applied again
        ways.append("state: applied goes on")
    outcome = make_outcome(
        "state_mixed",
        f"{why} The host has neither its former nor the planned packages.",
        f"Read {context.directory.log}, repair what it names ({context.driver.inspecting}), then call again: "
        f"{', '.join(ways)}.",
    )
    context.journal.enter_again(states.FAILED, host_state=states.MIXED, outcome=outcome)
    return outcome
