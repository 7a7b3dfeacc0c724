# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One running host of a lab, as tests and people handle it."""

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from patchops_lab import cgroups, control
from patchops_lab.commands import run
from patchops_lab.control import HostState
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.errors import LabError
from patchops_lab.layered_disk import LayeredDisk
from patchops_lab.paths import HostPaths, LabPaths
from patchops_lab.patience import PATIENCE_SECONDS
from patchops_lab.state import HostRecord

# systemd itself ends what hangs in a shutdown after 90 seconds.
_STOP_SECONDS = 120.0
_LISTENING = "0A"
_SSH_PORT = ":0016"


class LabHost:
    """A host of a lab.

    Commands given to run() go straight into the host as root, without ssh: also when it is cut off.
    """

    def __init__(self, paths: LabPaths, record: HostRecord) -> None:
        self.lab_paths = paths
        self.record = record
        self.paths: HostPaths = paths.host(record.name)

    @property
    def name(self) -> str:
        """The host's name, as in the inventory."""
        return self.record.name

    @property
    def address(self) -> str:
        """Its address in the lab's network."""
        return self.record.address

    def state(self) -> HostState:
        """What the supervisor says of it."""
        return control.ask(self.lab_paths, "status")[self.name]

    def start(self) -> None:
        """Boot it if it is down, and wait until one can log in."""
        control.ask(self.lab_paths, "start", [self.name])
        self.wait_until_up()

    def stop(self) -> None:
        """Shut it down in good order."""
        control.ask(self.lab_paths, "hold", [self.name])
        control.ask(self.lab_paths, "stop", [self.name])
        try:
            self._wait(lambda: not self.state().running, _STOP_SECONDS, "shut down")
        except LabError:
            # One that hangs in its shutdown is pulled off.
            self.kill()

    def kill(self) -> None:
        """Pull the power; it stays down until start()."""
        control.ask(self.lab_paths, "kill", [self.name])
        self._wait(lambda: not self.state().running, PATIENCE_SECONDS, "end")

    def reboot(self) -> None:
        """Reboot it from within and wait until one can log in again."""
        before = self.state().starts
        self.run("systemctl", "reboot")
        self.wait_for_reboot(before)

    def wait_for_reboot(self, starts_before: int) -> None:
        """Wait until it has started once more than before and one can log in."""
        self._wait(lambda: self.state().starts > starts_before, PATIENCE_SECONDS, "reboot")
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Wait until one can log in by ssh.

        :raises LabError: not within five minutes; carries the end of its console
        """
        self._wait(self.is_up, PATIENCE_SECONDS, "come up")

    def is_up(self) -> bool:
        """Whether it has its address, answers on the ssh port and lets users in; looked at from outside."""
        init = self.init_pid()
        if init is None:
            return False
        process = Path("/proc", str(init))
        try:
            sockets = (process / "net/tcp").read_text(encoding="ascii").splitlines()
            has_route = "host0" in (process / "net/route").read_text(encoding="ascii")
            locked_out = (process / "root/run/nologin").exists()
        except OSError:
            return False
        listening = any(
            columns[1].endswith(_SSH_PORT) and columns[3] == _LISTENING
            for columns in map(str.split, sockets[1:])
        )
        return listening and has_route and not locked_out

    def init_pid(self) -> int | None:
        """The process that is the host's process 1, as this machine numbers it; None while it is down."""
        # The supervisor has a namespace of its own, and the host one below it.
        return cgroups.first_process(f"{self.lab_paths.cgroup}/{self.name}", depth=2)

    def boot_id(self) -> str:
        """The id of its boot, new with each reboot."""
        return self.run("cat", "/proc/sys/kernel/random/boot_id").strip()

    def command(self, *words: str) -> list[str]:
        """The command that runs something inside the host as root.

        :raises LabError: the host is down
        """
        init = self.init_pid()
        if init is None:
            raise LabError(f"{self.name} is down; 'patchops lab list' shows the hosts.")
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"]
        return ["nsenter", f"--target={init}", "--all", "--", *environment, *words]

    def run(self, *words: str, stdin: str | None = None) -> str:
        """Run a command inside the host as root; returns its standard output.

        :raises LabError: it failed, or the host is down
        """
        return run(self.command(*words), doing=f"run {' '.join(words)!r} on {self.name}", stdin=stdin)

    def try_run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside the host as root, whatever its status."""
        return subprocess.run(
            self.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def ssh_command(self, words: Sequence[str] = ()) -> list[str]:
        """The command that logs in as the user admin, through the bastion where there is one."""
        paths = self.lab_paths
        return ["ssh", "-F", str(paths.ssh_config), "-i", str(paths.ssh_key), self.name, *words]

    def ssh(self, *words: str) -> str:
        """Run a command over ssh as the user admin; returns its standard output."""
        return run(self.ssh_command(words), doing=f"run {' '.join(words)!r} on {self.name} over ssh")

    def packages(self) -> set[tuple[str, str, str]]:
        """What is installed: name, version, architecture; read from outside, also while it is down."""
        return DISTRIBUTIONS[self.record.spec.release].installed(self._disk)

    def read_from_outside(self, path: str) -> str:
        """A file of the host's disk, read below it: nothing in the host takes part.

        :raises LabError: there is no such file
        """
        file = self._disk.find(path)
        if file is None:
            raise LabError(f"{self.name} has no file /{path.lstrip('/')}.")
        return file.read_text(encoding="utf-8")

    @property
    def _disk(self) -> LayeredDisk:
        return LayeredDisk((self.paths.upper, *self.record.lower))

    def fresh(self) -> None:
        """Make it new again: as it was before its first boot, and up."""
        self.kill()
        self.replace_disk(self.paths.seed)
        self.start()

    def replace_disk(self, source: Path) -> None:
        """Give the stopped host a copy of another upper directory."""
        for directory in (self.paths.upper, self.paths.work):
            if directory.exists():
                shutil.rmtree(directory)
        copy_tree(source, self.paths.upper)

    def _wait(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                console = ""
                if self.paths.console.exists():
                    console = self.paths.console.read_text(encoding="utf-8", errors="replace")[-1500:]
                raise LabError(
                    f"{self.name} did not {what} within {seconds:.0f} seconds. Its console ends:\n{console}"
                )
            time.sleep(0.05)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a directory with owners, modes, extended attributes and the overlay's marks for removed files."""
    run(["cp", "--archive", "--reflink=auto", "-T", str(source), str(target)], doing=f"copy {source}")
