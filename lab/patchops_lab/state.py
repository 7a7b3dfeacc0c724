# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a lab on disk: which hosts it has and what they are made of."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from patchops_lab.errors import LabError
from patchops_lab.paths import LabPaths, check_owner, state_root
from patchops_lab.spec import HostSpec, LabSpec


@dataclass(frozen=True)
class HostRecord:
    """A host of a lab that was made.

    :ivar machine: what nspawn calls it
    :ivar lower: the directories below its overlay, the topmost first
    """

    spec: HostSpec
    machine: str
    address: str
    lower: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The host's name in the lab."""
        return self.spec.name


@dataclass(frozen=True)
class LabRecord:
    """A lab that was made."""

    spec: LabSpec
    hosts: tuple[HostRecord, ...]

    def host(self, name: str) -> HostRecord:
        """The host of this name.

        :raises LabError: there is none
        """
        for host in self.hosts:
            if host.name == name:
                return host
        known = ", ".join(host.name for host in self.hosts)
        raise LabError(f"The lab {self.spec.name} has no host {name!r}; it has {known}.")


def write_record(paths: LabPaths, record: LabRecord) -> None:
    """Keep the record. Passwords are throwaway ones, and the state directory is its owner's alone."""
    document = {
        "name": record.spec.name,
        "old_gone": record.spec.old_gone,
        "hosts": [
            {
                "spec": asdict(host.spec),
                "machine": host.machine,
                "address": host.address,
                "lower": [str(path) for path in host.lower],
            }
            for host in record.hosts
        ],
    }
    paths.record.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_record(paths: LabPaths) -> LabRecord:
    """Read the record of a lab.

    :raises LabError: there is no such lab, it was never finished, or it is not ours alone
    """
    for directory in (paths.state.parent, paths.state):
        check_owner(directory)
    try:
        document = json.loads(paths.record.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LabError(
            f"There is no lab {paths.state.name!r} in {paths.state.parent}. 'patchops lab up' makes one, "
            "'patchops lab list' names those there are."
        ) from error
    except ValueError as error:
        raise LabError(
            f"The record {paths.record} can't be read: {error}. "
            f"'patchops lab down {paths.state.name}' removes the lab."
        ) from error
    hosts = tuple(_host(item) for item in document["hosts"])
    spec = LabSpec(document["name"], tuple(host.spec for host in hosts), document["old_gone"])
    return LabRecord(spec, hosts)


def known_labs() -> Iterator[LabPaths]:
    """The labs below the state root, finished or not.

    :raises LabError: the root, or a lab, is not ours alone
    """
    root = state_root()
    check_owner(root)
    if root.is_dir():
        for directory in sorted(root.iterdir()):
            if directory.is_dir():
                check_owner(directory)
                yield LabPaths(directory)


def _host(item: dict[str, Any]) -> HostRecord:
    settings: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in item["spec"].items()
    }
    return HostRecord(
        HostSpec(**settings), item["machine"], item["address"], tuple(Path(path) for path in item["lower"])
    )
