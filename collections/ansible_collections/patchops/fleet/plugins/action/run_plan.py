# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan a run on the controller: which hosts, in which batches, under which knobs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from ansible import context
from ansible.inventory.manager import split_host_pattern
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import digest
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.times import now
from ansible_collections.patchops.fleet.plugins.module_utils.verification.spec import CHECK_ARGUMENTS
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_facts import foreign_facts, told
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.batches import batch_sizes
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.budget import allowed
from ansible_collections.patchops.fleet.plugins.plugin_utils.hooks import HOOKS, HookError, check_hook
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import IdentityError
from ansible_collections.patchops.fleet.plugins.plugin_utils.knobs import (
    HOST_KNOBS,
    RUN_DEFAULTS,
    KnobError,
    check_fail_on,
    check_flag,
    check_host_knobs,
    check_path,
    check_pattern,
    parse_flag,
    run_knobs,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import variable
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
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_source import (
    load_patch_set,
    patch_set_of_run,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.play_hosts import (
    host_foreign_facts,
    host_knobs,
    inventory_of_hosts,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import StoreError, open_store

# Where a host's selection may come from.
_SOURCES = ("patchops_packages", "patchops_patch_set", "patchops_run")
_READ = (*RUN_DEFAULTS, *HOST_KNOBS, *HOOKS, *_SOURCES)
# The variable that says which results fail a run, and its default; pending updates are an answer of a scan.
_FAIL_ON = {
    "scan": ("patchops_fail_on", ["failed", "unknown"]),
    "": ("patchops_report_fail_on", ["failed", "stopped", "unknown"]),
}
_MOST_NAMED = 20
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
            {
                "playbook": {"type": "str", "required": True},
                "named_only": {"type": "bool", "default": False},
                "gated": {"type": "bool", "default": False},
            }
        )
        try:
            return self._plan(arguments, task_vars)
        except IdentityError as error:
            return make_result("bad_arguments", f"{error}. Nothing was done.", "Correct it and run it again.")
        except (KnobError, HookError, PatchSetError, DocumentError, StoreError) as error:
            return make_result("bad_arguments", str(error), "Correct the variable and run it again.")

    def _plan(self, arguments: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        playbook = arguments["playbook"]
        pattern = check_pattern("patchops_hosts", self._run_variable(task_vars, "patchops_hosts"))
        if arguments["named_only"] and not pattern and not _limit():
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
        refused = self._refused(targets, task_vars)
        believed = [host for host in targets if host not in refused]
        inventory = inventory_of_hosts(task_vars, targets)
        values = {host: host_knobs(task_vars, host, _READ) for host in believed}
        knobs = self._knobs(values)
        promoted = _promoted(values, knobs)
        sizes = batch_sizes(knobs["patchops_serial"], len(believed)) if believed else []
        fail_on, fails_by_default = _FAIL_ON.get(playbook, _FAIL_ON[""])
        plan = {
            "run_id": str(self._run_variable(task_vars, "patchops_run_id") or _new_run_id()),
            "playbook": playbook,
            "inventory": inventory.key,
            "started_at": now(),
            "check_mode": bool(self._task.check_mode),
            "targets": targets,
            "refused": sorted(refused),
            "act_on": [] if self._task.check_mode else believed,
            "serial": sizes,
            "batches": _batch_numbers(believed, sizes),
            "budget_max": allowed(knobs["patchops_failure_budget"], len(targets)),
            "window": knobs["patchops_window"],
            "freeze": knobs["patchops_freeze"],
            # What is promoted was sealed before: sealing it again would give the same content another id.
            "seal": knobs["patchops_seal"] and not promoted,
            "patch_set_id": promoted,
            "patch_set_name": knobs["patchops_patch_set_name"],
            **self._ownership(targets, sizes, task_vars),
            "signing_key": knobs["patchops_signing_key"],
            # What steers the run as a whole is frozen here: no fact that appears later changes it.
            "gated": arguments["gated"],
            "intermittent": [
                host
                for host, known in values.items()
                if parse_flag(known.get("patchops_intermittent", False))
            ],
            "hooks": {
                name: {host: known[name] for host, known in values.items() if known.get(name)}
                for name in HOOKS
            },
            "store": self._run_variable(task_vars, "patchops_document_store"),
            "drain_file": check_path(
                "patchops_drain_file", self._run_variable(task_vars, "patchops_drain_file")
            ),
            "fail_on": check_fail_on(fail_on, self._run_variable(task_vars, fail_on, fails_by_default)),
            "stats": check_flag(
                "patchops_report_stats", self._run_variable(task_vars, "patchops_report_stats", True)
            ),
            "reboot_at_once": knobs["patchops_reboot_at_once"],
        }
        open_store(plan["store"])
        message = f"{playbook} {plan['run_id']}: {len(targets)} hosts in {len(sizes)} batches"
        return make_result("planned", message, plan=plan, **_told(refused))

    def _ownership(
        self, targets: list[str], sizes: list[int], task_vars: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what the hosts are told of the run as their owner: fence, take_over and hold."""
        given = {name: self._run_variable(task_vars, name) for name in OWNERSHIP}
        try:
            fence = fencing_token(given["patchops_fence"])
        except ValueError as error:
            raise KnobError(f"patchops_fence: {error}. Nothing was done.") from error
        try:
            take_over = take_over_hosts(given["patchops_take_over"], targets)
        except ValueError as error:
            raise KnobError(f"patchops_take_over: {error}. Nothing was done.") from error
        found = [host_knobs(task_vars, host, STEP_TIMES) for host in targets]
        try:
            times = times_of(found, int(task_vars.get("ansible_forks") or 0))
        except ValueError as error:
            raise KnobError(f"{self._first_wrong(targets, found)}: {error}. Nothing was done.") from error
        return {"fence": fence, "take_over": take_over, "hold": hold_seconds(sizes, times)}

    @staticmethod
    def _first_wrong(targets: list[str], variables: list[dict[str, Any]]) -> str:
        """Return the first host whose times can't be read."""
        for host, one in zip(targets, variables, strict=True):
            try:
                times_of([one], 0)
            except ValueError:
                return host
        return "the run"

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

    def _refused(self, targets: list[str], task_vars: Mapping[str, Any]) -> dict[str, str]:
        """Return hosts whose facts pose as variables of ours, with why; the controller's are an error."""
        found = host_foreign_facts(task_vars, "localhost")
        if found:
            raise KnobError(
                f"localhost, the controller: {told(found)}. Drop them (ansible-playbook --flush-cache). "
                "Nothing was done."
            )
        seen = {host: host_foreign_facts(task_vars, host) for host in targets}
        return {host: f"{host}: {told(names)}" for host, names in seen.items() if names}

    def _run_variable(self, task_vars: Mapping[str, Any], name: str, default: Any = None) -> Any:
        """Return a variable of the run, from the first host whose facts don't pose as variables of ours."""
        if not foreign_facts(task_vars):
            return variable(self, task_vars, name, default)
        for host in task_vars["ansible_play_hosts_all"]:
            if not host_foreign_facts(task_vars, host):
                return host_knobs(task_vars, host, [name]).get(name, default)
        return default

    def _knobs(self, by_host: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        for host, values in by_host.items():
            check_host_knobs(host, values)
            _check_checks(host, values.get("patchops_checks"))
            for name in HOOKS:
                check_hook(host, name, values.get(name), self._loader)
        return run_knobs(by_host)


def _limit() -> str:
    """Return the limit of the command line. Among variables it could be a fact of a host."""
    return str(context.CLIARGS.get("subset") or "")


def _promoted(sources: Mapping[str, Mapping[str, Any]], knobs: Mapping[str, Any]) -> str | None:
    """Return the id of the patch set that the hosts of the run install, None when there is not one for all.

    Reading the sets finds damaged ones, and ones that nobody trusted has signed, before anything happens. A
    set is read once, not for every host.
    """
    signers = signers_of(knobs["patchops_allowed_signers"], knobs["patchops_revoked_signers"])
    known: dict[str, str] = {}
    ids: set[str | None] = set()
    for values in sources.values():
        former, _of = patch_set_of_run(values.get("patchops_run"))
        source = values.get("patchops_patch_set") or former
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


def _told(refused: Mapping[str, str]) -> dict[str, Any]:
    """Return the warning that names the hosts which are refused, where there are some."""
    if not refused:
        return {}
    more = f" and {len(refused) - _MOST_NAMED} more hosts" if len(refused) > _MOST_NAMED else ""
    named = "; ".join(list(refused.values())[:_MOST_NAMED])
    return {"warnings": [f"Refused, nothing is done there: {named}{more}."]}


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
