# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of an assessment: of an Ansible inventory, of earlier scans, or of one inventory file."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import HostInput
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import (
    HostFacts,
    VariableError,
    host_facts,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import (
    NAME_VARIABLE,
    IdentityError,
    Inventory,
)
from patchops.errors import InputError
from patchops.runner.environment import build, collections_root, executable
from patchops.runner.inventory import absolute_sources
from patchops.store.documents import HostDocuments
from patchops.text import plain


def inventory_facts(
    sources: Sequence[str],
    limit: str | None,
    vault_password_files: Sequence[str] = (),
    inventory_name: str | None = None,
) -> list[HostFacts]:
    """The hosts of Ansible inventories with their groups and variables, sorted by name. Raises InputError.

    `inventory_name` goes before the name that the inventory's variables give it.
    """
    argv = [executable("ansible-inventory"), "--list"]
    for source in absolute_sources(sources):
        argv += ["-i", source]
    for file in vault_password_files:
        argv += ["--vault-password-file", file]
    if limit:
        argv += ["--limit", limit]
    answer = subprocess.run(
        argv,
        env=build(os.environ, (), collections_root()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        raise InputError(
            f"Ansible could not read the inventory {', '.join(sources)}: {plain(answer.stderr.strip())}",
            "`ansible-inventory -i INVENTORY --list` shows the error in full.",
        )
    listed = json.loads(answer.stdout)
    variables = listed.get("_meta", {}).get("hostvars", {})
    groups = _groups(listed)
    inventory = _inventory(sources, variables, groups, inventory_name)
    facts = [facts_of(name, groups[name], variables.get(name, {}), inventory.key) for name in sorted(groups)]
    if not facts:
        raise InputError(
            f"No host of {', '.join(sources)} matches {limit or 'all'!r}.",
            "`ansible-inventory -i INVENTORY --graph` shows the hosts.",
        )
    return facts


def _inventory(
    sources: Sequence[str], variables: Mapping[str, Any], hosts: Iterable[str], name: str | None
) -> Inventory:
    names = {str(variables.get(host, {}).get(NAME_VARIABLE) or "") for host in hosts} or {""}
    if name is None and len(names) > 1:
        raise InputError(
            f"{NAME_VARIABLE} differs among the hosts: {', '.join(sorted(map(repr, names)))}.",
            "It names the inventory: give all of its hosts the same, or use --inventory-name.",
        )
    try:
        return Inventory.of(absolute_sources(sources), name if name is not None else names.pop())
    except IdentityError as error:
        raise InputError(f"{error}.", "Correct it in the inventory or the option.") from None


def facts_of(
    name: str, groups: Sequence[str], variables: Mapping[str, Any], inventory: str = ""
) -> HostFacts:
    """A host's facts; a variable that nobody can act on is refused as bad input."""
    try:
        return host_facts(name, groups, variables, inventory)
    except VariableError as error:
        raise InputError(str(error), "Correct it in the inventory.") from None


def scanned_hosts(documents: HostDocuments) -> Iterator[HostInput]:
    """Every host that was ever scanned. Nothing is known of their exposure."""
    for host, (document, why_missing) in documents.all():
        yield HostInput(host_facts(host.name, inventory=host.inventory), document, why_missing)


def with_documents(facts: Iterable[HostFacts], documents: HostDocuments) -> Iterator[HostInput]:
    """Join hosts with what their last scan stored; a damaged document leaves the host unknown."""
    for host in facts:
        yield HostInput(host, *documents.of(host.key))


def _groups(listed: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every host with all the groups it is in, parents included."""
    members = {name: set(group.get("hosts", [])) for name, group in listed.items() if name != "_meta"}
    children = {name: group.get("children", []) for name, group in listed.items() if name != "_meta"}
    found: dict[str, list[str]] = {}
    for name in members:
        for host in _members(name, members, children, set()):
            found.setdefault(host, []).append(name)
    return found


def _members(
    group: str, members: Mapping[str, set[str]], children: Mapping[str, list[str]], seen: set[str]
) -> set[str]:
    if group in seen:
        return set()
    seen.add(group)
    below = (_members(child, members, children, seen) for child in children.get(group, []))
    return set(members.get(group, set())).union(*below)
