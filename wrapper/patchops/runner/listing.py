# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible says of an inventory: hosts, groups and variables, and which hosts a pattern names.

Ansible reads the inventory and matches the patterns. One process lists all hosts, a second one matches all
patterns.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import (
    NAME_VARIABLE,
    SOURCES_VARIABLE,
    IdentityError,
    Inventory,
)
from patchops.errors import InputError
from patchops.runner.environment import build, collections_root, executable
from patchops.runner.inventory import absolute_sources
from patchops.text import plain

_PLAY: Final = re.compile(r"  play #(?P<number>[0-9]+) \(")
_HOSTS: Final = re.compile(r"    hosts \([0-9]+\):")
_HOST_INDENT: Final = "      "
_UNKNOWN: Final = re.compile(
    r"Could not match supplied host pattern, ignoring:\s+(?P<name>.+?)(?=\n\[|\n\n|\Z)", re.S
)


@dataclass(frozen=True)
class Listing:
    """The hosts of an inventory.

    `variables`: of each host, templates as they are written; `groups`: all groups of each host, those of
    its groups included.
    """

    sources: tuple[str, ...]
    variables: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, Sequence[str]]

    @cached_property
    def group_names(self) -> frozenset[str]:
        """The names of all groups that have a host."""
        return frozenset(group for groups in self.groups.values() for group in groups)

    def inventory(self, name: str | None = None) -> Inventory:
        """Return the identity of the inventory; `name` goes before what its variables say.

        Raises InputError.
        """
        known = [self.variables.get(host, {}) for host in self.groups] or [{}]
        names = {str(each.get(NAME_VARIABLE) or "") for each in known}
        if name is None and len(names) > 1:
            raise InputError(
                f"{NAME_VARIABLE} differs among the hosts: {', '.join(sorted(map(repr, names)))}.",
                "It names the inventory: give all of its hosts the same, or use --inventory-name.",
            )
        try:
            told = {**known[0], SOURCES_VARIABLE: list(self.sources)}
            return Inventory.of_play(told, name if name is not None else names.pop(), _environment())
        except IdentityError as error:
            raise InputError(f"{error}.", "Correct it in the inventory or the option.") from None


@dataclass(frozen=True)
class Matches:
    """The hosts of each pattern by name, and what patterns name and neither host nor group is.

    `refused`: why Ansible can't read a pattern; such a pattern has no hosts.
    """

    hosts: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)


def list_inventory(
    sources: Sequence[str], limit: str | None = None, vault_password_files: Sequence[str] = ()
) -> Listing:
    """Return the hosts of inventories that match `limit`. Raises InputError."""
    absolute = absolute_sources(sources)
    argv = [executable("ansible-inventory"), "--list", *_options(absolute, vault_password_files)]
    if limit:
        argv += ["--limit", limit]
    listed = json.loads(_asked(argv, sources).stdout)
    return Listing(tuple(absolute), listed.get("_meta", {}).get("hostvars", {}), _groups(listed))


def match_patterns(
    sources: Sequence[str], patterns: Iterable[str], vault_password_files: Sequence[str] = ()
) -> Matches:
    """Return which hosts each of `patterns` names.

    Ansible stops at the first pattern that it can't read, so then each is tried by itself. Raises InputError
    when the inventory can't be read.
    """
    wanted = list(dict.fromkeys(patterns))
    try:
        return _matched(sources, wanted, vault_password_files)
    except InputError:
        list_inventory(sources, None, vault_password_files)
    hosts: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    refused = {}
    for pattern in wanted:
        try:
            alone = _matched(sources, [pattern], vault_password_files)
        except InputError as error:
            hosts[pattern], refused[pattern] = (), error.message.partition(": ")[2]
        else:
            hosts |= alone.hosts
            unknown += alone.unknown
    return Matches(hosts, tuple(dict.fromkeys(unknown)), refused)


def _matched(sources: Sequence[str], wanted: Sequence[str], vault_password_files: Sequence[str]) -> Matches:
    plays = [{"hosts": pattern, "gather_facts": False, "tasks": []} for pattern in wanted]
    with tempfile.TemporaryDirectory(prefix="patchops-") as folder:
        playbook = Path(folder, "patterns.json")
        playbook.write_text(json.dumps(plays), encoding="utf-8")
        options = _options(absolute_sources(sources), vault_password_files)
        answer = _asked([executable("ansible-playbook"), str(playbook), "--list-hosts", *options], sources)
    found: list[list[str]] = [[] for _pattern in wanted]
    number, listing = 0, False
    for line in answer.stdout.splitlines():
        if play := _PLAY.match(line):
            number, listing = int(play["number"]) - 1, False
        elif _HOSTS.match(line):
            listing = True
        elif listing and line.startswith(_HOST_INDENT):
            found[number].append(line.strip())
    unknown = [_unwrapped(match["name"]) for match in _UNKNOWN.finditer(answer.stderr)]
    return Matches(
        {pattern: tuple(sorted(hosts)) for pattern, hosts in zip(wanted, found, strict=True)},
        tuple(dict.fromkeys(unknown)),
    )


def _options(sources: Sequence[str], vault_password_files: Sequence[str]) -> list[str]:
    options = []
    for source in sources:
        options += ["-i", source]
    for file in vault_password_files:
        options += ["--vault-password-file", file]
    return options


def _asked(argv: Sequence[str], sources: Sequence[str]) -> subprocess.CompletedProcess[str]:
    answer = subprocess.run(
        argv,
        env=_environment() | {"ANSIBLE_HOST_PATTERN_MISMATCH": "warning"},
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
    return answer


def _environment() -> dict[str, str]:
    return build(os.environ, (), collections_root())


def _unwrapped(text: str) -> str:
    """Return a name without the line breaks that Ansible puts behind hyphens and blanks."""
    return plain(re.sub(r"(?<!-)\n", " ", text).replace("\n", "").strip())


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
