# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who an inventory, a host, a run and a process are. Private to the collection and its wrapper.

Database, documents, memory of due dates, fence, reports and command line take their keys from here, so that
two things that differ never share a key, and one thing never has two.
"""

from __future__ import annotations

import os
import re
import socket
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

NAME_VARIABLE: Final = "patchops_inventory"
"""The variable that names an inventory."""
_AWX_VARIABLE: Final = "awx_inventory_id"
SOURCES_VARIABLE: Final = "ansible_inventory_sources"
_AWX_ADDRESSES: Final = ("AWX_HOST", "TOWER_HOST", "CONTROLLER_HOST")
_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}\Z")


class IdentityError(ValueError):
    """A name or number that can't identify an inventory; the message says which and what to write."""


class HostKey(NamedTuple):
    """One host: its inventory's key and its name there.

    ``inventory`` is "" for hosts of documents that say nothing of their inventory.
    """

    inventory: str
    name: str

    @property
    def label(self) -> str:
        """Both parts as people read and write them: ``web1@prod``."""
        return f"{self.name}@{self.inventory or 'unknown'}"


def key_of(row: Mapping[str, Any]) -> HostKey:
    """The key of a row or document with ``host`` and ``inventory``, which versions up to 0.1 didn't write."""
    return HostKey(str(row.get("inventory") or ""), str(row["host"]))


class RunKey(NamedTuple):
    """What two runs have in common when one can continue the other: the inventory's key and the playbook.

    Which interrupted run is continued is decided by the hosts that it left unfinished.
    """

    inventory: str
    playbook: str


@dataclass(frozen=True)
class Inventory:
    """An inventory, whatever ``key`` is made of.

    ``sources``: each path as it was written and as it resolves, what links in its folders lead to, and all
    host lists as one. A link that is switched to other files leaves the written path as the common source.
    """

    key: str
    sources: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, sources: Sequence[str], name: object = None, awx_id: object = None, awx_address: str = ""
    ) -> Inventory:
        """The inventory of these sources.

        Its key is the first that exists of ``name``, AWX's id with the address of that AWX, and the sources.
        AWX writes each inventory to the same path, and a path can be moved: both have better names.
        Raises IdentityError.
        """
        paths = [os.path.expanduser(source) for source in sources if not is_host_list(source)]
        resolved = sorted({os.path.realpath(path) for path in paths})
        hosts = _host_list(sources)
        known = (*sorted({*resolved, *_other_paths(paths, resolved)}), *hosts)
        if name not in (None, ""):
            return cls(inventory_name(name), known)
        if awx_id not in (None, ""):
            return cls(_awx_key(awx_id, awx_address), known)
        return cls(",".join([*map(_without_commas, resolved), *hosts]), known)

    @classmethod
    def of_play(
        cls, variables: Mapping[str, Any], name: object = None, environ: Mapping[str, str] = os.environ
    ) -> Inventory:
        """The inventory of a play. ``variables``: the task's; ``name``: `patchops_inventory`, templated."""
        sources = variables.get(SOURCES_VARIABLE) or ()
        address = next((environ[known] for known in _AWX_ADDRESSES if environ.get(known)), "")
        return cls.of(
            [sources] if isinstance(sources, str) else list(sources),
            name,
            variables.get(_AWX_VARIABLE),
            address,
        )

    def host(self, name: str) -> HostKey:
        """The key of a host of this inventory."""
        return HostKey(self.key, name)

    def overlaps(self, other: Inventory) -> bool:
        """Whether one name can mean the same host in both.

        So it is where they are one inventory, share a source, or one's source lies in the other's folder. A
        host list overlaps with everything: its names are addresses, which any inventory can hold.
        """
        if self.key == other.key:
            return True
        return any(_meet(mine, theirs) for mine in self.sources for theirs in other.sources)


def inventory_name(value: object) -> str:
    """The name of an inventory as it is kept. Raises IdentityError.

    Neither a path nor a host list nor AWX's key has this form, so that no two kinds of keys can be equal.
    """
    if not isinstance(value, str) or not _NAME.match(value):
        raise IdentityError(
            f"{NAME_VARIABLE} is {value!r}; write a name of up to 100 letters, digits, blanks, dots, dashes "
            "and underscores, the same for all hosts of the inventory"
        )
    return value.strip()


