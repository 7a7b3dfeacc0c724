# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.booting import next_boot
from ansible_collections.patchops.fleet.plugins.module_utils.booting.next_boot import (
    NO_WISHES,
    NextBoot,
    NotFit,
    Wishes,
)
from ansible_collections.patchops.fleet.plugins.module_utils.rebooting import flow
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import reboot_record as record
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.reboot_record import Record
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import FakeDriver

KERNEL_WAITS = {"required": True, "reasons": [{"code": "kernel", "detail": "6.2 is installed, 6.1 runs"}]}
NOT_NEEDED: dict[str, Any] = {"required": False, "reasons": []}


class Host:
    """A host whose facts a test sets, and that remembers what was done to it."""

    def __init__(self, root: Path) -> None:
        self.record = Record(StateDirectory(str(root)))
        self.boot_id = "first"
        self.orders = 0
        self.takes_orders = True
        self.stopped: list[dict[str, str]] = []
        self.left: list[dict[str, str]] = []
        self.document: dict[str, Any] = {
            "transactions": [],
            "errors": [],
            "machine": {"virtualization": {"kind": "vm"}},
            "kernel": {"running": "6.1", "newest_installed": "6.2", "default_boot": None, "installed": []},
            "units": {"running": ["web.service"], "failed": []},
            "restarts": [],
            "reboot": NOT_NEEDED,
        }

    def order(self) -> bool:
        self.orders += 1
        return self.takes_orders

    def restart_stale(self, _driver: FakeDriver) -> dict[str, Any]:
        return {"restarted": ["web.service"], "failed": [], "left": self.left}

    def begin(
        self,
        policy: str = "auto",
        restarts: str = "auto",
        run_id: str = "r1",
        check: bool = False,
        wishes: Wishes = NO_WISHES,
    ) -> Any:
        return flow.begin(FakeDriver(), policy, restarts, run_id, check, self.record, wishes)

    def end(self) -> Any:
        return flow.end(0, self.record)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host(tmp_path)
    monkeypatch.setattr(flow, "collect", lambda *_ignored: host.document)
    monkeypatch.setattr(flow, "read_boot_id", lambda: host.boot_id)
    monkeypatch.setattr(record, "read_boot_id", lambda: host.boot_id)
    monkeypatch.setattr(flow, "order_reboot", host.order)
    monkeypatch.setattr(next_boot, "read_loader", lambda: None)
    monkeypatch.setattr(flow, "restart_stale", host.restart_stale)
    monkeypatch.setattr(flow, "wait_until_started", lambda *_ignored: host.stopped)
    monkeypatch.setattr(flow, "running_kernel", lambda: host.document["kernel"]["running"])
    return host


def code(result: dict[str, Any]) -> str:
    return str(result["outcome"]["code"])


def test_a_host_that_needs_nothing_is_left_alone(host: Host) -> None:
    result = host.begin()
    assert (code(result), result["changed"], host.orders) == ("reboot_not_needed", False, 0)


def test_a_required_reboot_is_ordered(host: Host) -> None:
    host.document["reboot"] = KERNEL_WAITS
    result = host.begin()
    assert result["rebooting"]
    assert result["reboot"]["reasons"] == ["6.2 is installed, 6.1 runs"]
    assert host.orders == 1


def test_a_policy_of_never_names_what_waits_and_does_not_reboot(host: Host) -> None:
    host.document["reboot"] = KERNEL_WAITS
    result = host.begin("never")
    assert host.orders == 0
    assert "Not rebooted, as asked" in result["summary"]


def test_services_that_run_replaced_code_are_restarted_instead(host: Host) -> None:
    host.document["restarts"] = [{"unit": "web.service", "processes": [7], "files": []}]
    result = host.begin()
    assert (result["restarted"], result["changed"], host.orders) == (["web.service"], True, 0)


def test_a_service_that_only_a_reboot_renews_asks_for_one(host: Host) -> None:
    host.document["restarts"] = [{"unit": "dbus.service", "processes": [7], "files": []}]
    host.left = [{"unit": "dbus.service", "reason": "restarting it would cut logins"}]
    assert host.begin()["rebooting"]


