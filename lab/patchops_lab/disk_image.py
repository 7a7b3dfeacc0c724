# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that a machine can boot from: an image's files, GRUB before them, /boot a file system of its own.

Made without loop devices: mke2fs and debugfs work at an offset in a plain file.
"""

import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

from patchops_lab.cache import cached, content_key
from patchops_lab.commands import ISOLATED, run
from patchops_lab.errors import LabError
from patchops_lab.hosts import copy_tree
from patchops_lab.qemu import QEMU, machine_command

_RECIPE = 1
_SECTOR = 512
_MIB = 1024 * 1024
_LINUX_PARTITION = 0x83
_BOOT, _ROOT = "lab-boot", "lab-root"
# Label to first byte and size. GRUB's core image lies before the first one.
_PARTITIONS = {_BOOT: (1 * _MIB, 320 * _MIB), _ROOT: (321 * _MIB, 2400 * _MIB)}
_MODULES = ("biosdisk", "part_msdos", "ext2", "normal", "linux", "configfile", "search", "echo", "test")
_MORE_MODULES = (
    "loadenv",
    "serial",
    "terminal",
    "sleep",
    "reboot",
    "halt",
    "gzio",
    "all_video",
    "search_fs_uuid",
)
# A kernel that panics starts the machine again, as the watchdog of a real one would.
_GRUB = """\
GRUB_DEFAULT=saved
GRUB_TIMEOUT=1
GRUB_RECORDFAIL_TIMEOUT=1
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="console=ttyS0 panic=5"
GRUB_TERMINAL=serial
GRUB_DISABLE_OS_PROBER=true
"""
_FILES = {
    "etc/default/grub": _GRUB,
    "etc/fstab": (
        f"LABEL={_ROOT} / ext4 defaults 0 1\n"
        f"LABEL={_BOOT} /boot ext4 defaults,x-systemd.device-timeout=15min 0 2\n"
    ),
    # On a busy machine the emulated one takes minutes for what others do in a second.
    "etc/systemd/system.conf.d/lab.conf": (
        "[Manager]\nDefaultTimeoutStartSec=15min\nDefaultTimeoutStopSec=15min\n"
    ),
    # The drivers of this machine and no others: emulated, a large initramfs takes half a minute to unpack.
    "etc/initramfs-tools/conf.d/lab": "MODULES=list\nCOMPRESS=gzip\nRESUME=none\n",
    "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\nvirtio_net\next4\n",
    # What a container calls its interface, so that the host's own settings fit.
    "etc/systemd/network/10-lab.link": "[Match]\nDriver=virtio_net\n[Link]\nName=host0\n",
}
_FIRST_BOOT_SECONDS = 600


def ensure_disk(image: Path) -> Path:
    """The disk of an image's root directory, GRUB's menu written by the system on it; built when missing."""

    def build(place: Path) -> None:
        tree, disk = place / "tree", place / "disk.raw"
        copy_tree(image, tree)
        for path, content in _FILES.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content, encoding="utf-8")
        run(
            [*ISOLATED, "chroot", str(tree), "update-initramfs", "-u", "-k", "all"],
            doing="make the initramfs",
        )
        _make_core(tree)
        loader = (tree / "usr/lib/grub/i386-pc/boot.img").read_bytes(), (tree / "core.img").read_bytes()
        (tree / "core.img").unlink()
        boot = place / "boot"
        (tree / "boot").rename(boot)
        (tree / "boot").mkdir()
        _write_disk(disk, *loader)
        _make_file_system(disk, _BOOT, boot)
        _make_file_system(disk, _ROOT, tree)
        _first_boot(disk, boot, place / "console.log")
        run(["rm", "-rf", str(tree), str(boot)], doing="clean up after the disk was made")

    key = content_key([_RECIPE, image.parent.name, _FILES, _PARTITIONS, _MODULES, _MORE_MODULES])
    return cached("disks", key, build) / "disk.raw"


def write_files(disk: Path, files: Mapping[str, tuple[str, int]], scratch: Path) -> None:
    """Put files (path in the root file system to content and mode) onto a disk that no machine runs from."""
    commands = []
    for number, (path, (content, mode)) in enumerate(files.items()):
        source = scratch / f"file-{number}"
        source.write_text(content, encoding="utf-8")
        parents = [f"/{parent}" for parent in reversed(Path(path).parents[:-1])]
        commands += [f"mkdir {parent}" for parent in parents]  # refused where it is there already
        commands += [f"rm /{path}", f"write {source} /{path}"]
        commands += [f"set_inode_field /{path} mode 0{0o100000 | mode:o}"]
        commands += [f"set_inode_field /{path} {owner} 0" for owner in ("uid", "gid")]
    _debugfs(disk, _ROOT, commands)
    for path in files:
        if "Inode:" not in _debugfs(disk, _ROOT, [f"stat /{path}"], writing=False):
            raise LabError(f"Could not write /{path} onto the disk {disk}.")


def read_file(disk: Path, label: str, path: str) -> str:
    """A file of one of a disk's file systems (lab-boot, lab-root); empty when there is none."""
    return _debugfs(disk, label, [f"cat {path}"], writing=False)


