# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a run is about, asked of Ansible before anything starts."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import (
    NAME_VARIABLE,
    SOURCES_VARIABLE,
    IdentityError,
    Inventory,
    is_host_list,
)
from patchops.errors import InputError
from patchops.runner.environment import executable
from patchops.runner.secrets import Secret, handed_over
from patchops.text import plain

_MISMATCH = re.compile(r"Could not match supplied host pattern, ignoring: (?P<pattern>.+)")
_UNPARSED = re.compile(r"Completely failed to parse inventory source (?P<source>.+)")
_PREFIX = re.compile(r"^(\[\w+\]:|ERROR!|<<< caused by >>>)[ *]*")
_NO_HOST = "no hosts to target"
_COUNT = re.compile(r"^\s*hosts \(\d+\):$")


def absolute_sources(sources: Sequence[str]) -> list[str]:
    """Inventory sources as absolute paths; a list of names stays as it is.

    Ansible takes a path that doesn't exist for an empty inventory, so it is refused here.
    """
    resolved = []
    for source in sources:
        if is_host_list(source):
            resolved.append(source)
            continue
        path = Path(source).expanduser().absolute()
        if not path.exists():
            raise InputError(
                f"The inventory {path} does not exist.",
                "Name an inventory file or folder with -i, or host names with a comma: -i web1,",
            )
        resolved.append(str(path))
    return resolved


@dataclass(frozen=True)
class Unlocked:
    """What opens the vault of an inventory: secrets that are handed over from `directory`, and options."""

    secrets: Sequence[Secret]
    options: Sequence[str]
    directory: Path


def resolve_hosts(
    sources: Sequence[str], pattern: str, environment: Mapping[str, str], vault: Unlocked
) -> list[str]:
    """The names of the hosts in `sources` that match `pattern`, in Ansible's order.

    Unknown names in the pattern and inventories that can't be read are refused, with Ansible's own words
    about the place.
    """
    argv = [executable("ansible"), "all", "--list-hosts", "--limit", pattern, *_named(sources)]
    answer = _ask(argv, dict(environment) | {"ANSIBLE_HOST_PATTERN_MISMATCH": "error"}, vault)
    if answer.returncode != 0:
        raise _refusal(answer.stderr, sources, pattern)
    lines = answer.stdout.splitlines()
    hosts = [line.strip() for line in lines if line.strip() and not _COUNT.match(line)]
    if not hosts:
        raise _no_host(sources, pattern)
    return hosts


def identify(
    sources: Sequence[str],
    host: str,
    name: str | None,
    environment: Mapping[str, str],
    vault: Unlocked,
    extra_vars: Sequence[str] = (),
    given: Mapping[str, Any] = MappingProxyType({}),
) -> Inventory:
    """The identity of the inventory, as the playbook will find it out. Raises InputError.

    `name` was given by the user; without it, `host`'s variables may have one, or the user's `extra_vars`,
    which go before everything else and mean `given`. The playbook refuses hosts that disagree.
    """
    known = given
    if name is None:
        known = _variables([host, *_named(sources)], extra_vars, environment, vault, sources)
    elif given.get(NAME_VARIABLE, name) != name:
        raise InputError(
            f"The inventory is called {name!r} by --inventory-name and {given[NAME_VARIABLE]!r} by -e.",
            "Leave one of them out. Nothing was started.",
        )
    variables = {**known, SOURCES_VARIABLE: sources}
    try:
        return Inventory.of_play(variables, name or known.get(NAME_VARIABLE), environment)
    except IdentityError as error:
        raise InputError(f"{error}.", "Correct it in the inventory or the option.") from None


def extra_variables(
    extra_vars: Sequence[str], environment: Mapping[str, str], vault: Unlocked
) -> dict[str, Any]:
    """The variables that the user's `-e` options mean, as Ansible reads them. Raises InputError."""
    if not extra_vars:
        return {}
    return _variables(["localhost", *_named(["localhost,"])], extra_vars, environment, vault, ["-e"])


def _variables(
    of: Sequence[str],
    extra_vars: Sequence[str],
    environment: Mapping[str, str],
    vault: Unlocked,
    told: Sequence[str],
) -> dict[str, Any]:
    """The variables of a host (`of`: its name and the options for its inventory), extra ones included."""
    argv = [executable("ansible-inventory"), "--host", *of]
    for value in extra_vars:
        argv += ["-e", value]
    answer = _ask(argv, environment, vault)
    if answer.returncode != 0:
        raise _refusal(answer.stderr, told, of[0])
    variables: dict[str, Any] = json.loads(answer.stdout)
    return variables


def _named(sources: Sequence[str]) -> list[str]:
    return [part for source in sources for part in ("-i", source)]


def _ask(
    argv: Sequence[str], environment: Mapping[str, str], vault: Unlocked
) -> subprocess.CompletedProcess[str]:
    with handed_over(vault.secrets, vault.directory) as passwords:
        return subprocess.run(
            [*argv, *vault.options, *passwords],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )


def _refusal(stderr: str, sources: Sequence[str], pattern: str) -> InputError:
    if match := _MISMATCH.search(stderr):
        return InputError(
            f"The limit {pattern!r} names {plain(match['pattern'])!r}, which is no host or group of"
            f" {', '.join(sources)}.",
            "`ansible-inventory -i INVENTORY --graph` shows the names that exist. Nothing was started.",
        )
    if match := _UNPARSED.search(stderr):
        told = dict.fromkeys(_PREFIX.sub("", line.strip()) for line in stderr[: match.start()].splitlines())
        reason = plain(" ".join(told), 900) or "No plugin of Ansible's understands it."
        return InputError(
            f"The inventory {plain(match['source'])} can't be read. {reason}",
            "Correct the file at the place named; `ansible-inventory -i FILE --list` tries it again.",
        )
    if _NO_HOST in stderr:
        return _no_host(sources, pattern)
    reason = plain(stderr.strip() or "it gave no reason")
    return InputError(
        f"Ansible could not read the inventory {', '.join(sources)}: {reason}",
        "`ansible-inventory -i INVENTORY --list` shows the error in full. Nothing was started.",
    )


def _no_host(sources: Sequence[str], pattern: str) -> InputError:
    return InputError(
        f"No host of {', '.join(sources)} matches {pattern!r}.",
        "`ansible-inventory -i INVENTORY --graph` shows the hosts. Nothing was started.",
    )
