# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage a transaction: its packages and its way back onto the host, nothing installed."""

import os
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.files import sync_files, write_json
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    expectations,
    preflight,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import (
    Context,
    Outcome,
    nearby_packages,
    outcome_of,
    release_files,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import (
    without_way_back,
)


def stage(context: Context) -> Outcome:
    """Take a transaction from `staging` to `staged`, or to `failed` with nothing changed."""
    try:
        _stage(context)
    except DriverError as error:
        outcome = outcome_of(error)
        context.journal.enter(states.FAILED, host_state=states.FORMER, outcome=outcome)
        release_files(context.directory)
        return outcome
    outcome = make_outcome(
        "staged",
        f"{context.describe()} and the way back are on the host.{without_way_back(context.plan)}",
    )
    context.journal.enter(states.STAGED, outcome=outcome)
    return outcome


def _stage(context: Context) -> None:
    directory, plan, request = context.directory, context.plan, context.request
    kept_by_others = context.state.kept_bytes() - directory.kept_bytes()
    preflight.check_limit(kept_by_others, plan["download_bytes"], context.way_back_limit)
    preflight.check_space(context.driver, preflight.staging_needs(plan, request["way_back"]))
    for path in (directory.packages, directory.way_back, directory.way_back_packages):
        os.makedirs(path, mode=0o700, exist_ok=True)
    context.step("download", packages=len(plan["packages"]), bytes=plan["download_bytes"])
    context.driver.acquire(plan, directory.packages)
    check_plan(context, plan["packages"])
    material: List[Dict[str, Any]] = []
    if request["way_back"] != "none":
        context.step("way_back")
        material = context.driver.acquire_way_back(
            dict(plan, packages=context.going_back),
            directory.way_back_packages,
            nearby_packages(context.state, directory.id),
            rebuilding=request["way_back"] == "best_effort",
        )
        _check_material(material, request["way_back"])
        preflight.check_limit(context.state.kept_bytes(), 0, context.way_back_limit)
    # The way back may be needed right after a power cut.
    for path in (directory.packages, directory.way_back_packages):
        sync_files(path)
    write_json(directory.way_back_state, {"material": material})


def check_plan(context: Context, changes: List[Dict[str, Any]]) -> None:
    """Raise DriverError unless installing the staged files would do exactly `changes`."""
    files, removals = files_of(context, changes), removals_of(context, changes)
    found = context.driver.simulate(files, removals, allow_downgrades=False)
    differs = expectations.difference(expectations.forward(changes), expectations.forward(found))
    if differs:
        raise DriverError(
            "plan_changed",
            f"What would be done is no longer what was planned ({differs}). Nothing was changed.",
            "Somebody changed the host's packages since the plan was made. Call again to make a new one.",
        )


def files_of(context: Context, changes: List[Dict[str, Any]]) -> List[str]:
    """Return the staged files of `changes`."""
    names = context.driver.file_names(changes)
    return [os.path.join(context.directory.packages, name) for name in names]


def removals_of(context: Context, changes: List[Dict[str, Any]]) -> List[str]:
    """Return what `changes` remove, as the driver takes it."""
    return [context.driver.removal(one["name"], one["arch"], one["from"]) for one in changes if not one["to"]]


def _check_material(material: List[Dict[str, Any]], mode: str) -> None:
    missing = [f"{one['name']} {one['version']}" for one in material if one["how"] is None]
    if missing:
        remedy = "Serve the installed versions too (a snapshot or a mirror that keeps them)"
        if mode == "required":
            remedy += ", or set way_back: best_effort to have them rebuilt from the installed files"
        raise DriverError(
            "no_way_back",
            "Neither the package cache nor a repository has the installed version of: "
            + ", ".join(missing)
            + ". Nothing was changed.",
            remedy + ".",
        )
