# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What packages don't take back: when it may be changed, and when a person has to go on."""

from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import expectations
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import Context, Outcome
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import (
    Change,
    lasting,
    told,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_table import SNAPSHOT_ONLY

# Policies without a snapshot: what is not even staged, and what is not applied.
NOT_STAGED = ("refuse",)
NOT_APPLIED = ("refuse", "refuse_to_apply")


def missing_snapshot(
    plan: Dict[str, Any], request: Dict[str, Any], snapshot: Optional[str], refusing: Sequence[str]
) -> Optional[DriverError]:
    """Return the refusal of a plan that wants a snapshot which nobody named, None where it may go on.

    `refusing`: the values of `without_snapshot` that refuse it now.
    """
    names: Dict[str, List[str]] = {}
    for one in lasting(plan):
        if one["way_back"] == SNAPSHOT_ONLY:
            names.setdefault(one["way_back_reason"], []).append(one["name"])
    refused = request["way_back"] != "none" and request.get("without_snapshot") in refusing
    if not names or snapshot or not refused:
        return None
    return DriverError(
        "snapshot_missing",
        "Only a snapshot of the host takes these back, and none was named: "
        + "; ".join(f"{', '.join(some)} ({reason})" for reason, some in names.items())
        + ". Nothing was changed.",
        "Take a snapshot and name it (snapshot); or, to do without, set without_snapshot: forward_only or a "
        "rule in way_back_classes.",
    )


def changed(context: Context) -> List[Change]:
    """Return the changes without a way back by packages that were made, or begun, on the host."""
    some = lasting(context.plan)
    if not some:
        return []
    made = expectations.not_yet_reverted({"packages": some}, context.present())
    damaged = {one["name"] for one in context.driver.broken()["packages"]}
    return made + [one for one in some if one["name"] in damaged and one not in made]


def check_rest(context: Context, made: Sequence[Change], left: Sequence[Change]) -> None:
    """Raise DriverError (forward_only) unless `left` can be taken back beside `made`, which stays."""
    if not left:
        raise _refusal(context, made, "nothing else is left to take back")
    broken = context.driver.broken()
    if broken["interrupted"]:
        raise _refusal(context, made, f"packages are half done ({broken['reason']})")
    files, removals = context.former_files(left)
    try:
        found = context.driver.simulate(files, removals, allow_downgrades=True)
    except DriverError as error:
        raise _refusal(context, made, f"the others can't go back without them ({error.message})")
    expected = {(one["name"], one["to"], one["from"]) for one in left}
    differs = expectations.difference(expected, expectations.forward(found))
    if differs:
        raise _refusal(context, made, f"the others can't go back without them ({differs})")


def _refusal(context: Context, made: Sequence[Change], why: str) -> DriverError:
    return DriverError(
        "forward_only",
        f"Packages don't take back {told(made)}, and {why}. Nothing was changed.",
        "Go on from here, with newer versions or by repairing what is wrong; the former packages of the "
        f"others are in {context.directory.way_back_packages}. Close it then (state: committed)."
        + _restoring(context, made),
    )


def halt(context: Context, error: DriverError, made: Sequence[Change]) -> Outcome:
    """End an apply that failed when there was no way back any more: a person goes on from here."""
    missing = expectations.not_yet_applied(context.plan, context.present())
    damaged = sorted({one["name"] for one in context.driver.broken()["packages"]})
    done = len(context.plan["packages"]) - len(missing)
    message = f"{error.message} Packages don't take back {told(made)}, so nothing was taken back: {done} of "
    message += f"{context.describe()} changed as planned"
    if missing:
        message += ", not changed: " + ", ".join(sorted(one["name"] for one in missing))
    if damaged:
        message += ", half done: " + ", ".join(damaged)
    remedy = (
        f"Read {context.directory.log} and put right what it names ({context.driver.inspecting}). Then call "
        "again (state: applied) to go on, or close it when all is repaired by hand (state: committed)."
    )
    outcome = make_outcome("forward_only_failed", f"{message}.", remedy + _restoring(context, made))
    context.journal.enter_again(states.FAILED, host_state=states.MIXED, outcome=outcome)
    return outcome


def staying(context: Context, made: Sequence[Change]) -> Tuple[str, str]:
    """Return what to say of packages that stay when the others were taken back: (message, remedy)."""
    stays = ", ".join(sorted(f"{one['name']} {one['to'] or '(removed)'}" for one in made))
    return f"Packages don't take these back, they stay: {stays}.", _restoring(context, made).strip()


def _restoring(context: Context, made: Sequence[Change]) -> str:
    if context.snapshot and any(one["way_back"] == SNAPSHOT_ONLY for one in made):
        return f" To go back to before, restore the snapshot {context.snapshot}."
    return ""
