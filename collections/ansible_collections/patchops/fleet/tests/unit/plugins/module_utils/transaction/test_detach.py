# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import lock
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import detach


def test_the_payload_runs_isolated_and_finds_everything_it_imports(tmp_path: Path) -> None:
    payload = tmp_path / "payload.zip"
    payload.write_bytes(detach.build_payload())
    done = subprocess.run(
        [sys.executable, "-I", str(payload)], capture_output=True, text=True, cwd="/", check=False
    )
    # It got as far as its own arguments, which are missing.
    assert "ValueError: not enough values to unpack" in done.stderr
    assert str(payload) in done.stderr


@pytest.mark.parametrize(
    ("left", "loads"),
    [
        ({"EXIT_CODE": "exited", "EXIT_STATUS": "0"}, False),
        ({"EXIT_CODE": "exited", "EXIT_STATUS": "1"}, True),
        ({"EXIT_CODE": "killed", "EXIT_STATUS": "TERM"}, True),
        ({}, True),
    ],
)
def test_only_after_a_worker_that_left_by_itself_nothing_is_released(
    tmp_path: Path, left: dict[str, str], loads: bool
) -> None:
    payload = tmp_path / "payload.zip"
    payload.write_bytes(detach.build_payload())
    done = subprocess.run(
        [sys.executable, "-I", str(payload), "release"], env=left, capture_output=True, check=False
    )
    # One argument is too few for whom they are read by.
    assert (b"ValueError" in done.stderr) == loads
    assert (done.returncode != 0) == loads


def test_a_payload_can_be_made_from_a_payload(tmp_path: Path) -> None:
    payload = tmp_path / "payload.zip"
    payload.write_bytes(detach.build_payload())
    code = (
        f"import sys, hashlib; sys.path.insert(0, {str(payload)!r})\n"
        f"from {detach.__name__} import build_payload\n"
        "sys.stdout.write(hashlib.sha256(build_payload()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    first = subprocess.run(["sha256sum", str(payload)], capture_output=True, text=True, check=True)
    assert done.stdout == first.stdout.split()[0]


def test_equal_code_gives_equal_bytes() -> None:
    assert detach.build_payload() == detach.build_payload()


def test_the_payload_carries_nothing_but_our_code(tmp_path: Path) -> None:
    payload = tmp_path / "payload.zip"
    payload.write_bytes(detach.build_payload())
    names = zipfile.ZipFile(payload).namelist()
    assert "__main__.py" in names
    assert all(name.endswith(".py") for name in names)
    assert not any(name.startswith("ansible/") for name in names)


def test_a_lock_is_seen_while_it_is_held(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    assert not lock.is_held(path)
    with lock.Lock(path):
        assert lock.is_held(path)
    assert not lock.is_held(path)


def test_a_lock_that_is_held_is_waited_for_no_longer_than_told(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with lock.Lock(path), pytest.raises(lock.LockTimeout), lock.Lock(path, timeout=0):
        pass


class Systemd:
    """Remembers how systemd-run was called; an old one does not know every property."""

    def __init__(self, knows: bool) -> None:
        self.calls: list[list[str]] = []
        self._knows = knows

    def run(self, argv: list[str], timeout: float) -> process.Result:
        self.calls.append(argv)
        known = self._knows or "--property=LockPersonality=yes" not in argv
        return process.Result(0 if known else 1, "", "" if known else "Unknown assignment")


@pytest.mark.parametrize(
    ("fetches", "knows", "confined"),
    [(True, True, [True]), (True, False, [True, False]), (False, True, [False])],
    ids=["fetching", "fetching on an old systemd", "installing"],
)
def test_a_worker_that_only_fetches_is_confined_where_systemd_can(
    monkeypatch: pytest.MonkeyPatch, fetches: bool, knows: bool, confined: list[bool]
) -> None:
    systemd = Systemd(knows)
    monkeypatch.setattr(process, "run", systemd.run)
    assert detach._start_unit("patchops-x", ["/usr/bin/python3", "payload.zip", "staged"], fetches) == ""
    assert [f"--property={detach._FETCHING[0]}" in call for call in systemd.calls] == confined
    assert all("--property=OOMScoreAdjust=-500" in call for call in systemd.calls)
