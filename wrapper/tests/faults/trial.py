# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the fault matrix on a real host: the call, the fault in its moment, and the same call again."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from patchops_lab import faults, host_faults
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.hosts import LabHost
from patchops_lab.image_spec import machine_architecture
from patchops_lab.lab import Lab
from patchops_lab.modules import begin_module, read_result
from patchops_lab.plays import Plays, kill_tree, wait_until
from patchops_lab.spec import HostSpec
from patchops_lab.testing import renew

from ..lab.evidence import journal
from .matrix import (
    DOWNLOADING,
    EVERYTHING,
    FORMER,
    INSTALLING,
    PLANNED,
    TAKING_BACK,
    UNFINISHED,
    UNPACKING,
    Row,
)

Call = subprocess.Popen[str]
Packages = set[tuple[str, str, str]]

_APPS = ("failapp", "goodapp", "killapp", "slowapp", "webapp")
_KERNEL = {
    "apt": f"linux-image-cloud-{machine_architecture()}",
    "dnf": "kernel-core",
    "zypper": "kernel-core",
}
_STATE = "/var/lib/patchops"
# The script of lab-slowapp is known by it among all that sleeps.
_PAUSE = "6.25"
_AWHILE = 8.0
# A dead connection is noticed after ten seconds and not after a minute.
IMPATIENT_SSH = (
    "-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=5 -o ServerAliveCountMax=2"
)
_SLOW = "1000"
_SMALL_DISK = 700


def hosts_of(kind: str, release: str) -> tuple[HostSpec, ...]:
    """The hosts of the lab in which rows about a host of this kind (Row.host) run."""
    host = HostSpec(kind, release, apps=_APPS)
    match kind:
        case "inner":
            return HostSpec("gate", release), HostSpec(kind, release, apps=_APPS, bastion="gate")
        case "small":
            return (HostSpec(kind, release, apps=_APPS, disk_mib=_SMALL_DISK),)
        case "clock":
            return (HostSpec(kind, release, apps=_APPS, packages=("libfaketime",)),)
        case _:
            return (HostSpec(kind, release, apps=_APPS, kernel=True) if release in EVERYTHING else host,)


