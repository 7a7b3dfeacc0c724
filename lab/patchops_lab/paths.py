# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a lab keeps its things, and what its namespaces and control groups are called."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from patchops_lab.cache import cache_root
from patchops_lab.errors import LabError

STATE_VARIABLE = "PATCHOPS_LAB_STATE"
_RUNTIME = Path("/run/patchops-lab")


def state_root() -> Path:
    """The directory with one directory for each lab: $PATCHOPS_LAB_STATE, else /var/tmp/patchops-lab."""
    return Path(os.environ.get(STATE_VARIABLE) or "/var/tmp/patchops-lab").absolute()  # noqa: S108


def prepare_state_root(root: Path) -> None:
    """Make the state root where it is missing.

    :raises LabError: somebody else can write there: it holds keys, and lies below a directory open to all
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o755)
    check_owner(root)


def check_owner(directory: Path) -> None:
    """Refuse a directory of labs, or of one lab, that is not ours alone; one that is missing is nobody's.

    What lies in it is believed: an ssh configuration runs commands, an inventory does.

    :raises LabError: somebody else owns it or can write there
    """
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise LabError(
            f"{directory} is not a directory that only you can write to, so no lab is kept or looked for "
            f"there. Remove it, or set {STATE_VARIABLE} to another directory."
        )


@dataclass(frozen=True)
class LabPaths:
    """Names and places of one lab; nothing of it needs to exist.

    Everything outside of its state directory carries the lab's id, so that labs of the same name but with
    another state directory don't meet.
    """

    state: Path

    @classmethod
    def of(cls, name: str) -> "LabPaths":
        """The paths of the lab of this name."""
        return cls(state_root() / name)

    @property
    def id(self) -> str:
        """Six hex digits: short, because names of network interfaces carry it."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:6]

    @property
    def runtime(self) -> Path:
        """Sockets live here: their paths must be short."""
        return _RUNTIME / self.id

    @property
    def control_socket(self) -> Path:
        """Where the supervisor listens."""
        return self.runtime / "control"

    @property
    def ssh_sockets(self) -> Path:
        """Where ssh keeps the connections it shares."""
        return self.runtime / "ssh"

    @property
    def signing_home(self) -> Path:
        """The throwaway key of the repository."""
        return self.runtime / "gnupg"

    @property
    def namespace(self) -> Path:
        """The network namespace, as nsenter takes it: a link to that of the supervisor, and gone with it."""
        return self.runtime / "network"

    @property
    def cgroup(self) -> str:
        """The control group under which every process of the lab runs."""
        return f"patchops-lab-{self.id}"

    @property
    def record(self) -> Path:
        """What the lab is made of (patchops_lab.state)."""
        return self.state / "lab.json"

    @property
    def lock(self) -> Path:
        """Held while the lab is made or taken down; not in the state directory, which goes."""
        return cache_root() / "locks" / f"lab-{self.id}"

    @property
    def repository(self) -> Path:
        """What the lab's mirror serves."""
        return self.state / "repository"

    @property
    def mirror_fault(self) -> Path:
        """How the mirror is to misbehave (patchops_lab.mirror)."""
        return self.state / "mirror-fault.json"

    @property
    def kept(self) -> Path:
        """What suites of the mirror were before they were broken, by name."""
        return self.state / "kept"

    @property
    def inventory(self) -> Path:
        """The Ansible inventory."""
        return self.state / "inventory.yml"

    @property
    def ssh_config(self) -> Path:
        """The ssh configuration that leads to the hosts."""
        return self.state / "ssh" / "config"

    @property
    def ssh_key(self) -> Path:
        """The private key that opens every host."""
        return self.state / "ssh" / "key"

    @property
    def known_hosts(self) -> Path:
        """The hosts' real keys."""
        return self.state / "ssh" / "known_hosts"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor and the mirror say."""
        return self.state / "supervisor.log"

    def machine(self, number: int) -> str:
        """What nspawn calls a host; "vb-" and this is its network interface, so at most 12 characters."""
        return f"{self.id}-{number:03d}"

    def host(self, name: str) -> "HostPaths":
        """The places of one host."""
        return HostPaths(self.state / "hosts" / name)


@dataclass(frozen=True)
class HostPaths:
    """Places of one host."""

    directory: Path

    @property
    def seed(self) -> Path:
        """The files that make the image into this host: what a fresh upper directory starts with."""
        return self.directory / "seed"

    @property
    def upper(self) -> Path:
        """What the host has written; visible from outside, to be changed only while it is stopped."""
        return self.directory / "upper"

    @property
    def work(self) -> Path:
        """The work directory of the overlay."""
        return self.directory / "work"

    @property
    def root(self) -> Path:
        """Where the overlay is mounted, inside the supervisor's mount namespace only."""
        return self.directory / "root"

    @property
    def console(self) -> Path:
        """What the host wrote to its console."""
        return self.directory / "console.log"

    def snapshot(self, label: str) -> Path:
        """A copy of the upper directory."""
        return self.directory / "snapshots" / label