def _debugfs(disk: Path, label: str, commands: list[str], writing: bool = True) -> str:
    offset = _PARTITIONS[label][0]
    done = subprocess.run(
        ["debugfs", *(["-w"] if writing else []), "-f", "-", f"{disk}?offset={offset}"],
        input="\n".join(commands) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    # With -f each command is printed before what it says.
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("debugfs: "))


def _make_core(tree: Path) -> None:
    command = ["grub-mkimage", "--format=i386-pc", "--output=/core.img", "--prefix=(hd0,msdos1)/grub"]
    run([*ISOLATED, "chroot", str(tree), *command, *_MODULES, *_MORE_MODULES], doing="make GRUB's core image")


def _write_disk(disk: Path, boot_image: bytes, core_image: bytes) -> None:
    first = min(start for start, _size in _PARTITIONS.values())
    if len(core_image) > first - _SECTOR:
        raise LabError(f"GRUB's core image has {len(core_image)} bytes; there is room for {first - _SECTOR}.")
    with disk.open("wb") as file:
        # The last 72 bytes of the first sector are the table of partitions.
        file.write(boot_image[:440] + bytes(6) + b"".join(_entries()) + b"\x55\xaa")
        # Where GRUB's boot sector and core image look for their next sectors unless they are told otherwise.
        file.write(core_image)
        file.truncate(max(start + size for start, size in _PARTITIONS.values()))


def _entries() -> list[bytes]:
    entries = [
        struct.pack(
            "<B3sB3sII",
            0,
            b"\xfe\xff\xff",
            _LINUX_PARTITION,
            b"\xfe\xff\xff",
            start // _SECTOR,
            size // _SECTOR,
        )
        for start, size in _PARTITIONS.values()
    ]
    return entries + [bytes(16)] * (4 - len(entries))


def _make_file_system(disk: Path, label: str, files: Path) -> None:
    start, size = _PARTITIONS[label]
    options = f"offset={start},lazy_itable_init=1"
    command = ["mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-E", options, "-d", str(files), str(disk)]
    run([*command, f"{size // 1024}k"], doing=f"make the file system {label}")


def _first_boot(disk: Path, boot: Path, console: Path) -> None:
    """Have the system on the disk write GRUB's menu: it alone knows its disks as they will be."""
    kernel = next(boot.glob("vmlinuz-*"))
    release = kernel.name.partition("-")[2]
    task = "systemd.run=/usr/sbin/update-grub"
    task += "".join(f" systemd.run_{result}_action=poweroff" for result in ("success", "failure"))
    command = machine_command(disk, console)
    command += ["-kernel", str(kernel), "-initrd", str(boot / f"initrd.img-{release}"), "-no-reboot"]
    command += ["-append", f"root=LABEL={_ROOT} ro console=ttyS0 panic=-1 {task}"]
    try:
        done = subprocess.run(command, check=False, timeout=_FIRST_BOOT_SECONDS, stdin=subprocess.DEVNULL)
        ended = f"{QEMU} ended with status {done.returncode}"
    except subprocess.TimeoutExpired:
        ended = f"it did not end within {_FIRST_BOOT_SECONDS} seconds"
    if release not in read_file(disk, _BOOT, "/grub/grub.cfg"):
        said = console.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise LabError(f"The new disk did not get a boot menu ({ended}). Its console ends:\n{said}")
