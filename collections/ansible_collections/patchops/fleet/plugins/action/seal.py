# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seal what the verified hosts of a run have installed as a patch set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import OK, make_result
from ansible_collections.patchops.fleet.plugins.module_utils.payload import encode
from ansible_collections.patchops.fleet.plugins.module_utils.times import now
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import named, plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.budget import Budget
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import Result, host_outcome, plan
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import keep_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import (
    PatchSetError,
    Proof,
    build_platforms,
    count_members,
    is_installable,
    seal,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_signature import signed
from ansible_collections.patchops.fleet.plugins.plugin_utils.play_hosts import host_results
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import patch_set_key

_MOST_NAMED = 10
_LONGEST_ENTRY = 600


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs once for the run; connects to no host."""

    _requires_connection = False
    _supports_check_mode = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _spec, arguments = self.validate_argument_spec({"plan": {"type": "dict", "required": True}})
        run = arguments["plan"]
        results = {host: host_results(task_vars, host) for host in run["targets"]}
        outcomes = {host: host_outcome(results[host], host in run["intermittent"]) for host in run["targets"]}
        lost = [host for host, outcome in outcomes.items() if outcome["lost"]]
        if Budget(run["budget_max"], len(run["targets"]), len(lost)).exceeded:
            message = f"Not sealed: more hosts were lost than may be ({', '.join(lost[:5])})."
            return make_result("skipped", message, patch_set_id=None)
        try:
            platforms = build_platforms(_proofs(results, outcomes))
        except PatchSetError as error:
            return make_result("proofs_differ", f"Not sealed: {error}")
        if not platforms:
            return make_result("nothing_to_do", _why_nothing(outcomes))
        document = seal(platforms, now(), run["patch_set_name"])
        if run.get("signing_key"):
            try:
                document = signed(document, run["signing_key"])
            except PatchSetError as error:
                return make_result("bad_arguments", f"Not sealed: {error}.", "Correct patchops_signing_key.")
        result = self._seal(document, run["store"])
        told = [text for text in (_left_out(results, outcomes), _not_counted(results, outcomes)) if text]
        if told:
            result.setdefault("warnings", []).extend(told)
        return result

    def _seal(self, document: dict[str, Any], store: Mapping[str, Any] | None) -> dict[str, Any]:
        result = make_result(
            "sealed",
            f"patch set {document['id'][:12]}: {count_members(document['platforms'])} packages for "
            f"{named(document['platforms'], _MOST_NAMED)}",
            changed=True,
            patch_set_id=document["id"],
            patch_set=encode(document),
        )
        keep_document(store, patch_set_key(document["id"]), document, result)
        return result


def _proofs(
    results: Mapping[str, Mapping[str, Result]], outcomes: Mapping[str, Mapping[str, Any]]
) -> list[Proof]:
    """Return what the verified hosts installed, without what another host had to take back."""
    bad = {
        _bytes_of(change)
        for host, outcome in outcomes.items()
        if outcome["lost"] and outcome["touched"]
        for change in plan(results[host]).get("packages", ())
    }
    proofs = []
    for host, outcome in outcomes.items():
        verified = results[host].get("verify", {})
        host_plan = plan(results[host])
        if outcome["class"] == OK and outcome["touched"] and verified.get("effective") == "yes":
            changes = [change for change in host_plan.get("packages", ()) if _bytes_of(change) not in bad]
            if not all(is_installable(change) for change in changes):
                continue  # `_not_counted` names the host
            proofs.append(Proof(host, str(host_plan.get("platform")), changes))
    return proofs


def _not_counted(
    results: Mapping[str, Mapping[str, Result]], outcomes: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return which hosts proved nothing, since their plan has a change that no host could install."""
    hosts = [
        host
        for host, outcome in outcomes.items()
        if outcome["class"] == OK
        and outcome["touched"]
        and not all(is_installable(change) for change in plan(results[host]).get("packages", ()))
    ]
    if not hosts:
        return ""
    return (
        "Not counted as proof for the patch set, since the plan has a package without name, architecture, "
        f"version or checksum: {named(hosts, _MOST_NAMED)}. Look at those hosts: an honest plan has no such "
        "package."
    )


def _left_out(results: Mapping[str, Mapping[str, Result]], outcomes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return which proven packages the set goes without and which host's word that is; empty when none.

    One host that says that it failed is believed, and could empty a set this way: so it is said.
    """
    accused: dict[tuple[Any, ...], list[str]] = {}
    for host, outcome in outcomes.items():
        if outcome["lost"] and outcome["touched"]:
            for change in plan(results[host]).get("packages", ()):
                accused.setdefault(_bytes_of(change), []).append(host)
    proven = {
        _bytes_of(change)
        for host, outcome in outcomes.items()
        if outcome["class"] == OK and outcome["touched"]
        for change in plan(results[host]).get("packages", ())
    }
    gone = sorted(
        f"{plain(key[0], 80)} {plain(key[2] or '(removal)', 80)} ({named(sorted(hosts), _MOST_NAMED)})"
        for key, hosts in accused.items()
        if key in proven
    )
    if not gone:
        return ""
    return (
        "Left out of the patch set, although other hosts proved it, since a host with it is lost: "
        f"{named(gone, _MOST_NAMED, _LONGEST_ENTRY)}. Look at those hosts before you promote the set."
    )


def _why_nothing(outcomes: Mapping[str, Mapping[str, Any]]) -> str:
    patched = [host for host, outcome in outcomes.items() if outcome["touched"] and outcome["class"] == OK]
    if not patched:
        return "No host proved a change: there is nothing to seal."
    return f"Not sealed: what {', '.join(patched[:5])} installed is not in effect, so it is not proven."


def _bytes_of(change: Mapping[str, Any]) -> tuple[Any, ...]:
    return (change["name"], change["arch"], change.get("to"), change.get("sha256"))
