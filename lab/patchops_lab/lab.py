# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes labs, opens them and takes them down."""

import shutil
import time

from patchops_lab import cgroups, control, disks, network, requirements
from patchops_lab.cache import locked
from patchops_lab.errors import LabError
from patchops_lab.hosts import LabHost
from patchops_lab.image_spec import machine_architecture
from patchops_lab.lab_file import checked
from patchops_lab.making import make
from patchops_lab.paths import LabPaths
from patchops_lab.progress import Progress, silent
from patchops_lab.repository import Repository
from patchops_lab.spec import LabSpec
from patchops_lab.state import LabRecord, read_record


class Lab:
    """A lab that was made."""

    def __init__(self, paths: LabPaths, record: LabRecord) -> None:
        self.paths = paths
        self.record = record

    @classmethod
    def open(cls, name: str) -> "Lab":
        """The lab of this name.

        :raises LabError: there is none
        """
        paths = LabPaths.of(name)
        return cls(paths, read_record(paths))

    @classmethod
    def up(cls, spec: LabSpec, progress: Progress = silent) -> "Lab":
        """Make a lab and wait until one can log in to every host; what a crashed one left is cleaned first.

        :param progress: is told what is going on, a line at a time
        :raises LabError: something is missing on this machine, a lab of this name runs, or a step failed
            (then what was made of the lab is removed again)
        """
        requirements.demand()
        checked(spec)
        requirements.demand_for(host.release for host in spec.hosts)
        started = time.monotonic()
        paths = LabPaths.of(spec.name)
        with locked(paths.lock):
            if _answers(paths):
                raise LabError(
                    f"The lab {spec.name} is up already. Use it, or 'patchops lab down {spec.name}' first."
                )
            _remove(paths)
            try:
                lab = cls(paths, make(paths, spec, progress))
                progress(f"hosts to start: {len(lab.hosts)}")
                lab._start()
                progress(f"hosts up: {len(lab.hosts)}, after {time.monotonic() - started:.0f} s")
                return lab
            except BaseException:
                _remove(paths)
                raise

    def _start(self) -> None:
        requirements.allow_many_hosts()
        control.start_supervisor(self.paths)
        self._start_hosts()

    def _start_hosts(self) -> None:
        """All at once; then wait for each."""
        control.ask(self.paths, "start", [host.name for host in self.hosts])
        for host in self.hosts:
            host.wait_until_up()

    def fresh(self) -> None:
        """Make every host new again: as it was before its first boot, and up."""
        for host in self.hosts:
            host.kill()
            host.replace_disk(host.paths.seed)
        self._start_hosts()

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.record.spec.name

    @property
    def hosts(self) -> list[LabHost]:
        """Its hosts."""
        return [LabHost(self.paths, record) for record in self.record.hosts]

    def host(self, name: str) -> LabHost:
        """The host of this name.

        :raises LabError: there is none
        """
        return LabHost(self.paths, self.record.host(name))

    @property
    def repository(self) -> Repository:
        """Its package repository."""
        return Repository(self.paths.repository, self.paths.signing_home, machine_architecture())

    def is_running(self) -> bool:
        """Whether its supervisor answers."""
        return _answers(self.paths)

    def inside(self, *command: str) -> list[str]:
        """The command, run in the lab's own network."""
        return [*network.inside(self.paths), *command]

    def down(self) -> None:
        """Take it down and remove all of it."""
        take_down(self.name)


def take_down(name: str) -> None:
    """Remove a lab: its processes, mounts, control groups, network and files, also what a crashed one left.

    :raises LabError: there is no lab of this name, or something of it can't be removed
    """
    paths = LabPaths.of(name)
    with locked(paths.lock):
        if not _left(paths):
            raise LabError(f"There is no lab {name!r} in {paths.state.parent}; nothing was removed.")
        _remove(paths)


def _answers(paths: LabPaths) -> bool:
    try:
        control.ask(paths, "status")
    except LabError:
        return False
    return True


def _left(paths: LabPaths) -> bool:
    return paths.state.exists() or paths.runtime.exists()


def _remove(paths: LabPaths) -> None:
    network.close_shared_connections(paths)
    cgroups.kill(paths.cgroup)
    cgroups.remove(paths.cgroup)
    disks.detach_all(paths.state)
    for directory in (paths.runtime, paths.state):
        if directory.exists():
            shutil.rmtree(directory)
