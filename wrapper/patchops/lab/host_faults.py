# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break one host of a lab, and to put it right."""

import time

from patchops.lab import control, network
from patchops.lab.errors import LabError
from patchops.lab.hosts import LabHost

PACKAGE_CACHE = "/var/cache/apt/archives"
_LOCK_UNIT = "lab-lock"
_LOCK_FLAG = "/run/lab-lock-held"
# The locks of dpkg and apt are record locks; another program's lock has to be of the same kind to be seen.
_HOLD_LOCKS = f"""\
import fcntl, pathlib, time
held = [open(f"/var/lib/dpkg/{{name}}", "w") for name in ("lock-frontend", "lock")]
for file in held:
    fcntl.lockf(file, fcntl.LOCK_EX)
pathlib.Path("{_LOCK_FLAG}").touch()
time.sleep(86400)
"""
_LOCK_SECONDS = 20.0


def cut(host: LabHost) -> None:
    """Nothing reaches the host any more; it runs on."""
    network.set_cut(host.lab_paths, host.record.machine, True)


def reconnect(host: LabHost) -> None:
    """End a cut."""
    network.set_cut(host.lab_paths, host.record.machine, False)


def hold_lock(host: LabHost) -> None:
    """Another program in the host holds the locks of dpkg.

    :raises LabError: it doesn't get them: something else has them
    """
    release_lock(host)
    host.run(
        "systemd-run", "--quiet", "--collect", f"--unit={_LOCK_UNIT}", "/usr/bin/python3", "-c", _HOLD_LOCKS
    )
    deadline = time.monotonic() + _LOCK_SECONDS
    while host.try_run("test", "-e", _LOCK_FLAG).returncode != 0:
        if time.monotonic() > deadline:
            raise LabError(
                f"The locks of dpkg on {host.name} were not free within {_LOCK_SECONDS:.0f} seconds."
            )
        time.sleep(0.05)


def release_lock(host: LabHost) -> None:
    """End what holds the locks, if it runs."""
    host.try_run("systemctl", "stop", f"{_LOCK_UNIT}.service")
    host.run("rm", "-f", _LOCK_FLAG)


def fill(host: LabHost, directory: str = PACKAGE_CACHE) -> None:
    """Lay a file system of 64 KiB over a directory; it is gone after a reboot."""
    host.run("mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "lab-full", directory)


def make_room(host: LabHost, directory: str = PACKAGE_CACHE) -> None:
    """Take the small file system away."""
    host.run("umount", directory)


def no_return(host: LabHost) -> None:
    """The host doesn't come back from its next reboot."""
    control.ask(host.lab_paths, "hold", [host.name])


def power_cut(host: LabHost) -> None:
    """The host loses its power, and stays down until it is put right."""
    host.kill()


def power_on(host: LabHost) -> None:
    """Boot the host; also one that didn't come back."""
    host.start()
