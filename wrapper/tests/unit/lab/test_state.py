# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths, names and the record of a lab."""

from pathlib import Path

import pytest

from patchops_lab.errors import LabError
from patchops_lab.network import host_address, interface, mirror_address
from patchops_lab.paths import STATE_VARIABLE, LabPaths, prepare_state_root
from patchops_lab.state import LabRecord, known_labs, read_record, write_record
from patchops_lab.supervisor import nspawn_command


def test_a_record_reads_back_as_it_was_written(paths: LabPaths, record: LabRecord) -> None:
    paths.state.mkdir()
    write_record(paths, record)
    assert read_record(paths) == record


def test_a_lab_that_does_not_exist_is_named_with_its_place(paths: LabPaths) -> None:
    with pytest.raises(LabError, match="There is no lab 'with space' in "):
        read_record(paths)


@pytest.mark.parametrize("place", ["root", "lab"])
def test_a_lab_in_a_folder_that_others_can_write_to_is_not_believed(
    paths: LabPaths, record: LabRecord, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.state.mkdir()
    write_record(paths, record)
    (paths.state if place == "lab" else paths.state.parent).chmod(0o777)
    monkeypatch.setenv(STATE_VARIABLE, str(paths.state.parent))
    with pytest.raises(LabError, match="only you can write to"):
        read_record(paths)
    with pytest.raises(LabError, match="only you can write to"):
        list(known_labs())


def test_a_lab_that_is_a_link_to_somewhere_else_is_not_believed(paths: LabPaths, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    paths.state.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LabError, match="only you can write to"):
        read_record(paths)


def test_a_damaged_record_says_how_to_remove_the_lab(paths: LabPaths) -> None:
    paths.state.mkdir()
    paths.record.write_text("{")
    with pytest.raises(LabError, match="'patchops lab down with space' removes the lab"):
        read_record(paths)


def test_an_unknown_host_is_named_with_those_there_are(record: LabRecord) -> None:
    with pytest.raises(LabError, match="The lab demo has no host 'web'; it has jump, db"):
        record.host("web")


def test_labs_with_the_same_name_in_other_places_share_nothing(tmp_path: Path) -> None:
    one, other = LabPaths(tmp_path / "a" / "demo"), LabPaths(tmp_path / "b" / "demo")
    assert one.id != other.id
    assert one.cgroup != other.cgroup
    assert one.runtime != other.runtime


def test_the_name_of_a_network_interface_fits_the_kernel(paths: LabPaths) -> None:
    assert len(interface(paths.machine(249))) <= 15


def test_the_path_of_a_shared_connection_fits_a_socket(paths: LabPaths) -> None:
    ansible_adds = len("/") + 10 + len(".") + 16
    assert len(str(paths.ssh_sockets)) + ansible_adds < 104


def test_no_host_has_the_address_of_the_mirror() -> None:
    assert mirror_address() == "10.99.0.1"
    assert host_address(0) == "10.99.0.11"
    assert host_address(249) == "10.99.1.4"


def test_the_state_root_is_taken_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    (tmp_path / "demo").mkdir()
    assert LabPaths.of("demo").state == tmp_path / "demo"
    assert list(known_labs()) == [LabPaths(tmp_path / "demo")]


def test_a_state_root_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "open"
    root.mkdir()
    root.chmod(0o777)
    with pytest.raises(LabError, match="is not a directory that only you can write to"):
        prepare_state_root(root)


def test_a_state_root_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(LabError, match="is not a directory that only you can write to"):
        prepare_state_root(tmp_path / "link")


def test_a_host_boots_with_its_own_name_on_the_bridge(paths: LabPaths, record: LabRecord) -> None:
    command = nspawn_command(record.host("jump"), paths.host("jump"))
    assert command[0] == "systemd-nspawn"
    assert {"--boot", "--hostname=jump", "--machine=abc-000", "--network-bridge=lab0"} <= set(command)
    assert not [word for word in command if word.startswith("--tmpfs")]
