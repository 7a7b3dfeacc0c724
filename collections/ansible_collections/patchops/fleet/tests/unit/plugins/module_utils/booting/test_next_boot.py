# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.booting import boot_once, next_boot
from ansible_collections.patchops.fleet.plugins.module_utils.booting.boot_once import is_written_by_grub
from ansible_collections.patchops.fleet.plugins.module_utils.booting.next_boot import (
    NO_WISHES,
    NextBoot,
    NotFit,
    Wishes,
    settle_boot_loader,
)
from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_loader import Loader
from ansible_collections.patchops.fleet.plugins.module_utils.facts.grub import Entry

OLD, NEW = "6.1.0-50-amd64", "6.1.0-53-amd64"
PROBLEM = {"check": "initramfs", "path": "/boot/initrd", "detail": "it is empty", "remedy": "make it anew"}
MOUNTS = """\
22 1 254:2 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw
23 22 254:1 / /boot rw,relatime shared:5 - {kind} {device} rw
"""


def entry(release: str) -> Entry:
    return Entry(f"menu>{release}", f"Linux {release}", release, f"/vmlinuz-{release}", [], False)


class Grub:
    """GRUB's menu and variables, and what a test wants of the rest of the host."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.saved = True
        self.writable = True
        self.installed = True
        self.problems: list[dict[str, str]] = []

    def loader(self) -> Loader | None:
        entries = [entry(NEW), entry(OLD)]
        if not self.installed:
            return None
        return Loader("grub", "/boot/grub/grub.cfg", "/g", entries, entries[0], entries[0], self.saved, True)

    def edit(self, _loader: Loader, verb: str, text: str) -> None:
        name, _equals, value = text.partition("=")
        self.variables.pop(name, None)
        if verb == "set":
            self.variables[name] = value

    def boot(self, running: str = OLD, wishes: Wishes = NO_WISHES, kind: str = "vm") -> NextBoot:
        kernel = {"running": running, "newest_installed": NEW, "default_boot": NEW}
        boot = NextBoot({"kernel": kernel, "machine": {"virtualization": {"kind": kind}}}, wishes)
        boot.decide()
        return boot

    def reboot(
        self, wishes: Wishes = NO_WISHES, pending: dict[str, str] | None = None
    ) -> dict[str, str] | None:
        """Have the boot loader told; returns what is left to do after the boot."""
        boot = self.boot(wishes=wishes)
        left = boot.fallback(pending)
        boot.prepare()
        return left


class Check:
    """Finds what the test's GRUB says."""

    def __init__(self, grub: Grub) -> None:
        self.grub = grub

    def __call__(self, *_ignored: Any) -> Check:
        return self

    def run(self) -> dict[str, Any]:
        return {"applicable": True, "kernel": NEW, "problems": self.grub.problems, "unread": []}


@pytest.fixture
def grub(monkeypatch: pytest.MonkeyPatch) -> Grub:
    grub = Grub()
    monkeypatch.setattr(next_boot, "read_loader", grub.loader)
    monkeypatch.setattr(next_boot, "BootCheck", Check(grub))
    monkeypatch.setattr(boot_once, "variables", lambda _loader: grub.variables)
    monkeypatch.setattr(boot_once, "_edit", grub.edit)
    monkeypatch.setattr(boot_once, "_editor", lambda: "/usr/bin/grub-editenv")
    monkeypatch.setattr(boot_once, "read_text", lambda _path: "")
    monkeypatch.setattr(boot_once, "is_written_by_grub", lambda *_ignored: grub.writable)
    return grub


def test_a_new_kernel_is_tried_once_with_the_former_one_behind_it(grub: Grub) -> None:
    assert grub.reboot() == {"kernel": NEW, "pinned": f"menu>{OLD}", "former": ""}
    assert grub.variables == {"next_entry": f"menu>{NEW}", "saved_entry": f"menu>{OLD}"}


def test_the_default_that_the_administrator_had_set_is_kept_for_later(grub: Grub) -> None:
    grub.variables["saved_entry"] = "0"
    left = grub.reboot()
    assert left is not None
    assert left["former"] == "0"


def test_a_second_try_keeps_what_the_first_one_found(grub: Grub) -> None:
    grub.variables["saved_entry"] = f"menu>{OLD}"
    left = grub.reboot(pending={"kernel": NEW, "pinned": f"menu>{OLD}", "former": "0"})
    assert left is not None
    assert left["former"] == "0"


def test_what_is_behind_a_new_kernel_is_told(grub: Grub) -> None:
    boot = grub.boot()
    assert boot.behind == OLD
    assert boot.checked["fallback"] == f"{OLD}, the default entry until {NEW} has come up"


def test_a_kernel_that_runs_already_needs_nothing_behind_it(grub: Grub) -> None:
    boot = grub.boot(running=NEW)
    boot.prepare()
    assert (grub.variables, boot.fallback(None)) == ({}, None)


def test_a_fallback_can_be_forbidden(grub: Grub) -> None:
    assert grub.reboot(Wishes(None, "never", True)) is None
    assert grub.variables == {}


