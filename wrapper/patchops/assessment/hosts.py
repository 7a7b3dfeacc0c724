# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of an assessment: of an Ansible inventory, of earlier scans, or of one inventory file."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import HostInput
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import (
    HostFacts,
    VariableError,
    host_facts,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.shared_packages import SharedPackages
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError, read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import (
    DirectoryStore,
    StoreError,
    host_document_key,
)
from patchops.errors import InputError
from patchops.runner.environment import build, collections_root, executable
from patchops.runner.inventory import absolute_sources
from patchops.text import plain


def inventory_facts(
    sources: Sequence[str], limit: str | None, vault_password_files: Sequence[str] = ()
) -> list[HostFacts]:
    """The hosts of Ansible inventories with their groups and variables, sorted by name. Raises InputError."""
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
    facts = [facts_of(name, groups[name], variables.get(name, {})) for name in sorted(groups)]
    if not facts:
        raise InputError(
            f"No host of {', '.join(sources)} matches {limit or 'all'!r}.",
            "`ansible-inventory -i INVENTORY --graph` shows the hosts.",
        )
    return facts


def facts_of(name: str, groups: Sequence[str], variables: Mapping[str, Any]) -> HostFacts:
    """A host's facts; a variable that nobody can act on is refused as bad input."""
    try:
        return host_facts(name, groups, variables)
    except VariableError as error:
        raise InputError(str(error), "Correct it in the inventory.") from None


def scanned_hosts(documents: Path) -> Iterator[HostInput]:
    """Every host that was ever scanned into this directory store. Nothing is known of their exposure."""
    loads = SharedPackages().loads
    for path in sorted(documents.glob("hosts/*/host.json")):
        document = _parsed(path, loads)
        if isinstance(name := document.get("host"), str) and name:
            yield HostInput(host_facts(name), *_readable(document, name))


def with_documents(facts: Iterable[HostFacts], documents: Path) -> Iterator[HostInput]:
    """Join hosts with what their last scan stored; a damaged document leaves the host unknown."""
    store = DirectoryStore(documents, SharedPackages().loads)
    for host in facts:
        try:
            document = store.read(host_document_key(host.name))
        except StoreError as error:
            yield HostInput(host, None, f"its last scan can't be used: {error}")
        else:
            yield HostInput(host, *_readable(document, host.name)) if document else HostInput(host, None)


def was_scanned(documents: Path) -> bool:
    """Whether any host was ever scanned into this directory store."""
    return next(documents.glob("hosts/*/host.json"), None) is not None


def _readable(document: dict[str, Any], name: str) -> tuple[dict[str, Any] | None, str]:
    """The document and "", or None and why it can't be used."""
    try:
        return read_document(document, "patchops.host", f"the document of {name}"), ""
    except DocumentError as error:
        return None, f"its last scan can't be used: {error}"


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


def _parsed(path: Path, loads: Callable[[bytes], Any]) -> dict[str, Any]:
    try:
        document = loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} can't be read: {error}", "Remove it and scan the host again.") from None
    return document if isinstance(document, dict) else {}
