# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of a lab on an emulated machine: its own kernel, booted by GRUB, at its usual address and name.

Containers share the kernel of this machine and have no boot loader; what a reboot into another kernel does is
seen here only. Slow: every instruction is emulated.
"""

import functools
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from patchops_lab import cgroups, network
from patchops_lab.commands import run, tool_environment
from patchops_lab.disk_image import ensure_disk, write_files
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab
from patchops_lab.qemu import machine_command

# Where the machine is alone a boot takes 20 s; its emulation gets what other programs leave.
BOOT_SECONDS = 600.0
_SHUTDOWN_SECONDS = 300.0


class VirtualMachine:
    """Takes the place of a host that the lab runs as a container."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.host = lab.host(name)
        self.console = self.host.paths.directory / "machine.log"
        self._disk = self.host.paths.directory / "machine.raw"
        self._saved = self.host.paths.directory / "machine-saved.raw"
        self._process: subprocess.Popen[bytes] | None = None

    def fresh(self) -> None:
        """Give it a new disk and boot it from that; the container of this name stays down.

        :raises LabError: its disk can't be made, or it does not boot
        """
        self.kill()
        self.host.kill()
        *layers, image = self.host.record.lower
        if layers:
            raise LabError(f"{self.host.name} has apps of the lab; they can't be put onto a machine's disk.")
        _copy(ensure_disk(image), self._disk)
        with TemporaryDirectory() as scratch:
            write_files(self._disk, self._own_files(), Path(scratch))
        self.start()

    def save(self) -> None:
        """Keep its disk as it is now for restore(); it is shut down for that, and stays down."""
        self.run("systemctl", "--no-block", "poweroff")
        self.wait_for(self._has_ended, _SHUTDOWN_SECONDS, "shut down")
        self.kill()
        _copy(self._disk, self._saved)

    def restore(self) -> None:
        """Give it the disk that was saved, and boot it from that."""
        self.kill()
        _copy(self._saved, self._disk)
        self.start()

    def start(self) -> None:
        """Switch it on, and wait until one can log in."""
        self.power_on()
        self.wait_until_up()

    def power_on(self) -> None:
        """Switch it on."""
        interface = network.interface(self.host.record.machine)
        inside = network.inside(self.host.lab_paths)
        self._disconnect()  # what a machine left whose starter was killed
        for words in (
            ["tuntap", "add", interface, "mode", "tap"],
            ["link", "set", interface, "master", network.BRIDGE, "up"],
        ):
            run([*inside, "ip", *words], doing=f"connect {self.host.name} to the lab's bridge")
        address = f"52:54:00:00:00:{int(self.host.address.rpartition('.')[2]):02x}"
        self._process = subprocess.Popen(
            [
                *inside,
                *machine_command(self._disk, self.console),
                *("-netdev", f"tap,id=lab,ifname={interface},script=no,downscript=no"),
                *("-device", f"virtio-net-pci,netdev=lab,mac={address},romfile="),
            ],
            stdin=subprocess.DEVNULL,
            env=tool_environment(),
            # Whatever becomes of its starter, it ends with the lab.
            preexec_fn=functools.partial(cgroups.join, f"{self.host.lab_paths.cgroup}/{self.host.name}"),
        )

    def kill(self) -> None:
        """Pull the power."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None
        self._disconnect()

    def run(self, *words: str) -> str:
        """Run a command on it as root, over ssh; returns its standard output.

        :raises LabError: it failed, or the machine doesn't answer
        """
        return self.host.ssh("sudo", "-n", *words)

    def boot_id(self) -> str:
        """The id of its boot, new with each reboot."""
        return self.host.ssh("cat", "/proc/sys/kernel/random/boot_id").strip()

    def kernel(self) -> str:
        """The release of the kernel that runs on it."""
        return self.host.ssh("uname", "-r").strip()

    def wait_until_up(self) -> None:
        """Wait until one can log in.

        :raises LabError: not within ten minutes; carries the end of its console
        """
        self.wait_for(self._answers, BOOT_SECONDS, "come up")

    def wait_for(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until `done` is true.

        :raises LabError: not within `seconds`; carries the end of its console
        """
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                said = self.console.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise LabError(
                    f"{self.host.name} did not {what} in {seconds:.0f} s. Its console ends:\n{said}"
                )
            time.sleep(1)

    def _disconnect(self) -> None:
        inside = network.inside(self.host.lab_paths)
        interface = network.interface(self.host.record.machine)
        # It may not be there, which is as well.
        command = [*inside, "ip", "link", "delete", interface]
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True)

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _answers(self) -> bool:
        try:
            self.host.ssh("true")
        except LabError:
            return False
        return True

    def _own_files(self) -> dict[str, tuple[str, int]]:
        seed = self.host.paths.seed
        return {
            str(file.relative_to(seed)): (file.read_text(encoding="utf-8"), file.stat().st_mode & 0o7777)
            for file in sorted(seed.rglob("*"))
            if file.is_file()
        }


def _copy(source: Path, target: Path) -> None:
    run(["cp", "--sparse=always", str(source), str(target)], doing=f"copy the disk {source}")
