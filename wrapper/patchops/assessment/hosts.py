# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of an assessment: of an Ansible inventory, of earlier scans, or of one inventory file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import HostInput
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import (
    HostFacts,
    VariableError,
    host_facts,
)
from patchops.errors import InputError
from patchops.store.documents import HostDocuments


def inventory_facts(
    sources: Sequence[str],
    limit: str | None,
    vault_password_files: Sequence[str] = (),
    inventory_name: str | None = None,
) -> list[HostFacts]:
    """The hosts of Ansible inventories with their groups and variables, sorted by name. Raises InputError.

    `inventory_name` goes before the name that the inventory's variables give it.
    """
    # Imported here: hosts of a file need no Ansible.
    from patchops.runner.listing import list_inventory

    listing = list_inventory(sources, limit, vault_password_files)
    inventory = listing.inventory(inventory_name)
    facts = [
        facts_of(name, listing.groups[name], listing.variables.get(name, {}), inventory.key)
        for name in sorted(listing.groups)
    ]
    if not facts:
        raise InputError(
            f"No host of {', '.join(sources)} matches {limit or 'all'!r}.",
            "`ansible-inventory -i INVENTORY --graph` shows the hosts.",
        )
    return facts


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