def test_restarts_can_be_forbidden(host: Host) -> None:
    host.document["restarts"] = [{"unit": "web.service", "processes": [7], "files": []}]
    assert host.begin(restarts="never")["restarted"] == []


def test_check_mode_says_what_would_be_done(host: Host) -> None:
    host.document["reboot"] = KERNEL_WAITS
    result = host.begin(check=True)
    assert (code(result), host.orders) == ("planned", 0)


def test_a_transaction_in_progress_keeps_the_host_from_rebooting(host: Host) -> None:
    host.document["transactions"] = [{"id": "t1", "state": "applying", "updated_at": ""}]
    result = host.begin("always")
    assert (code(result), host.orders) == ("transaction_live", 0)
    assert "transaction t1 is applying" in result["summary"]


def test_journals_that_can_not_be_read_keep_the_host_from_rebooting(host: Host) -> None:
    host.document["transactions"] = None
    host.document["errors"] = [{"subset": "transactions", "code": "unreadable", "message": "line 3 is torn"}]
    result = host.begin("always")
    assert (code(result), host.orders) == ("transaction_state", 0)
    assert "line 3 is torn" in result["summary"]


def test_an_order_that_nobody_takes_is_a_failure(host: Host) -> None:
    host.takes_orders = False
    assert code(host.begin("always")) == "reboot_failed"


def test_after_an_order_that_nobody_took_the_next_call_orders_anew(host: Host) -> None:
    host.takes_orders = False
    host.begin("always")
    host.takes_orders = True
    assert host.begin("always")["summary"] == "Rebooting: asked for."
    assert host.orders == 2


