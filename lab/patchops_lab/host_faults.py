# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break one host of a lab, and to put it right."""

import time

from patchops_lab import control, disks, network
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.distributions.base import Distribution
from patchops_lab.errors import LabError
from patchops_lab.hosts import LabHost
from patchops_lab.patience import PATIENCE_SECONDS
from patchops_lab.state import read_record

_LOCK_UNIT = "lab-lock"
_LOCK_FLAG = "/run/lab-lock-held"
# Package managers take record locks; another program's lock has to be of the same kind to be seen.
_HOLD_LOCKS = f"""\
import fcntl, os, pathlib, sys, time
files, pids = (argument.split() for argument in sys.argv[1:])
for file in files:
    pathlib.Path(file).parent.mkdir(exist_ok=True)
held = [open(file, "w") for file in files]
for file in held:
    fcntl.lockf(file, fcntl.LOCK_EX)
for file in pids:
    pathlib.Path(file).parent.mkdir(exist_ok=True)
    pathlib.Path(file).write_text(str(os.getpid()))
pathlib.Path("{_LOCK_FLAG}").touch()
time.sleep(86400)
"""
# What finds out whether a repository's lists may be believed; dnf's libraries do it in our own programs.
_READS_REPOSITORIES = {
    "apt": "/usr/bin/apt-get",
    "dnf": "/usr/bin/python3",
    "dnf5": "/usr/bin/python3",
    "pacman": "/usr/bin/pacman",
    "zypper": "/usr/bin/zypper",
}
_ASIDE = ".lab"


def cut(host: LabHost) -> None:
    """Nothing reaches the host any more; it runs on."""
    network.set_cut(host.lab_paths, host.record.machine, True)


def reconnect(host: LabHost) -> None:
    """End a cut."""
    network.set_cut(host.lab_paths, host.record.machine, False)


def lose_packets(host: LabHost) -> None:
    """Every tenth packet to and from the host is lost."""
    network.set_loss(host.lab_paths, host.address, True)


def keep_packets(host: LabHost) -> None:
    """End the loss."""
    network.set_loss(host.lab_paths, host.address, False)


def hold_lock(host: LabHost) -> None:
    """Another program in the host holds the locks of its package manager.

    :raises LabError: it doesn't get them: something else has them
    """
    release_lock(host)
    distribution = _distribution(host)
    held = (" ".join(distribution.lock_files), " ".join(distribution.lock_pids))
    unit = ["--quiet", "--collect", f"--unit={_LOCK_UNIT}"]
    host.run("systemd-run", *unit, "/usr/bin/python3", "-c", _HOLD_LOCKS, *held)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while host.try_run("test", "-e", _LOCK_FLAG).returncode != 0:
        if time.monotonic() > deadline:
            raise LabError(f"The package manager's locks on {host.name} did not get free in five minutes.")
        time.sleep(0.05)


def release_lock(host: LabHost) -> None:
    """End what holds the locks, if it runs."""
    host.try_run("systemctl", "stop", f"{_LOCK_UNIT}.service")
    distribution = _distribution(host)
    host.run("rm", "-f", _LOCK_FLAG, *distribution.lock_files, *distribution.lock_pids)


def kill_package_manager(host: LabHost) -> None:
    """Kill the processes that change packages; nothing happens when there are none."""
    host.try_run("pkill", "-KILL", "-f", _distribution(host).changing)


def fill(host: LabHost, directory: str) -> None:
    """Lay a file system of 64 KiB over a directory; it is gone after a reboot."""
    host.run("mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "lab-full", directory)


def make_room(host: LabHost, directory: str) -> None:
    """Take the small file system away."""
    host.run("umount", directory)


def fill_cache(host: LabHost) -> None:
    """There is no room for packages that the package manager downloads."""
    fill(host, _distribution(host).package_cache)


def make_room_in_cache(host: LabHost) -> None:
    """There is room for them again."""
    make_room(host, _distribution(host).package_cache)


def fill_disk(host: LabHost, left: int) -> None:
    """All of the host's disk is full but for so many bytes.

    :raises LabError: its disk is that of this machine
    """
    if host.record.spec.disk_mib is None:
        raise LabError(f"The disk of {host.name} is this machine's: give the host one of its own (disk_mib).")
    disks.fill(host.paths, left)


def make_room_on_disk(host: LabHost) -> None:
    """There is room again."""
    disks.make_room(host.paths)


def set_clock(host: LabHost, offset: str) -> None:
    """The package manager sees another time (``+40d``, ``-40d``); the host's other programs don't.

    The kernel has one clock for all hosts: a library that stands before the program says what time it is.

    :raises LabError: the host lacks the package libfaketime
    """
    found = host.try_run("sh", "-c", "ls /usr/lib/*/faketime/libfaketime.so.1").stdout.split()
    if not found:
        raise LabError(f"The clock of {host.name} can't be set: give the host the package libfaketime.")
    program = _READS_REPOSITORIES[_distribution(host).package_manager]
    host.run("mv", program, program + _ASIDE)
    start = f'#!/bin/sh\nLD_PRELOAD={found[0]} FAKETIME={offset} exec {program}{_ASIDE} "$@"\n'
    host.run("sh", "-c", 'cat > "$1" && chmod 755 "$1"', "sh", program, stdin=start)


def set_clock_right(host: LabHost) -> None:
    """It sees the right time."""
    program = _READS_REPOSITORIES[_distribution(host).package_manager]
    host.run("mv", program + _ASIDE, program)


def no_return(host: LabHost) -> None:
    """The host doesn't come back from its next reboot."""
    control.ask(host.lab_paths, "hold", [host.name])


def power_cut(host: LabHost) -> None:
    """The host loses its power, and stays down until it is put right."""
    host.kill()


def power_on(host: LabHost) -> None:
    """Boot the host; also one that didn't come back."""
    host.start()


def kill_bastion(host: LabHost) -> None:
    """The host through which this one is reached loses its power.

    :raises LabError: it is reached directly
    """
    _bastion_of(host).kill()


def start_bastion(host: LabHost) -> None:
    """Boot the bastion."""
    _bastion_of(host).start()


def _bastion_of(host: LabHost) -> LabHost:
    if host.record.spec.bastion is None:
        raise LabError(f"{host.name} has no bastion.")
    return LabHost(host.lab_paths, read_record(host.lab_paths).host(host.record.spec.bastion))


def _distribution(host: LabHost) -> Distribution:
    return DISTRIBUTIONS[host.record.spec.release]
