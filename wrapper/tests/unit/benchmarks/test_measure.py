# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command took is told with all that it started."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks.measure import CommandFailed, measure

# A process that uses CPU time and then stays, as a shared ssh connection does; its parent is gone by then.
LEAVES_ONE_BEHIND = """
import os, sys, time
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    while time.process_time() < 0.3:
        pass
    open(sys.argv[1], "w").write(str(os.getpid()))
    os.write(writer, b"!")
    time.sleep(600)
os.read(reader, 1)
"""


def test_the_time_of_a_process_that_was_left_behind_is_counted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEAVES_ONE_BEHIND, str(tmp_path / "pid")]
    assert measure(command, tmp_path, os.environ).cpu >= 0.3


def test_a_process_that_was_left_behind_is_ended(tmp_path: Path) -> None:
    measure([sys.executable, "-c", LEAVES_ONE_BEHIND, str(tmp_path / "pid")], tmp_path, os.environ)
    assert not Path("/proc", (tmp_path / "pid").read_text()).exists()


def test_waiting_takes_wall_time_and_no_cpu_time(tmp_path: Path) -> None:
    sample = measure(["sleep", "0.3"], tmp_path, os.environ)
    assert sample.wall >= 0.3
    assert sample.cpu < sample.wall


def test_a_command_that_fails_is_an_error_that_shows_its_output(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"ended with 3\. Its output ends:\nout of luck"):
        measure(["sh", "-c", "echo out of luck; exit 3"], tmp_path, os.environ)
