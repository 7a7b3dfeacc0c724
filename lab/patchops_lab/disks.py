# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of a size of their own, for hosts that are to run out of room: a file system in a file."""

import errno
import os
from pathlib import Path

from patchops_lab.commands import run
from patchops_lab.paths import HostPaths

_FILLER = "filler"
_BLOCK = 4096


def attach(host: HostPaths, mib: int) -> None:
    """Give a host that is being made a disk of this size."""
    host.directory.mkdir(parents=True)
    image = host.directory.with_suffix(".disk")
    with image.open("wb") as file:
        file.truncate(mib * 1024 * 1024)
    run(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)], doing=f"make the disk {image}")
    run(["mount", "-o", "loop", str(image), str(host.directory)], doing=f"attach the disk {image}")


def detach_all(state: Path) -> None:
    """Take the disks of a lab's hosts away; nothing runs on them any more."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    for point in (line.split()[4] for line in mounts):
        if Path(point).is_relative_to(state):
            run(["umount", point], doing=f"detach the disk {point}")


def fill(host: HostPaths, left: int) -> None:
    """Fill a host's own disk until only `left` bytes are free."""
    found = os.statvfs(host.directory)
    size = found.f_bavail * found.f_frsize - left
    with (host.directory / _FILLER).open("wb") as file:
        # The file's own bookkeeping takes a few blocks as well.
        os.posix_fallocate(file.fileno(), 0, max(_BLOCK, size - 64 * _BLOCK))
        file.seek(0, os.SEEK_END)
        while os.statvfs(host.directory).f_bavail * _BLOCK > left:
            try:
                os.write(file.fileno(), b"\1" * _BLOCK)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return


def make_room(host: HostPaths) -> None:
    """Remove what fills a host's disk."""
    (host.directory / _FILLER).unlink(missing_ok=True)
