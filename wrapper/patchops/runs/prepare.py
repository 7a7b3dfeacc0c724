# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before a run: which hosts, who else works on them, and whether it continues a run that was interrupted."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import RunKey, WorkerId
from patchops.paths import DataDirectory
from patchops.runner import environment
from patchops.runner.inventory import (
    Unlocked,
    absolute_sources,
    extra_variables,
    identify,
    resolve_hosts,
)
from patchops.runs import ansible_options
from patchops.runs.attempt import Attempt
from patchops.runs.former import Wanted, settle
from patchops.runs.request import RunRequest, check_extra_variables, check_take_over
from patchops.store.run_ledger import RunLedger


@dataclass(frozen=True)
class Surroundings:
    """Where a run takes place: its data directory, the environment, its own process, and the time."""

    data: DataDirectory
    environ: Mapping[str, str]
    worker: WorkerId
    now: Callable[[], datetime.datetime]


@dataclass(frozen=True)
class Claim:
    """An attempt that may start. `resumed`: at a run that was interrupted.

    `looked_at`: the open attempts that are not in its way. One that is put on record meanwhile may be.
    """

    attempt: Attempt
    resumed: bool
    looked_at: Collection[int]


def look(request: RunRequest, around: Surroundings) -> Attempt:
    """The attempt that the request asks for, as a run of its own. Nothing is written and no host is asked.

    Raises InputError for what can't be run.
    """
    passed = ansible_options.read(request.ansible_options)
    sources = absolute_sources(request.inventories)
    settings = environment.build(
        around.environ, request.pass_env, environment.collections_root(), request.working_directory
    )
    around.data.make()
    unlocked = Unlocked(
        request.vault_secrets, [*request.vault_options, *passed.vault_options], around.data.root
    )
    hosts = resolve_hosts(sources, request.pattern, settings, unlocked)
    check_take_over(request.take_over, hosts)
    extra_vars = [*request.extra_vars, *passed.extra_vars]
    given = extra_variables(extra_vars, settings, unlocked)
    check_extra_variables(given, request.required)
    inventory = identify(sources, hosts[0], request.inventory_name, settings, unlocked, extra_vars, given)
    run_id = _new_run_id(request.playbook, around.now())
    return Attempt(request, around.data, run_id, 1, sources, inventory, hosts, settings)


def claim(attempt: Attempt, ledger: RunLedger, around: Surroundings, notice: Callable[[str], None]) -> Claim:
    """The attempt as it may start: at its own run, or at the interrupted one that it continues.

    Raises FenceError when somebody else works on its hosts, OutcomeUnknownError when processes of an earlier
    run don't end.
    """
    request = attempt.request
    wanted = Wanted(attempt.inventory, attempt.hosts, request.changes_hosts)
    looked_at = settle(ledger, wanted, around.worker, notice, around.now)
    key = RunKey(attempt.inventory.key, request.playbook)
    former = ledger.resumable(key, attempt.hosts) if request.changes_hosts else None
    if former is None:
        return Claim(attempt, False, looked_at)
    return Claim(attempt.of_run(former, _free_number(attempt, former, ledger)), True, looked_at)


def _free_number(attempt: Attempt, former: str, ledger: RunLedger) -> int:
    """The number of the next attempt. A call that was killed before its record leaves a folder behind."""
    number = ledger.attempts_of(former) + 1
    while attempt.of_run(former, number).files.root.exists():
        number += 1
    return number


def _new_run_id(playbook: str, now: datetime.datetime) -> str:
    """A run id that sorts by time and says what ran: `20261122-101500-patch-3f9a`."""
    return f"{now:%Y%m%d-%H%M%S}-{playbook}-{secrets.token_hex(2)}"
