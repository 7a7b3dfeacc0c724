# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of zypper, and how its ends are judged; a script stands in for zypper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import (
    Zypper,
    acting,
    command,
)

EMPTY = "<?xml version='1.0'?><stream></stream>"
RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture
def zypper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says what zypper does; its words come to the file `asked` beside it."""
    path = tmp_path / "zypper"
    monkeypatch.setattr(command, "_ASKING", [str(path), "--xmlout", "--non-interactive"])
    return path


def answers(path: Path, output: str, rc: int) -> None:
    (path.parent / "output").write_text(output)
    path.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {path.parent}/asked\ncat {path.parent}/output\nexit {rc}\n'
    )
    path.chmod(0o755)


def recorded(path: Path, name: str, rc: int) -> None:
    answers(path, (RECORDED / f"{name}.xml").read_text(), rc)


def test_a_held_lock_is_told_as_such(zypper: Path) -> None:
    message = "System management is locked by the application with pid 36 (zypper)."
    answers(zypper, f"<?xml version='1.0'?><stream><message type='error'>{message}</message></stream>", 7)
    with pytest.raises(DriverError, match=r"Could not get lock: .* pid 36") as caught:
        command.ask(["list-updates"])
    assert caught.value.code == "lock_held"


def test_without_an_answer_the_last_words_are_told(zypper: Path) -> None:
    answers(zypper, "terminate called after throwing an instance\n", 134)
    with pytest.raises(DriverError, match="terminate called") as caught:
        command.ask(["repos"])
    assert caught.value.code == "internal_error"


def test_the_wish_for_a_reboot_is_no_failure(zypper: Path) -> None:
    answers(zypper, EMPTY, 102)
    assert command.is_done(command.ask(["install"]))


def test_repositories_that_were_skipped_are_a_failure(zypper: Path) -> None:
    answers(zypper, EMPTY, 106)
    with pytest.raises(DriverError) as caught:
        command.expect("update", command.ask(["update"]))
    assert caught.value.code == "repository_unreadable"


def test_a_removal_is_asked_for_by_its_exact_version(zypper: Path) -> None:
    answers(zypper, EMPTY, 0)
    acting.simulate(["/staged/bash.rpm"], ["kernel-default-5.14.21-150500.55.7.1.x86_64"])
    asked = (zypper.parent / "asked").read_text().splitlines()
    assert asked[-3:] == ["--", "/staged/bash.rpm", "!kernel-default.x86_64=5.14.21-150500.55.7.1"]
    assert {"--no-refresh", "--reposd-dir", "--cache-dir", "--dry-run", "--no-force-resolution"} <= set(asked)


def test_a_plan_that_no_longer_fits_is_refused(zypper: Path) -> None:
    recorded(zypper, "install-locked", 4)
    with pytest.raises(DriverError, match="conflicting requests") as caught:
        acting.simulate(["/staged/bash.rpm"], [])
    assert caught.value.code == "plan_changed"


def test_a_failed_script_is_a_failure_on_the_way_forward_only(zypper: Path, tmp_path: Path) -> None:
    recorded(zypper, "install-failapp", 107)
    log = str(tmp_path / "log")
    with pytest.raises(DriverError, match=r"%post\(lab-failapp") as caught:
        Zypper().install(["/staged/lab-failapp.rpm"], [], False, log)
    assert caught.value.code == "install_failed"
    Zypper().install(["/staged/lab-failapp.rpm"], [], True, log)


def test_a_failed_script_that_zypper_calls_success_is_a_failure_too(zypper: Path, tmp_path: Path) -> None:
    recorded(zypper, "install-failapp", 0)
    with pytest.raises(DriverError, match=r"%post\(lab-failapp"):
        Zypper().install(["/staged/lab-failapp.rpm"], [], False, str(tmp_path / "log"))


def test_a_script_that_failed_after_its_worker_died_is_still_found(tmp_path: Path) -> None:
    log = tmp_path / "log"
    failed = (RECORDED / "install-failapp.xml").read_text()
    log.write_text(f"+ rpm --erase x\n+ zypper --xmlout install\n{failed}")
    assert Zypper().complaints(str(log)) == [
        "%post(lab-failapp-1.1-1.el9.noarch) scriptlet failed, exit status 7"
    ]
    log.write_text(log.read_text() + "\n+ zypper --xmlout install\n")
    assert Zypper().complaints(str(log)) == []


def test_a_zypper_that_was_killed_while_it_installed_is_a_failure(zypper: Path, tmp_path: Path) -> None:
    zypper.write_text("#!/bin/sh\nkill -9 $$\n")
    zypper.chmod(0o755)
    with pytest.raises(DriverError, match=r"killed \(signal 9\)") as caught:
        acting.install(["/staged/bash.rpm"], [], str(tmp_path / "log"))
    assert caught.value.code == "install_failed"


@pytest.mark.parametrize(("slack", "code"), [(1 << 62, "no_space"), (0, "plan_changed")])
def test_a_full_disk_is_told_where_zypper_only_says_that_it_can_not_copy(
    zypper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slack: int, code: str
) -> None:
    said = "Problem copying the specified RPM file to the cache directory."
    answers(zypper, f"<?xml version='1.0'?><stream><message type='error'>{said}</message></stream>", 3)
    monkeypatch.setattr(acting, "_FILLING", (str(tmp_path),))
    monkeypatch.setattr(acting, "_SLACK", slack)
    with pytest.raises(DriverError, match="Problem copying") as caught:
        acting.simulate([str(zypper)], [])
    assert caught.value.code == code


def test_two_versions_of_a_package_are_fetched_one_after_the_other() -> None:
    packages: list[dict[str, Any]] = [{"name": name} for name in ("kernel", "bash", "kernel")]
    assert acting.batches(packages) == [[{"name": "kernel"}, {"name": "bash"}], [{"name": "kernel"}]]


def test_what_could_not_be_fetched_is_told_although_zypper_ended_with_success(
    zypper: Path, tmp_path: Path
) -> None:
    recorded(zypper, "download-faults", 0)
    wanted = [
        {"name": name, "arch": "noarch", "version": version, "file": f"{name}.rpm"}
        for name, version in (("lab-slowapp", "1.1-1.el9"), ("lab-unknown", "1"))
    ]
    found = {one["file"]: one["error"] for one in acting.download(wanted, str(tmp_path))}
    assert "Digest verification failed" in found["lab-slowapp.rpm"]
    assert found["lab-unknown.rpm"] == "no repository has it"
