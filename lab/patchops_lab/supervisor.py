# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one process that keeps a lab's hosts running.

It is the first process of a process namespace, with a mount and a network namespace of its own: when it ends,
however it ends, every host, every mount and the bridge of the lab is gone. Started by launch(); answers
requests on a socket (patchops_lab.control). Runs in one thread: a request only starts or signals a host, and
what follows is seen when its process ends.
"""

import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchops_lab import cgroups, network
from patchops_lab.control import SUPERVISOR_GROUP
from patchops_lab.errors import LabError
from patchops_lab.paths import HostPaths, LabPaths
from patchops_lab.state import HostRecord, read_record

# nspawn ends with this status when its guest asked for a reboot.
_REBOOT = 133
_PYTHON = (sys.executable, "-m")


@dataclass
class _Host:
    record: HostRecord
    paths: HostPaths
    pid: int | None = None
    starts: int = 0
    held: bool = False
    exit_status: int | None = None

    def view(self) -> dict[str, Any]:
        """What status tells of a host."""
        return {
            "running": self.pid is not None,
            "starts": self.starts,
            "held": self.held,
            "exit_status": self.exit_status,
        }


class Supervisor:
    """Starts hosts, starts them again after a reboot, and obeys requests."""

    def __init__(self, paths: LabPaths) -> None:
        self._paths = paths
        self._hosts = {
            record.name: _Host(record, paths.host(record.name)) for record in read_record(paths).hosts
        }
        self._mirror: int | None = None

    def run(self) -> None:
        """Serve for ever; ends with the process."""
        # nspawn's own bookkeeping goes with the mount namespace as well.
        Path("/run/systemd/nspawn").mkdir(parents=True, exist_ok=True)
        _command("mount", "-t", "tmpfs", "tmpfs", "/run/systemd/nspawn")
        network.create_bridge()
        self._start_mirror()
        with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
            # Under its own name only when it listens: who sees it connects.
            unheard = self._paths.control_socket.with_suffix(".new")
            listener.bind(str(unheard))
            listener.listen(64)
            unheard.rename(self._paths.control_socket)
            wake, woken = socket.socketpair()
            wake.setblocking(False)
            signal.set_wakeup_fd(wake.fileno())
            signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
            selector.register(listener, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                for key, _events in selector.select(timeout=1.0):
                    if key.fileobj is listener:
                        self._answer(listener)
                    else:
                        woken.recv(1024)
                self._reap()

    def _answer(self, listener: socket.socket) -> None:
        connection, _address = listener.accept()
        with connection:
            connection.settimeout(5.0)
            try:
                request = json.loads(connection.makefile("rb").readline())
                answer = self._obey(request)
            except (OSError, ValueError, KeyError, LabError, subprocess.CalledProcessError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            try:
                connection.sendall(json.dumps(answer).encode() + b"\n")
            except OSError as error:
                _log(f"an answer was not taken: {error}")

    def _obey(self, request: Mapping[str, Any]) -> dict[str, Any]:
        chosen = [self._hosts[name] for name in request.get("hosts", [])]
        do = request["do"]
        if do == "hold":
            for host in chosen:
                host.held = True
        elif do == "start":
            for host in chosen:
                host.held = False
                if host.pid is None:
                    self._start(host)
        elif do == "stop":
            for host in chosen:
                if host.pid is not None:
                    os.kill(host.pid, signal.SIGTERM)
        elif do == "kill":
            for host in chosen:
                # Also a reboot that is under way has to end here.
                host.held = True
                cgroups.kill(self._group(host))
        elif do != "status":
            raise ValueError(f"unknown request {do!r}")
        return {"hosts": {name: host.view() for name, host in self._hosts.items()}}

    def _group(self, host: _Host) -> str:
        return f"{self._paths.cgroup}/{host.record.name}"

    def _start(self, host: _Host) -> None:
        if not os.path.ismount(host.paths.root):
            for directory in (host.paths.root, host.paths.upper, host.paths.work):
                directory.mkdir(exist_ok=True)
            lower = ":".join(str(path) for path in host.record.lower)
            # Without syncing: dpkg syncs every file, and no disk here outlives the machine's own page cache.
            # The kernel marks such an overlay, and refuses to mount it again while the mark is there.
            shutil.rmtree(host.paths.work / "work/incompat", ignore_errors=True)
            options = f"lowerdir={lower},upperdir={host.paths.upper},workdir={host.paths.work},volatile"
            _command("mount", "-t", "overlay", "overlay", "-o", options, str(host.paths.root))
        # The interface of a guest that was killed may be there still, and nspawn would not start beside it.
        left = ("ip", "link", "delete", network.interface(host.record.machine))
        subprocess.run(left, check=False, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        host.starts += 1
        host.pid = _spawn(nspawn_command(host.record, host.paths), self._group(host), host.paths.console)

    def _start_mirror(self) -> None:
        served = (str(self._paths.repository), str(self._paths.mirror_fault))
        self._mirror = _spawn(
            [*_PYTHON, "patchops_lab.mirror", network.mirror_address(), *served],
            f"{self._paths.cgroup}/lab-mirror",
            self._paths.supervisor_log,
        )

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._mirror:
                _log("the mirror ended; starting it again")
                time.sleep(0.2)
                self._start_mirror()
            for host in self._hosts.values():
                if host.pid == pid:
                    try:
                        self._ended(host, os.waitstatus_to_exitcode(status))
                    except (OSError, LabError, subprocess.CalledProcessError) as error:
                        # One host that can't be handled is no reason to lose the others.
                        _log(f"{host.record.name} could not be put away or started again: {error}")

    def _ended(self, host: _Host, status: int) -> None:
        host.pid, host.exit_status = None, status
        cgroups.kill(self._group(host))
        _log(f"{host.record.name} ended with status {status}")
        if status == _REBOOT and not host.held:
            self._start(host)
        else:
            # Lazily: what of the host is still on its way out may hold the mount for a moment.
            _command("umount", "--lazy", str(host.paths.root))


def nspawn_command(record: HostRecord, paths: HostPaths) -> list[str]:
    """The command that boots a host."""
    command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--link-journal=no"]
    command += ["--resolv-conf=off", "--timezone=off", "--console=read-only"]
    command += [f"--directory={paths.root}", f"--machine={record.machine}", f"--hostname={record.name}"]
    command.append(f"--network-bridge={network.BRIDGE}")
    if record.spec.noexec_tmp:
        command.append("--tmpfs=/tmp:mode=1777,noexec,nosuid,nodev")
    return command


def launch(paths: LabPaths) -> None:
    """Become the supervisor of a lab: join its control group, start over as process 1 of new namespaces."""
    cgroups.join(f"{paths.cgroup}/{SUPERVISOR_GROUP}")
    isolate = ["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"]
    command = [*isolate, "--kill-child", *_PYTHON, "patchops_lab.supervisor", "run", str(paths.state)]
    # Whoever asked for the lab doesn't have to stay and wait for it.
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.execvp(command[0], command)  # noqa: S606


def _spawn(command: list[str], group: str, log: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        cgroups.join(group)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in enumerate((nothing, output, output)):
            os.dup2(descriptor, number)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # systemd in the guest wants cgroup v2, also where the machine has the older layout beside it.
        environment = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        os.execvpe(command[0], command, environment)  # noqa: S606
    except OSError as error:
        os.write(2, f"{command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def _command(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _log(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    lab = LabPaths(Path(sys.argv[2]))
    if sys.argv[1] == "launch":
        launch(lab)
    else:
        Supervisor(lab).run()
