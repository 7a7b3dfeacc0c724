# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf 5's driver without dnf 5: its blocks, what waits for a boot, and what it sends to the bindings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import dnf5
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5 import (
    Dnf5,
    drop_in_excludes,
    offline,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import bindings

SENT = bindings.SHARED + dnf5._INSIDE
READY = 'state_version = 1\nstatus = "ready"\nverb = "upgrade"\n'
VERSIONS = [{"name": "bash", "version": "1:5.2-1.fc42"}, {"name": "kernel-core", "version": "6.17-1.fc42"}]


@pytest.fixture
def drop_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "libdnf5.conf.d"
    monkeypatch.setattr(drop_in_excludes, "DIRECTORY", str(directory))
    return directory


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(offline, "_TRIGGERS", (str(tmp_path / "system-update"),))
    monkeypatch.setattr(offline, "_STATE", str(tmp_path / "state.toml"))
    return tmp_path


def heeded(driver: Dnf5, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(driver.bindings, "ask", lambda action: list(names))


def test_each_transaction_keeps_its_versions_away_in_a_file_of_its_own(drop_ins: Path) -> None:
    drop_in_excludes.block(VERSIONS, "t1")
    drop_in_excludes.block(VERSIONS[:1], "t2")
    assert "[main]\nexcludepkgs=bash-1:5.2-1.fc42,kernel-core-6.17-1.fc42\n" in (
        drop_ins / "patchops-t1.conf"
    ).read_text(encoding="utf-8")
    drop_in_excludes.unblock("t1")
    drop_in_excludes.unblock("t1")
    assert [file.name for file in drop_ins.iterdir()] == ["patchops-t2.conf"]


def test_a_block_that_dnf5_does_not_heed_is_an_error(drop_ins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Dnf5()
    heeded(driver, monkeypatch, "bash-1:5.2-1.fc42", "kernel-core-6.17-1.fc42", "vim")
    driver.block(VERSIONS, "t1")
    heeded(driver, monkeypatch)
    with pytest.raises(DriverError, match="does not heed") as error:
        driver.block(VERSIONS, "t1")
    assert "excludepkgs" in error.value.remedy


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        (READY, True),
        (READY.replace("ready", "transaction-incomplete"), True),
        (READY.replace("ready", "download-complete"), False),
        ("", False),
    ],
)
def test_a_change_waits_for_the_next_boot_when_dnf5_says_so(text: str, waits: bool) -> None:
    assert offline.waits(text) is waits


def test_nothing_is_planned_while_the_next_boot_would_change_packages(state: Path) -> None:
    offline.check_none_pending()
    (state / "system-update").symlink_to("/var/cache/PackageKit")
    with pytest.raises(DriverError, match="next boot") as error:
        Dnf5().plan({"select": "all"}, False)
    assert error.value.code == "interrupted_packages"
    (state / "system-update").unlink()
    (state / "state.toml").write_text(READY, encoding="utf-8")
    with pytest.raises(DriverError, match="next boot"):
        Dnf5().simulate(["bash.rpm"], [], allow_downgrades=False)


def test_a_host_that_is_an_image_is_read_and_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "ostree-booted"
    mark.touch()
    monkeypatch.setattr(dnf5, "_IMAGE_MARK", str(mark))
    with pytest.raises(DriverError, match="rpm-ostree") as error:
        Dnf5().plan({"select": "all"}, False)
    assert error.value.code == "unsupported_platform"


def test_what_is_sent_imports_nothing_that_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "_INTERPRETERS", (sys.executable,))
    # With bindings that every Python has: it gets as far as the question.
    with pytest.raises(DriverError) as error:
        bindings.Bindings("dnf5", "json", "python3", SENT).ask("excludes")
    assert error.value.code == "internal_error"
    assert "'NoneType' object has no attribute" in error.value.message
