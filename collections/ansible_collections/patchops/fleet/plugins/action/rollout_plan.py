# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan a run on the controller: which hosts, in which batches, under which knobs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from ansible.inventory.manager import split_host_pattern
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import digest
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.times import now
from ansible_collections.patchops.fleet.plugins.module_utils.verification.spec import CHECK_ARGUMENTS
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.batches import batch_sizes
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.budget import allowed
from ansible_collections.patchops.fleet.plugins.plugin_utils.hooks import HOOKS, HookError, check_hook
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import IdentityError
from ansible_collections.patchops.fleet.plugins.plugin_utils.knobs import (
    HOST_KNOBS,
    RUN_DEFAULTS,
    KnobError,
    check_host_knobs,
    run_knobs,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.ownership import (
    OWNERSHIP,
    STEP_TIMES,
    fencing_token,
    hold_seconds,
    take_over_hosts,
    times_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import PatchSetError
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_signature import (
    check_signature,
    signers_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_source import load_patch_set
from ansible_collections.patchops.fleet.plugins.plugin_utils.play_hosts import host_knobs, inventory_of_hosts
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import StoreError, open_store

# Where a host's selection may come from.
_SOURCES = ("patchops_packages", "patchops_patch_set", "patchops_run")
# A name with one of these can't be told from a pattern where plays name their hosts.
_PATTERN_CHARACTERS = frozenset("*?[]!&~")


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs once for all hosts; connects to none."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _spec, arguments = self.validate_argument_spec(
            {"playbook": {"type": "str", "required": True}, "named_only": {"type": "bool", "default": False}}
        )
        try:
            return self._plan(arguments["playbook"], arguments["named_only"], task_vars)
        except IdentityError as error:
            return make_result("bad_arguments", f"{error}. Nothing was done.", "Correct it and run it again.")
        except (KnobError, HookError, PatchSetError, DocumentError, StoreError) as error:
            return make_result("bad_arguments", str(error), "Correct the variable and run it again.")

    def _plan(self, playbook: str, named_only: bool, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        pattern = self._templar.template(task_vars.get("patchops_hosts"))
        if named_only and not pattern and not task_vars.get("ansible_limit"):
            return make_result(
                "bad_arguments",
                f"{playbook} changes hosts, and no hosts were named. Nothing was done.",
                "Name them: --limit PATTERN, or -e patchops_hosts=PATTERN (all is a pattern too).",
            )
        targets = self._targets(pattern, task_vars)
        if not targets:
            return make_result(
                "bad_arguments",
                f"{playbook} has no hosts: the inventory is empty, or {pattern or 'the limit'} leaves none "
                f"of it.",
                "Check the inventory (ansible-inventory --graph), patchops_hosts and --limit.",
            )
        inventory_of_hosts(task_vars, targets)
        knobs = self._knobs(targets, task_vars)
        promoted = _promoted({host: host_knobs(task_vars, host, _SOURCES) for host in targets}, knobs)
        sizes = batch_sizes(knobs["patchops_serial"], len(targets))
        plan = {
            "run_id": str(self._templar.template(task_vars.get("patchops_run_id")) or _new_run_id()),
            "playbook": playbook,
            "started_at": now(),
            "check_mode": bool(self._task.check_mode),
            "targets": targets,
            "act_on": [] if self._task.check_mode else targets,
            "serial": sizes,
            "batches": _batch_numbers(targets, sizes),
            "budget_max": allowed(knobs["patchops_failure_budget"], len(targets)),
            "window": knobs["patchops_window"],
            "freeze": knobs["patchops_freeze"],
            # What is promoted was sealed before: sealing it again would give the same content another id.
            "seal": knobs["patchops_seal"] and not promoted,
            "patch_set_id": promoted,
            "patch_set_name": knobs["patchops_patch_set_name"],
            **self._ownership(targets, sizes, task_vars),
            "signing_key": knobs["patchops_signing_key"],
        }
        message = f"{playbook} {plan['run_id']}: {len(targets)} hosts in {len(sizes)} batches"
        return make_result("planned", message, plan=plan)

    def _ownership(
        self, targets: list[str], sizes: list[int], task_vars: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what the hosts are told of the run as their owner: fence, take_over and hold."""
        told = {name: self._templar.template(task_vars.get(name)) for name in OWNERSHIP}
        try:
            fence = fencing_token(told["patchops_fence"])
        except ValueError as error:
            raise KnobError(f"patchops_fence: {error}. Nothing was done.") from error
        try:
            take_over = take_over_hosts(told["patchops_take_over"], targets)
        except ValueError as error:
            raise KnobError(f"patchops_take_over: {error}. Nothing was done.") from error
        found = [host_knobs(task_vars, host, STEP_TIMES) for host in targets]
        times = times_of(found, int(task_vars.get("ansible_forks") or 0))
        return {"fence": fence, "take_over": take_over, "hold": hold_seconds(sizes, times)}

    def _targets(self, pattern: Any, task_vars: Mapping[str, Any]) -> list[str]:
        """Return the hosts of the run in the inventory's order; the play has applied the limit."""
        inventory = set(task_vars["groups"]["all"])
        targets = [host for host in task_vars["ansible_play_hosts_all"] if host in inventory]
        if pattern:
            named = self._matching(pattern, task_vars)
            targets = [host for host in targets if host in named]
        for host in targets:
            if _PATTERN_CHARACTERS.intersection(host) or split_host_pattern(host) != [host]:
                raise KnobError(
                    f"the name of {host!r} reads as a pattern and can't name a host in a play. Give the host "
                    "another name in the inventory and set ansible_host. Nothing was done."
                )
        return targets

    def _matching(self, pattern: Any, task_vars: Mapping[str, Any]) -> set[str]:
        lookup = lookup_loader.get(
            "ansible.builtin.inventory_hostnames", loader=self._loader, templar=self._templar
        )
        terms = split_host_pattern(pattern)
        for term in terms:
            if not lookup.run([term.lstrip("!&")], variables=task_vars):
                raise KnobError(
                    f"patchops_hosts names {term.lstrip('!&')!r}, which matches no host of the inventory. "
                    "Nothing was done."
                )
        return set(lookup.run(terms, variables=task_vars))

    def _knobs(self, targets: list[str], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        run_values = {host: host_knobs(task_vars, host, RUN_DEFAULTS) for host in targets}
        for host in targets:
            values = host_knobs(task_vars, host, (*HOST_KNOBS, *HOOKS))
            check_host_knobs(host, values)
            _check_checks(host, values.get("patchops_checks"))
            for name in HOOKS:
                check_hook(host, name, values.get(name), self._loader)
        open_store(self._templar.template(task_vars.get("patchops_document_store")))
        return run_knobs(run_values)


def _promoted(sources: Mapping[str, Mapping[str, Any]], knobs: Mapping[str, Any]) -> str | None:
    """Return the id of the patch set that the hosts of the run install, None when there is not one for all.

    Reading the sets finds damaged ones, and ones that nobody trusted has signed, before anything happens. A
    set is read once, not for every host.
    """
    signers = signers_of(knobs["patchops_allowed_signers"], knobs["patchops_revoked_signers"])
    known: dict[str, str] = {}
    ids: set[str | None] = set()
    for values in sources.values():
        former = values.get("patchops_run") or {}
        source = values.get("patchops_patch_set") or former.get("patch_set")
        if values.get("patchops_packages") or not source:
            ids.add(None)
            continue
        key = digest(source)
        if key not in known:
            document = load_patch_set(source)
            if signers is not None:
                check_signature(document, signers)
            known[key] = document["id"]
        ids.add(known[key])
    return ids.pop() if len(ids) == 1 else None


def _check_checks(host: str, checks: Any) -> None:
    if checks is None:
        return
    errors = ArgumentSpecValidator({"checks": CHECK_ARGUMENTS}).validate({"checks": checks}).error_messages
    if errors:
        raise KnobError(f"patchops_checks (as {host} has it): {'; '.join(errors)}. Nothing was done.")


def _batch_numbers(targets: list[str], sizes: list[int]) -> dict[str, int]:
    numbers = [number for number, size in enumerate(sizes, start=1) for _host in range(size)]
    return dict(zip(targets, numbers, strict=True))


def _new_run_id() -> str:
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(3)}"
