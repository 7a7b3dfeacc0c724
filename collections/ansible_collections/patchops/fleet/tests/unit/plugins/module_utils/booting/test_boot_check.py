# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.booting.boot_check import (
    BootCheck,
    space_problem,
)
from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_loader import read_loader

OLD, NEW = "6.1.0-50-amd64", "6.1.0-53-amd64"
TRAILER = b"070701" + b"0" * 88 + b"0000000B" + b"0" * 8 + b"TRAILER!!!\0" + bytes(3)
ENTRY = """\
menuentry 'Debian, with Linux {release}' $menuentry_id_option 'gnulinux-{release}' {{
        linux   {boot}/vmlinuz-{release} root=UUID=1 ro quiet
        initrd  {boot}/initrd.img-{release}
}}
"""


class Host:
    """A host of Debian with two kernels, the newer of which comes first in the menu."""

    def __init__(self, root: Path, boot: str) -> None:
        self.root = root
        (root / "boot/grub").mkdir(parents=True)
        for release in (OLD, NEW):
            (root / f"boot/vmlinuz-{release}").write_bytes(b"a kernel of another architecture")
            (root / f"boot/initrd.img-{release}").write_bytes(gzip.compress(TRAILER))
        self.menu("".join(ENTRY.format(release=release, boot=boot) for release in (NEW, OLD)))

    def menu(self, entries: str, default: str = "0") -> None:
        (self.root / "boot/grub/grub.cfg").write_text(f'set default="{default}"\n{entries}', encoding="utf-8")

    def check(self, expected: str | None = NEW, running: str = OLD, once: bool = False) -> dict[str, Any]:
        loader = read_loader(str(self.root))
        assert loader is not None
        return BootCheck(loader, running, expected, once, str(self.root)).run()

    def problems(self, **more: Any) -> list[tuple[str, str, str]]:
        return [(one["check"], one["path"], one["detail"]) for one in self.check(**more)["problems"]]


