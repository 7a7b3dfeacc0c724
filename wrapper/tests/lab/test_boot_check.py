# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host would boot is looked at before it is rebooted; tests/faults has machines that do boot."""

from __future__ import annotations

import pytest

from patchops_lab.lab import Lab
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

pytestmark = pytest.mark.lab

# Containers have no boot loader; this one takes itself for a machine that has.
TAKES_ITSELF_FOR_A_MACHINE = """\
printf '#!/bin/sh\\necho kvm\\n' > /usr/local/bin/systemd-detect-virt
chmod 755 /usr/local/bin/systemd-detect-virt
kernel=$(cd /boot && ls vmlinuz-*)
initrd=$(cd /boot && ls initrd.img-*)
mkdir /boot/grub
printf "menuentry 'Debian' {\\n linux /boot/$kernel root=/dev/sda1\\n initrd /boot/$initrd\\n}\\n" \
    > /boot/grub/grub.cfg
"""


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("k1", kernel=True))


@pytest.fixture(scope="module")
def plays(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Plays:
    # One for all tests, so that each run on the shared host has an id of its own.
    return Plays(lab.paths.inventory, tmp_path_factory.mktemp("plays"))


def test_a_container_is_rebooted_unchecked_and_the_report_says_so(plays: Plays) -> None:
    reboot = plays.run("reboot", hosts="k1", reboot="always").host("k1")["reboot"]
    assert reboot["done"]
    assert reboot["boot_check"] == {"applicable": False, "reason": "the host has no kernel of its own"}


def test_a_host_with_a_broken_initramfs_is_not_rebooted(lab: Lab, plays: Plays) -> None:
    k1 = lab.host("k1")
    k1.run("sh", "-ec", TAKES_ITSELF_FOR_A_MACHINE)
    k1.run("sh", "-c", "truncate --size=-100000 /boot/initrd.img-*")
    boot = k1.boot_id()
    run = plays.run("reboot", hosts="k1", reboot="always")
    outcome = run.host("k1")["outcome"]
    assert run.report["result"] == "failed"
    assert outcome["code"] == "boot_check_failed"
    assert "initramfs /boot/initrd.img-6.1.0" in outcome["message"]
    assert "update-initramfs -u -k 6.1.0" in outcome["remedy"]
    assert not run.host("k1")["touched"]
    assert k1.boot_id() == boot
