# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.kernel import (
    flavour,
    grub_default,
    newest_of_flavour,
)

GRUB = """\
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
else
   set default="%s"
fi
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1' {
        linux   /boot/vmlinuz-6.1.0-28-amd64 root=UUID=1 ro quiet
        initrd  /boot/initrd.img-6.1.0-28-amd64
}
submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option 'gnulinux-advanced-1' {
        menuentry 'Debian GNU/Linux, with Linux 6.1.0-28-amd64' $menuentry_id_option 'gnulinux-28' {
                linux   /boot/vmlinuz-6.1.0-28-amd64 root=UUID=1 ro quiet
        }
        menuentry 'Debian GNU/Linux, with Linux 6.1.0-25-amd64' $menuentry_id_option 'gnulinux-25' {
                linux   /boot/vmlinuz-6.1.0-25-amd64 root=UUID=1 ro quiet
        }
}
"""


def kernel(release: str) -> dict[str, str]:
    return {"release": release, "package": f"linux-image-{release}", "version": "1"}


def test_the_first_entry_boots_by_default() -> None:
    assert grub_default(GRUB % "0", "") == "6.1.0-28-amd64"


def test_an_entry_of_the_submenu_can_be_the_default() -> None:
    assert grub_default(GRUB % "gnulinux-advanced-1>gnulinux-25", "") == "6.1.0-25-amd64"


def test_the_saved_entry_counts_where_grub_reads_it() -> None:
    environment = "# GRUB Environment Block\nsaved_entry=gnulinux-advanced-1>gnulinux-25\n####"
    assert grub_default(GRUB % "${saved_entry}", environment) == "6.1.0-25-amd64"


def test_what_boots_once_comes_before_the_default() -> None:
    environment = "next_entry=gnulinux-advanced-1>gnulinux-25\n"
    assert grub_default(GRUB % "0", environment) == "6.1.0-25-amd64"


def test_an_entry_that_is_not_in_the_menu_is_not_guessed() -> None:
    assert grub_default(GRUB % "memtest", "") is None


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("6.1.0-25-amd64", "amd64"),
        ("6.1.0-25-cloud-amd64", "cloud-amd64"),
        ("6.12.43+deb13-amd64", "amd64"),
        ("5.15.0-91-generic", "generic"),
    ],
)
def test_the_flavour_is_what_follows_version_and_abi(release: str, expected: str) -> None:
    assert flavour(release) == expected


def test_a_newer_kernel_of_another_flavour_is_not_the_one_to_boot() -> None:
    installed = [kernel("6.1.0-25-amd64"), kernel("6.1.0-28-amd64"), kernel("6.1.0-29-cloud-amd64")]
    assert newest_of_flavour(installed, "6.1.0-25-amd64") == kernel("6.1.0-28-amd64")


def test_without_a_kernel_of_the_running_flavour_the_newest_of_all_counts() -> None:
    assert newest_of_flavour([kernel("6.1.0-28-amd64")], "6.18.44-custom") == kernel("6.1.0-28-amd64")


def test_a_host_without_kernels_has_no_newest_one() -> None:
    assert newest_of_flavour([], "6.1.0-25-amd64") is None