def test_a_menu_with_a_fixed_default_has_no_fallback_and_the_reason_is_told(grub: Grub) -> None:
    grub.saved = False
    boot = grub.boot()
    boot.prepare()
    assert grub.variables == {}
    assert boot.checked["fallback"].startswith("none: GRUB's default is not a variable (GRUB_DEFAULT=saved")


@pytest.mark.parametrize("lacking", ["saved", "writable"])
def test_a_fallback_that_is_required_and_can_not_be_keeps_the_host_from_rebooting(
    grub: Grub, lacking: str
) -> None:
    setattr(grub, lacking, False)
    with pytest.raises(NotFit, match="with the former one behind it, which can't be"):
        grub.boot(wishes=Wishes(None, "required", True))


def test_what_is_not_fit_is_named_with_path_and_remedy(grub: Grub) -> None:
    grub.problems = [PROBLEM, {**PROBLEM, "path": "/boot/other"}]
    with pytest.raises(NotFit) as caught:
        grub.boot()
    assert str(caught.value) == (
        "What would boot is not fit: initramfs /boot/initrd: it is empty; initramfs /boot/other: it is empty."
    )
    assert caught.value.remedy == "On the host: make it anew. Then run this again."


def test_the_check_can_be_switched_off(grub: Grub) -> None:
    grub.problems = [PROBLEM]
    checked = grub.boot(wishes=Wishes(None, "auto", False)).checked
    assert (checked["applicable"], checked["reason"]) == (False, "it was switched off (boot_check: false)")


def test_a_container_is_not_looked_at(grub: Grub) -> None:
    grub.problems = [PROBLEM]
    boot = grub.boot(kind="container")
    assert (boot.expected, boot.checked["reason"]) == (None, "the host has no kernel of its own")


def test_a_host_without_a_known_boot_loader_is_not_looked_at(grub: Grub) -> None:
    grub.installed = False
    boot = grub.boot()
    assert boot.expected == NEW
    assert "no boot loader that is known here" in boot.checked["reason"]


def test_a_kernel_that_is_asked_for_is_started_once_and_the_default_stays(grub: Grub) -> None:
    assert grub.reboot(Wishes(OLD, "auto", True)) is None
    assert grub.variables == {"next_entry": f"menu>{OLD}"}


@pytest.mark.parametrize("kernel", ["6.1.0-49-amd64", "../../etc/passwd"])
def test_a_kernel_that_is_not_in_the_menu_can_not_be_asked_for(grub: Grub, kernel: str) -> None:
    with pytest.raises(NotFit, match="no entry of the boot menu starts it"):
        grub.boot(wishes=Wishes(kernel, "auto", True))


def test_a_container_can_not_be_asked_for_a_kernel(grub: Grub) -> None:
    with pytest.raises(NotFit, match="the host has no kernel of its own"):
        grub.boot(wishes=Wishes(OLD, "auto", True), kind="container")


PENDING = {"kernel": NEW, "pinned": f"menu>{OLD}", "former": ""}


def settle(grub: Grub, monkeypatch: pytest.MonkeyPatch, running: str, kernels: list[str] | None) -> bool:
    class Uname:
        release = running

    monkeypatch.setattr("os.uname", Uname)
    grub.variables.setdefault("saved_entry", f"menu>{OLD}")
    return settle_boot_loader(PENDING, kernels)


@pytest.mark.parametrize(("running", "kernels"), [(NEW, None), (NEW, [OLD, NEW]), (OLD, [OLD])])
def test_the_default_comes_back_when_the_kernel_that_was_tried_runs_or_is_gone(
    grub: Grub, monkeypatch: pytest.MonkeyPatch, running: str, kernels: list[str] | None
) -> None:
    assert settle(grub, monkeypatch, running, kernels)
    assert grub.variables == {}


@pytest.mark.parametrize("kernels", [None, [OLD, NEW]])
def test_the_former_kernel_stays_the_default_while_the_new_one_has_not_come_up(
    grub: Grub, monkeypatch: pytest.MonkeyPatch, kernels: list[str] | None
) -> None:
    assert not settle(grub, monkeypatch, OLD, kernels)
    assert grub.variables == {"saved_entry": f"menu>{OLD}"}


def test_a_default_that_somebody_set_since_is_left_alone(grub: Grub, monkeypatch: pytest.MonkeyPatch) -> None:
    grub.variables["saved_entry"] = "memtest"
    assert settle(grub, monkeypatch, NEW, None)
    assert grub.variables == {"saved_entry": "memtest"}


def test_an_order_for_a_boot_that_is_over_is_dropped(grub: Grub) -> None:
    grub.variables["next_entry"] = f"menu>{NEW}"
    assert not settle_boot_loader(None, None)
    assert grub.variables == {}


@pytest.mark.parametrize(
    ("kind", "device", "written"),
    [
        ("ext4", "/dev/sda1", True),
        ("xfs", "/dev/nvme0n1p2", True),
        ("ext4", "/dev/mapper/vg-boot", False),
        ("ext4", "/dev/md0", False),
        ("btrfs", "/dev/sda1", False),
        ("zfs", "bpool/BOOT", False),
    ],
)
def test_grub_forgets_orders_only_where_it_can_write(kind: str, device: str, written: bool) -> None:
    mounts = MOUNTS.format(kind=kind, device=device)
    assert is_written_by_grub(mounts, "/boot/grub/grubenv") == written