def labels(keys: Iterable[HostKey]) -> dict[HostKey, str]:
    """How to show each host among these: by its name, and as its label where the name alone is no answer."""
    distinct = set(keys)
    count = Counter(key.name for key in distinct)
    return {key: key.name if count[key.name] == 1 else key.label for key in distinct}


@dataclass(frozen=True)
class WorkerId:
    """One process for good: a random id. The rest describes the process and identifies nothing.

    Two containers can share machine, boot and pid. Whether a worker lives is told by the lock that it holds
    or the lease that it renews.
    """

    id: str
    machine: str
    hostname: str
    boot_id: str
    pid: int

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.hostname or 'an unknown machine'}"


@dataclass
class _Process:
    """The worker that this process is; a forked child is another one."""

    pid: int = field(default_factory=os.getpid)

    @cached_property
    def worker(self) -> WorkerId:
        return WorkerId(
            id=str(uuid.uuid4()),
            machine=_line_of("/etc/machine-id"),
            hostname=socket.gethostname(),
            boot_id=_line_of("/proc/sys/kernel/random/boot_id"),
            pid=self.pid,
        )


_process = _Process()


def this_worker() -> WorkerId:
    """The identity of this process: the same for its lifetime, and never another process's."""
    global _process
    if _process.pid != os.getpid():
        _process = _Process()
    return _process.worker


def is_host_list(source: str) -> bool:
    """Whether Ansible takes a source for names of hosts: it has a comma, and no file has that name."""
    return "," in source and not os.path.exists(os.path.expanduser(source))


def _host_list(sources: Sequence[str]) -> list[str]:
    """All host lists as one, sorted; [] without one."""
    names = {name.strip() for source in sources if is_host_list(source) for name in source.split(",")} - {""}
    return [",".join(sorted(names)) + ","] if names else []


def _without_commas(path: str) -> str:
    """A path as a part of a key, in which commas stand between the parts."""
    return path.replace("\\", "\\\\").replace(",", "\\,") if "," in path else path


def _other_paths(paths: Iterable[str], resolved: Iterable[str]) -> Iterator[str]:
    """The paths as they were written, without dots, and what links in the folders lead to."""
    yield from (_written(path) for path in paths)
    seen = set(resolved)
    folders = list(seen)
    while folders:
        for folder, names, files in os.walk(folders.pop()):
            names[:] = [name for name in names if not _ignored(name)]
            for name in (*names, *files):
                target = os.path.join(folder, name)
                if os.path.islink(target) and (target := os.path.realpath(target)) not in seen:
                    seen.add(target)
                    folders.append(target)
                    yield target


def _written(path: str) -> str:
    """The absolute path with its links. A ``..`` behind a link leads out of where the link leads to."""
    found = "/"
    for part in os.path.join(os.getcwd(), path).split("/"):
        if part == "..":
            found = os.path.dirname(os.path.realpath(found))
        elif part not in ("", "."):
            found = os.path.join(found, part)
    return found


def _ignored(name: str) -> bool:
    """Whether Ansible looks for no inventory in a folder of this name."""
    return name.startswith(".") or name in ("group_vars", "host_vars", "vars_plugins")


def _awx_key(value: object, address: str) -> str:
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit():
        raise IdentityError(f"{_AWX_VARIABLE} is {value!r}; AWX gives a number")
    return f"{_awx_address(address)}/#/inventories/{int(text)}"


def _awx_address(address: str) -> str:
    """One form for one AWX, however its address is written; where nobody tells it, "awx:".

    Of what differs only the path has letters whose case counts.
    """
    written = address.strip()
    if not written:
        return "awx:"
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise IdentityError(f"the address of AWX is {address!r}: {error}") from None
    named = f"[{host}]" if ":" in host else host
    at = "" if port in (None, _PORTS.get(scheme)) else f":{port}"
    return f"{scheme}://{named}{at}{parts.path.rstrip('/')}"


def _meet(one: str, other: str) -> bool:
    if one == other or not (one.startswith("/") and other.startswith("/")):
        return True
    return Path(one) in Path(other).parents or Path(other) in Path(one).parents


def _line_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