@pytest.fixture(params=["/boot", "", "/@/boot"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """Boot loaders name files by their place on the partition, which may be that of /boot, or a subvolume."""
    return Host(tmp_path, request.param)


def test_a_host_that_would_boot_its_newest_kernel_is_fit(host: Host) -> None:
    assert host.check()["problems"] == []


def test_a_kernel_that_can_not_be_read_to_its_end_for_want_of_knowledge_is_no_problem(host: Host) -> None:
    [unread] = host.check()["unread"]
    assert unread.startswith(f"/boot/vmlinuz-{NEW}: whether it is whole")


def test_a_missing_initramfs_is_found(host: Host) -> None:
    os.unlink(host.root / f"boot/initrd.img-{NEW}")
    [(check, path, detail)] = host.problems()
    assert (check, detail) == ("initramfs", "No such file or directory")
    assert path.endswith(f"initrd.img-{NEW}")


def test_an_initramfs_that_was_cut_off_is_found_with_its_path_and_remedy(host: Host) -> None:
    (host.root / f"boot/initrd.img-{NEW}").write_bytes(gzip.compress(TRAILER)[:-9])
    [problem] = host.check()["problems"]
    assert (problem["check"], problem["path"]) == ("initramfs", f"/boot/initrd.img-{NEW}")
    assert "gzip part is damaged" in problem["detail"]
    assert NEW in problem["remedy"]


def test_a_missing_kernel_is_found(host: Host) -> None:
    os.unlink(host.root / f"boot/vmlinuz-{NEW}")
    assert [check for check, _path, _detail in host.problems()] == ["kernel"]


def test_a_damaged_initramfs_of_a_kernel_that_will_not_boot_is_no_problem(host: Host) -> None:
    (host.root / f"boot/initrd.img-{OLD}").write_bytes(b"")
    assert host.problems() == []


def test_a_default_entry_of_another_kernel_is_found(host: Host) -> None:
    [(check, path, detail)] = host.problems(expected=OLD, running=NEW)
    assert (check, path) == ("boot_entry", "/boot/grub/grub.cfg")
    assert detail == f"the entry that starts next, 'Debian, with Linux {NEW}', is of kernel {NEW}, not {OLD}"


def test_of_a_kernel_that_is_not_in_the_menu_everything_that_lacks_is_found(host: Host) -> None:
    checks = [check for check, _path, _detail in host.problems(expected="6.1.0-54-amd64")]
    assert checks == ["boot_entry", "kernel"]


def test_a_default_that_is_not_in_the_menu_is_found(host: Host) -> None:
    host.menu("", default="gnulinux-gone")
    assert (
        "boot_entry",
        "/boot/grub/grub.cfg",
        "the default entry is not in the boot menu",
    ) in host.problems()


def test_a_kernel_that_is_booted_once_needs_an_entry_and_not_the_default(host: Host) -> None:
    assert host.problems(expected=OLD, running=NEW, once=True) == []


def test_a_kernel_that_is_booted_once_is_looked_at_itself(host: Host) -> None:
    (host.root / f"boot/initrd.img-{OLD}").write_bytes(b"")
    [(check, path, _detail)] = host.problems(expected=OLD, running=NEW, once=True)
    assert (check, path) == ("initramfs", f"/boot/initrd.img-{OLD}")


def test_an_entry_that_loads_no_initramfs_is_found_where_the_running_kernel_has_one(host: Host) -> None:
    host.menu(f"menuentry 'x' {{\n linux /boot/vmlinuz-{NEW} root=/dev/sda1\n}}\n")
    [(check, path, detail)] = host.problems()
    assert (check, path) == ("initramfs", f"/boot/initrd.img-{NEW}")
    assert detail == "the boot entry 'x' loads none; the running kernel has one"


def test_kernels_may_go_without_an_initramfs(host: Host) -> None:
    host.menu(f"menuentry 'x' {{\n linux /boot/vmlinuz-{NEW} root=/dev/sda1\n}}\n")
    for release in (OLD, NEW):
        os.unlink(host.root / f"boot/initrd.img-{release}")
    assert host.problems() == []


def dkms(host: Host, path: str) -> None:
    built = host.root / "var/lib/dkms" / path / "x86_64/module"
    built.mkdir(parents=True)
    (built / "driver.ko.xz").write_bytes(b"")


def test_a_module_that_was_built_for_the_running_kernel_only_is_found(host: Host) -> None:
    dkms(host, f"raid/1.2/{OLD}")
    assert host.problems() == [
        ("dkms", "/var/lib/dkms/raid", f"raid is built for {OLD} and not for {NEW}"),
    ]


def test_modules_that_were_built_for_both_kernels_are_there(host: Host) -> None:
    dkms(host, f"raid/1.2/{OLD}")
    dkms(host, f"raid/1.3/{NEW}")
    assert host.problems() == []


def test_a_module_that_the_running_kernel_does_without_is_not_missed(host: Host) -> None:
    (host.root / "var/lib/dkms/raid/1.2/source").mkdir(parents=True)
    assert host.problems() == []


def test_without_a_package_of_a_kernel_the_one_that_starts_is_looked_at(host: Host) -> None:
    (host.root / f"boot/initrd.img-{NEW}").write_bytes(b"")
    result = host.check(expected=None)
    assert result["kernel"] == NEW
    assert [one["check"] for one in result["problems"]] == ["initramfs"]


class Room:
    """What os.statvfs says."""

    def __init__(self, free_bytes: int, inodes: int = 1000, free_inodes: int = 900) -> None:
        self.f_frsize, self.f_blocks, self.f_bavail = 1024, 200 * 1024, free_bytes // 1024
        self.f_files, self.f_favail = inodes, free_inodes


@pytest.mark.parametrize(
    ("room", "problem"),
    [
        (Room(50 << 20), None),
        (Room(1 << 20), None),
        (Room(512 << 10), "512 KiB of 200 MiB are free"),
        (Room(50 << 20, free_inodes=0), "no inode is free"),
        (Room(50 << 20, inodes=0, free_inodes=0), None),
    ],
)
def test_a_file_system_is_full_without_room_or_inodes(room: Room, problem: str | None) -> None:
    assert space_problem(room) == problem