class Trial:
    """A host as new, about to suffer a row.

    :ivar left: which packages the host had when the first call had ended: FORMER, PLANNED or UNFINISHED
    """

    def __init__(self, lab: Lab, row: Row, directory: Path) -> None:
        renew(lab)
        self.lab, self.row = lab, row
        self.host: LabHost = lab.host(row.host)
        release = self.host.record.spec.release
        self.expected = row.expected_on(release)
        self._distribution = DISTRIBUTIONS[release]
        self.former = self.host.packages()
        self.left = FORMER
        self._plays = Plays(lab.paths.inventory, directory)
        self.host.run("sh", "-c", f"echo {_PAUSE} > /etc/lab-slowapp.seconds")

    def suffer(self) -> dict[str, Any]:
        """Make the call with the fault in its moment, and then put the fault right.

        :return: the outcome; {} when its caller is dead
        """
        self._prepare()
        reached = self._moment()
        try:
            if reached is None:
                self._strike(None)
                outcome = self.call()
            else:
                process = self._begin()
                wait_until(lambda: reached() or process.poll() is not None, pause=0.02)
                assert process.poll() is None, "the call ended before the fault's moment came"
                self._strike(process)
                outcome = _end(process)
            self.left = self._list_name(self.host.packages())
        finally:
            self._put_right()
        return outcome

    def call(self) -> dict[str, Any]:
        """Make the call; return its outcome."""
        if not self.row.play:
            return _end(self._begin())
        run = self._plays.run("patch", hosts=self.host.name, packages=self._selection(), **self.row.options)
        outcome: dict[str, Any] = run.host(self.host.name)["outcome"]
        return outcome

    def packages(self) -> str:
        """Which packages the host has now: FORMER, PLANNED or UNFINISHED."""
        return self._list_name(self.host.packages())

    def audit(self) -> str:
        """What the package manager finds half done; empty when nothing is."""
        done = self.host.try_run(*self._distribution.auditing)
        return done.stdout + done.stderr

    def _list_name(self, found: Packages) -> str:
        if found == self.former:
            return FORMER
        return PLANNED if self._is_planned(found) else UNFINISHED

    def _is_planned(self, found: Packages) -> bool:
        distribution = self._distribution
        if not self.row.apps:
            # Which files a kernel consists of only the package manager knows: nothing but it came or went.
            changed = {name for name, _version, _arch in found ^ self.former}
            return bool(changed) and all(name.startswith(("linux-", "kernel-")) for name in changed)
        going = {(f"lab-{app}", distribution.old, distribution.arch) for app in self.row.apps}
        coming = {(f"lab-{app}", distribution.new, distribution.arch) for app in self.row.apps}
        return found == (self.former - going) | coming

    def _selection(self) -> list[str]:
        return [f"lab-{app}" for app in self.row.apps] or [_KERNEL[self._distribution.package_manager]]

    def _begin(self) -> Call:
        if self.row.when == TAKING_BACK and journal(self.host):
            arguments: Mapping[str, Any] = {"state": "reverted", **self.row.options}
        else:
            arguments = {"state": "applied", "packages": self._selection(), **self.row.options}
        return begin_module(
            self.lab, self.host.name, "transaction", arguments, ANSIBLE_SSH_ARGS=IMPATIENT_SSH
        )

    def _prepare(self) -> None:
        """Bring the host to where the disturbed call begins."""
        if self.row.when == TAKING_BACK:
            applied = _end(begin_module(self.lab, self.host.name, "transaction", self._undisturbed()))
            assert applied["code"] == "applied", applied
        if self.row.when == DOWNLOADING:
            # With the indexes on the host already only the packages crawl.
            self.host.run(*self._distribution.refreshing)
            faults.inject(self.lab, "slow-mirror", _SLOW)

    def _undisturbed(self) -> dict[str, Any]:
        return {"state": "applied", "packages": self._selection()}

    def _moment(self) -> Callable[[], bool] | None:
        """What is true when the fault strikes; None: before the call."""
        if not self.row.kind:
            return None
        return {
            DOWNLOADING: lambda: self._took_step("download"),
            UNPACKING: lambda: self._took_step("install"),
            INSTALLING: lambda: self._runs(f"^sleep {_PAUSE}"),
            TAKING_BACK: lambda: self._took_step("put_back") and self._runs(self._distribution.changing),
        }.get(self.row.when)

    def _took_step(self, name: str) -> bool:
        return any(entry.get("step") == name for entry in journal(self.host))

    def _runs(self, pattern: str) -> bool:
        return self.host.try_run("pgrep", "-f", pattern).returncode == 0

    def _strike(self, call: Call | None) -> None:
        kind = self.row.kind
        if kind in faults.KINDS:
            faults.inject(self.lab, kind, self._target())
        elif kind:
            _OWN[kind](self.host, call)

    def _put_right(self) -> None:
        kind = self.row.kind
        if self.row.when == DOWNLOADING:
            faults.clear(self.lab, "slow-mirror", _SLOW)
        if kind in faults.KINDS:
            faults.clear(self.lab, kind, self._target())
        elif kind == "state-full":
            host_faults.make_room(self.host, _STATE)
        self.host.wait_until_up()

    def _target(self) -> str:
        return self.row.target.format(
            host=self.host.name,
            updates=self._distribution.updates_suite,
            installed=self._distribution.installed_suite,
        )


def kill_call(call: Call) -> None:
    """Kill the controller: Ansible and all it has started here."""
    if call.poll() is None:
        kill_tree(call.pid)
        call.wait()
        # ssh keeps them open as long as it shares its connection.
        for pipe in (call.stdout, call.stderr):
            if pipe is not None:
                pipe.close()


def was_killed(call: Call) -> bool:
    """Whether there is nobody any more to tell what came of a call."""
    return call.returncode == -signal.SIGKILL


def _end(call: Call) -> dict[str, Any]:
    """The outcome of a call; {} when it was killed."""
    if was_killed(call):
        return {}
    outcome: dict[str, Any] = read_result(*call.communicate(timeout=900))["outcome"]
    return outcome


def _cut_for_a_while(host: LabHost, call: Call | None) -> None:
    host_faults.cut(host)
    time.sleep(_AWHILE)
    host_faults.reconnect(host)


def _kill_worker(host: LabHost, call: Call | None) -> None:
    host.run("pkill", "-9", "-f", "payload.zip")


def _kill_sshd(host: LabHost, call: Call | None) -> None:
    host.run("pkill", "-9", "sshd")


def _kill_controller(host: LabHost, call: Call | None) -> None:
    assert call is not None
    kill_call(call)


def _fill_state(host: LabHost, call: Call | None) -> None:
    host.run("mkdir", "-m", "700", _STATE)
    host_faults.fill(host, _STATE)


_OWN: dict[str, Callable[[LabHost, Call | None], None]] = {
    "cut-for-a-while": _cut_for_a_while,
    "worker-killed": _kill_worker,
    "sshd-killed": _kill_sshd,
    "controller-killed": _kill_controller,
    "state-full": _fill_state,
}
