# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/etc through a whole transaction, with packages whose scripts write there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    etc_back,
    etc_files,
    etc_survey,
)
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    FakeHost,
    Killed,
)


@pytest.fixture
def host(make_host: Callable[[], FakeHost]) -> FakeHost:
    """A host on which every change of a package writes `written-by` anew, and a backup that was not there."""
    host = make_host()
    (host.etc / "written-by").write_text("nobody yet")
    (host.etc / "motd").write_text("welcome")

    def script() -> None:
        if not host.driver.half_done:
            return
        (host.etc / "written-by").write_text(f"a script: {sorted(host.driver.packages)}")
        (host.etc / "written-by.dpkg-old").write_text("a backup")

    host.driver.trip = script
    return host


def no_room(*arguments: object) -> None:
    raise OSError(28, "No space left on device")


def files(host: FakeHost) -> dict[str, str]:
    return {path.name: path.read_text() for path in host.etc.iterdir()}


def test_etc_is_as_before_after_a_change_was_taken_back(host: FakeHost) -> None:
    before = files(host)
    host.call("applied")
    assert files(host) != before
    reverted = host.call("reverted")
    assert files(host) == before
    assert reverted["outcome"]["message"] == "3 packages back at the former versions."


def test_etc_is_as_before_after_an_install_that_failed(host: FakeHost) -> None:
    before = files(host)
    host.driver.broken_package = "libx"
    assert host.code("applied") == "install_taken_back"
    assert files(host) == before


def test_what_an_administrator_edits_after_the_change_stays_and_is_named(host: FakeHost) -> None:
    host.call("applied")
    (host.etc / "written-by").write_text("the administrator")
    (host.etc / "motd").write_text("good morning")
    host.driver.trip = lambda: None
    reverted = host.call("reverted")
    assert files(host) == {"written-by": "the administrator", "motd": "good morning"}
    message = reverted["outcome"]["message"]
    assert f"others may have changed them since: {host.etc}/written-by." in message
    assert "motd" not in message


def test_after_a_crash_what_may_be_an_administrators_stays_and_is_named(host: FakeHost) -> None:
    staged = host.call("staged")

    def die() -> None:
        (host.etc / "written-by").write_text("who knows")
        raise Killed

    host.driver.trip = die
    host.call("applied")
    host.driver.trip = lambda: None
    reverted = host.call("reverted", id=staged["transaction"]["id"])
    assert reverted["transaction"]["state"] == "reverted", reverted
    assert files(host)["written-by"] == "who knows"
    assert f"{host.etc}/written-by" in reverted["outcome"]["message"]


def test_what_is_kept_of_etc_goes_with_the_way_back(host: FakeHost) -> None:
    applied = host.call("applied")
    kept = host.state.transaction(applied["transaction"]["id"])
    assert (kept.kept_bytes() > 0, host.code("committed"), kept.kept_bytes()) == (True, "committed", 0)


def test_without_room_to_keep_etc_nothing_is_changed(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(host)
    monkeypatch.setattr(etc_files, "pack", no_room)
    assert host.code("applied") == "no_space"
    assert (host.driver.packages, files(host)) == (FORMER, before)


def test_a_disk_that_the_packages_have_filled_is_no_reason_to_take_them_back(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = host.call("staged")
    directory = host.state.transaction(staged["transaction"]["id"])
    write = etc_back.write_json
    monkeypatch.setattr(
        etc_back,
        "write_json",
        lambda path, value: (no_room if path == directory.etc_after else write)(path, value),
    )
    assert host.code("applied") == "applied"
    reverted = host.call("reverted")
    assert reverted["outcome"]["code"] == "taken_back"
    assert f"others may have changed them since: {host.etc}/written-by" in reverted["outcome"]["message"]


def test_an_etc_that_can_not_be_read_is_left_to_the_packages(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(top: str) -> dict[str, object]:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(etc_survey, "look", broken)
    assert (host.code("applied"), host.code("reverted")) == ("applied", "taken_back")
