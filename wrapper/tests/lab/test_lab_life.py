# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs come up, stand beside one another, and leave nothing behind, also after a crash."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from patchops_lab import cgroups
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab, take_down
from patchops_lab.paths import LabPaths
from patchops_lab.spec import HostSpec, LabSpec
from patchops_lab.state import read_record
from patchops_lab.testing import MakeLab

pytestmark = pytest.mark.lab


def test_two_labs_with_the_same_addresses_run_at_once(make_lab: MakeLab) -> None:
    first, second = make_lab(HostSpec("one")), make_lab(HostSpec("two"))
    assert first.host("one").address == second.host("two").address
    assert first.host("one").ssh("cat", "/etc/hostname").strip() == "one"
    assert second.host("two").ssh("cat", "/etc/hostname").strip() == "two"


def test_twenty_hosts_are_up_in_less_than_thirty_seconds(make_lab: MakeLab) -> None:
    make_lab(HostSpec("warm"))
    started = time.monotonic()
    lab = make_lab(*(HostSpec(f"host{number}") for number in range(20)))
    assert time.monotonic() - started < 30
    assert all(host.ssh("id", "-un").strip() == "admin" for host in lab.hosts)


def test_down_leaves_nothing_behind(lab_machine: None) -> None:
    lab = Lab.up(LabSpec(f"test-{os.getpid()}-down", (HostSpec("one"), HostSpec("two", release="trixie"))))
    shared = ["-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o"]
    login = lab.host("one").ssh_command(["true"])
    login[1:1] = [*shared, f"ControlPath={lab.paths.ssh_sockets}/%C"]
    subprocess.run(
        login, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    lab.down()
    assert _left_behind(lab.paths) == []


def test_down_cleans_up_after_a_supervisor_that_was_killed(lab_machine: None) -> None:
    name = f"test-{os.getpid()}-crash"
    lab = Lab.up(LabSpec(name, (HostSpec("one"), HostSpec("two", release="bullseye"))))
    _kill_supervisor(lab)
    with pytest.raises(LabError, match=r"doesn't answer"):
        lab.host("one").state()
    take_down(name)
    assert _left_behind(lab.paths) == []


def test_up_cleans_up_after_a_lab_that_crashed(lab_machine: None) -> None:
    spec = LabSpec(f"test-{os.getpid()}-again", (HostSpec("one"),))
    _kill_supervisor(Lab.up(spec))
    lab = Lab.up(spec)
    assert lab.host("one").ssh("id", "-un").strip() == "admin"
    lab.down()
    assert _left_behind(lab.paths) == []


def test_a_lab_that_is_up_is_not_made_again(shared_lab: Lab) -> None:
    with pytest.raises(LabError, match=r"is up already"):
        Lab.up(shared_lab.record.spec)
    assert shared_lab.is_running()


def test_a_lab_that_can_not_be_made_leaves_nothing_behind(
    lab_machine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHOPS_LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("PATCHOPS_LAB_ARCHIVE", f"file://{tmp_path}/no-archive")
    monkeypatch.setenv("PATCHOPS_LAB_SECURITY_ARCHIVE", f"file://{tmp_path}/no-archive")
    spec = LabSpec(f"test-{os.getpid()}-never", (HostSpec("one"),))
    with pytest.raises(LabError, match=r"Could not build the image of bookworm"):
        Lab.up(spec)
    assert _left_behind(LabPaths.of(spec.name)) == []
    assert list((tmp_path / "images").iterdir()) == []


def test_an_up_that_is_killed_takes_the_build_of_its_image_with_it(lab_machine: None, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "patchops_lab", "up", f"test-{os.getpid()}-killed", "--hosts", "1"]
    environment = {**os.environ, "PATCHOPS_LAB_CACHE": str(tmp_path)}
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdin=nothing, stdout=nothing, stderr=nothing) as process:
        _wait_until(lambda: any("mmdebstrap" in line for line in _lines_of_processes(str(tmp_path))))
        process.kill()
    _wait_until(lambda: not _lines_of_processes(str(tmp_path)))
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()


def test_taking_down_what_is_not_there_says_so(lab_machine: None) -> None:
    with pytest.raises(LabError, match=r"There is no lab 'never-made'"):
        take_down("never-made")


def _kill_supervisor(lab: Lab) -> None:
    groups = [f"{lab.paths.cgroup}/{host.name}" for host in lab.hosts]
    for pid in cgroups.processes(f"{lab.paths.cgroup}/lab-supervisor"):
        os.kill(pid, signal.SIGKILL)
    _wait_until(lambda: not any(cgroups.processes(group) for group in groups))
    assert read_record(lab.paths) == lab.record


def _left_behind(paths: LabPaths) -> list[str]:
    groups = [str(hierarchy / paths.cgroup) for hierarchy in cgroups.hierarchies()]
    places = [str(place) for place in (paths.state, paths.runtime, paths.namespace)]
    traces = (str(paths.state), str(paths.runtime), paths.id)
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    mounted = [line for line in mounts if any(trace in line for trace in traces)]
    running = [line for trace in traces for line in _lines_of_processes(trace)]
    return [place for place in groups + places if os.path.lexists(place)] + mounted + running


def _lines_of_processes(trace: str) -> list[str]:
    listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if trace in line]


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline, "waited for five minutes in vain"
        time.sleep(0.05)