def test_a_host_that_can_not_note_its_reboot_waits_for_no_confirmation(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_ignored: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    confirmed: list[str] = []
    monkeypatch.setattr(host.record, "write", full)
    monkeypatch.setattr(flow, "confirm_all", lambda state, how, run_id: confirmed.append(how))
    with pytest.raises(OSError, match="No space left"):
        host.begin("always")
    assert (confirmed, host.orders) == (["not rebooted"], 0)


def test_a_second_call_while_the_host_goes_down_attaches(host: Host) -> None:
    host.begin("always")
    assert host.begin("always")["rebooting"]
    assert host.orders == 1


def test_a_run_that_reboots_always_does_so_once(host: Host) -> None:
    host.begin("always")
    host.boot_id = "second"
    result = host.begin("always")
    assert (code(result), host.orders) == ("reboot_not_needed", 1)
    assert result["reboot"]["done"]


def test_another_run_reboots_again(host: Host) -> None:
    host.begin("always")
    host.boot_id = "second"
    assert host.begin("always", run_id="r2")["rebooting"]


def test_the_same_boot_id_is_no_reboot(host: Host) -> None:
    host.begin("always")
    result = host.end()
    assert (code(result), result["reboot"]["boot_id_changed"]) == ("reboot_faked", False)


def test_a_new_boot_id_is_the_proof(host: Host) -> None:
    host.document["kernel"]["newest_installed"] = "6.1"
    host.begin("always")
    host.boot_id = "second"
    result = host.end()
    assert (code(result), result["reboot"]["boot_id_changed"]) == ("rebooted", True)


def test_another_kernel_than_expected_is_not_in_effect(host: Host) -> None:
    host.begin("always")
    host.boot_id = "second"
    result = host.end()
    assert code(result) == "kernel_not_effective"
    assert result["summary"] == "The host rebooted into kernel 6.1; 6.2 was expected."


def test_the_kernel_of_a_container_is_not_its_own(host: Host) -> None:
    host.document["machine"]["virtualization"]["kind"] = "container"
    host.begin("always")
    host.boot_id = "second"
    assert code(host.end()) == "rebooted"


def test_units_that_do_not_come_back_are_named(host: Host) -> None:
    host.document["kernel"]["newest_installed"] = "6.1"
    host.begin("always")
    host.boot_id = "second"
    host.stopped = [{"unit": "web.service", "detail": "failed (exit-code, status 1)"}]
    result = host.end()
    assert code(result) == "verification_failed"
    assert "web.service failed (exit-code, status 1)" in result["summary"]


def test_an_order_of_long_ago_does_not_hold_up_a_new_one(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.begin("always")
    monkeypatch.setattr(record.time, "time", lambda: 10.0**10)
    assert host.begin("always")["rebooting"]
    assert host.orders == 2


def test_what_ran_before_a_proven_reboot_is_not_asked_for_again(host: Host) -> None:
    host.begin("always")
    host.boot_id = "second"
    host.record.close()
    note = host.record.read()
    assert note is not None
    assert note["proven"]


CHECKED = {"applicable": True, "kernel": "6.2", "problems": [{"check": "initramfs"}], "unread": []}


@pytest.fixture
def unfit(host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host whose new kernel would not boot."""

    def decide(_boot: NextBoot) -> None:
        raise NotFit("What would boot is not fit: initramfs /boot/x: it is empty.", "Make it anew.", CHECKED)

    host.document["reboot"] = KERNEL_WAITS
    monkeypatch.setattr(NextBoot, "decide", decide)
    return host


def test_a_host_that_would_not_come_up_is_not_rebooted_and_told_what_state_it_is_in(unfit: Host) -> None:
    result = unfit.begin()
    assert (code(result), result["changed"], unfit.orders) == ("boot_check_failed", False, 0)
    assert result["summary"] == (
        "Not rebooted. What would boot is not fit: initramfs /boot/x: it is empty. Kernel 6.1 runs on; "
        "what is installed is not in effect: 6.2 is installed, 6.1 runs."
    )
    assert result["outcome"]["remedy"] == "Make it anew."
    assert result["reboot"]["boot_check"] == CHECKED


def test_a_kernel_that_did_not_come_up_before_is_named_where_it_is_tried_again(unfit: Host) -> None:
    unfit.record.write([], "6.2", [], "r1", CHECKED, {"kernel": "6.2", "pinned": "x", "former": ""})
    unfit.boot_id = "second"
    outcome = unfit.begin()["outcome"]
    assert "6.2 did not come up when it was tried" in outcome["message"]
    assert outcome["remedy"].startswith("Take the update back, or try again with the module's kernel: 6.2.")


def test_check_mode_finds_what_would_not_boot(unfit: Host) -> None:
    assert code(unfit.begin(check=True)) == "boot_check_failed"


def test_a_host_that_would_not_come_up_keeps_what_was_noted_before(unfit: Host) -> None:
    unfit.begin()
    assert unfit.record.read() is None


def test_a_kernel_that_is_asked_for_and_runs_needs_no_reboot(host: Host) -> None:
    assert code(host.begin("always", wishes=Wishes("6.1", "auto", True))) == "reboot_not_needed"
    assert host.orders == 0


def test_the_report_tells_what_was_checked_before_the_reboot(host: Host) -> None:
    host.document["kernel"]["newest_installed"] = "6.1"
    host.begin("always")
    host.boot_id = "second"
    assert host.end()["reboot"]["boot_check"]["applicable"] is False


def test_a_host_that_fell_back_to_its_former_kernel_is_told_from_one_that_booted_another(host: Host) -> None:
    host.record.write([], "6.2", ["asked for"], "r1", CHECKED, {"kernel": "6.2", "pinned": "x", "former": ""})
    host.boot_id = "second"
    result = host.end()
    assert code(result) == "kernel_not_effective"
    assert "6.2 was to be started once and did not come up, so the host fell back" in result["summary"]
    assert "kernel: 6.2" in result["outcome"]["remedy"]


def test_a_note_that_the_boot_loader_still_waits_for_is_not_forgotten(host: Host) -> None:
    host.record.write([], "6.2", [], "r1", CHECKED, {"kernel": "6.2", "pinned": "x", "former": ""})
    host.boot_id = "second"
    host.record.forget()
    assert host.record.read() is not None
