# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with kernel and boot loader of its own: what would not boot is not booted, and kernels go again.

Everything is emulated, so this takes minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from patchops_lab import repacking, requirements
from patchops_lab.modules import run_module
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab
from patchops_lab.virtual_machine import VirtualMachine

pytestmark = [pytest.mark.lab, pytest.mark.faults, pytest.mark.xdist_group("faults-boot")]

MACHINE = "metal1"
NEW_KERNEL = ["linux-image-cloud-amd64"]
# An emulated host takes its time to answer.
PATIENT = {"ansible_timeout": 120}
RUN_SECONDS = 3600


@pytest.fixture(scope="module")
def updated(make_lab: MakeLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualMachine]:
    """A machine that has got a new kernel and runs the former one."""
    for reason in requirements.missing_for_machines():
        pytest.skip("NO MACHINE HERE: " + reason)
    lab = make_lab(HostSpec(MACHINE, kernel=True, packages=("grub-pc",), variables=PATIENT))
    host = lab.host(MACHINE)
    host.run("apt-get", "update")
    if repacking.HIGHER in host.run("apt-cache", "policy", *NEW_KERNEL):
        pytest.skip("NO NEWER KERNEL TODAY: Debian's archive has none, and the lab's own does not boot")
    machine = VirtualMachine(lab, MACHINE)
    machine.fresh()
    plays = Plays(lab.paths.inventory, tmp_path_factory.mktemp("update"), RUN_SECONDS)
    run = plays.run("patch", hosts=MACHINE, packages=NEW_KERNEL, reboot="never")
    assert run.report["result"] == "done", run.output
    # The saved disk is booted anew for each test, and would start the new kernel.
    machine.run("grub-reboot", "'1>2'")
    machine.save()
    yield machine
    machine.kill()


@pytest.fixture(scope="module")
def running(updated: VirtualMachine) -> VirtualMachine:
    """The same, up, for tests that leave it as it was."""
    updated.restore()
    return updated


@pytest.fixture
def machine(updated: VirtualMachine) -> VirtualMachine:
    """The same, with a disk of its own for a test that changes it."""
    updated.restore()
    return updated


@pytest.fixture
def plays(updated: VirtualMachine, tmp_path: Path) -> Plays:
    return Plays(updated.lab.paths.inventory, tmp_path, RUN_SECONDS)


def newest_kernel(machine: VirtualMachine) -> str:
    return machine.run("sh", "-c", "'ls /boot/vmlinuz-* | sort -V | tail -n 1'").strip().partition("-")[2]


def kernels(machine: VirtualMachine) -> set[str]:
    return set(machine.run("sh", "-c", "'cd /boot && echo vmlinuz-*'").replace("vmlinuz-", "").split())


def default_entry(machine: VirtualMachine) -> str:
    listed = machine.run("grub-editenv", "/boot/grub/grubenv", "list")
    return listed.replace("next_entry=\n", "").strip()  # how GRUB forgets what it was to start once


def break_initramfs(machine: VirtualMachine) -> None:
    # Not just its end: what a kernel needs to find its root may come before.
    machine.run("truncate", "--size=2M", f"/boot/initrd.img-{newest_kernel(machine)}")


def take_back(machine: VirtualMachine) -> dict[str, Any]:
    return run_module(machine.lab, MACHINE, "transaction", {"state": "reverted"})


FAULTS = {
    "initramfs": (
        "cp -a /boot/initrd.img-$new /root/kept && truncate --size=-100000 /boot/initrd.img-$new",
        "cp -a /root/kept /boot/initrd.img-$new",
        "gzip part is damaged",
    ),
    "boot_entry": (
        'grub-editenv /boot/grub/grubenv set saved_entry="1>2"',
        "grub-editenv /boot/grub/grubenv unset saved_entry",
        "the entry that starts next",
    ),
    "space": (
        "fallocate --length 400M /boot/filler || true",
        "rm /boot/filler",
        "0 KiB of",
    ),
    "dkms": (
        "m=/var/lib/dkms/raid/1.0/$(uname -r)/x86_64/module && mkdir -p $m && touch $m/raid.ko",
        "rm -r /var/lib/dkms",
        "raid is built for",
    ),
}


@pytest.fixture
def broken(running: VirtualMachine, request: pytest.FixtureRequest) -> Iterator[str]:
    """The machine with one thing wrong about its next boot; put right afterwards."""
    fault, repair, _told = FAULTS[request.param]
    script = "new=" + newest_kernel(running) + "; "
    running.run("sh", "-c", json.dumps(script + fault).replace("$", "\\$"))
    yield request.param
    running.run("sh", "-c", json.dumps(script + repair).replace("$", "\\$"))


@pytest.mark.parametrize("broken", FAULTS, indirect=True)
def test_what_is_not_fit_is_not_booted(running: VirtualMachine, plays: Plays, broken: str) -> None:
    boot = running.boot_id()
    host = plays.run("reboot", hosts=MACHINE).host(MACHINE)
    assert host["outcome"]["code"] == "boot_check_failed"
    assert [problem["check"] for problem in host["reboot"]["boot_check"]["problems"]] == [broken]
    assert FAULTS[broken][2] in host["outcome"]["message"]
    assert not host["touched"]
    assert running.boot_id() == boot


def test_a_new_kernel_comes_into_effect_and_goes_again(machine: VirtualMachine, plays: Plays) -> None:
    former, new = machine.kernel(), newest_kernel(machine)
    boot = machine.boot_id()

    host = plays.run("reboot", hosts=MACHINE, boot_fallback="required").host(MACHINE)
    assert (host["outcome"]["code"], host["reboot"]["kernel"]) == ("verified", new)
    assert machine.kernel() == new
    assert machine.boot_id() != boot
    assert host["reboot"]["boot_check"]["fallback"] == f"{former}, the default entry until {new} has come up"
    assert default_entry(machine) == ""

    refused = take_back(machine)
    assert (refused["outcome"]["code"], refused["reboot_first"]) == ("kernel_runs", {"kernel": former})
    assert kernels(machine) == {former, new}

    boot = machine.boot_id()
    host = plays.run("rollback", hosts=MACHINE).host(MACHINE)
    assert (host["outcome"]["class"], host["reboot"]["kernel"]) == ("ok", former)
    assert machine.kernel() == former
    assert machine.boot_id() != boot
    assert kernels(machine) == {former}
    assert default_entry(machine) == ""


def test_a_kernel_that_does_not_come_up_leaves_the_host_in_the_former_one(
    machine: VirtualMachine, plays: Plays
) -> None:
    former, new = machine.kernel(), newest_kernel(machine)
    break_initramfs(machine)
    host = plays.run("reboot", hosts=MACHINE, boot_check=False).host(MACHINE)
    assert host["outcome"]["code"] == "kernel_not_effective"
    assert f"{new} was to be started once and did not come up" in host["outcome"]["message"]
    assert machine.kernel() == former
    assert "Initramfs unpacking failed" in machine.console.read_text(encoding="utf-8", errors="replace")

    host = plays.run("rollback", hosts=MACHINE).host(MACHINE)
    assert host["outcome"]["class"] == "ok"
    assert kernels(machine) == {former}
    assert default_entry(machine) == ""
