# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep old kernels from being purged while one of them may be the way back.

A package of a kernel asks, by a file, that the next boot runs `zypper purge-kernels`. That keeps the two
newest and the one that runs by then; the one that ran until the reboot need not be among them.
"""

import os

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file

FLAG = "/boot/do_purge_kernels"
RECORD = "/var/lib/patchops/zypper-purge-kernels"


def put_off() -> None:
    """Withdraw the wish for a purge, whoever had it, and remember it."""
    if os.path.lexists(FLAG):
        os.makedirs(os.path.dirname(RECORD), exist_ok=True)
        write_file(RECORD, b"")
        os.unlink(FLAG)


def take_up() -> None:
    """Wish for the purge again that was put off."""
    if os.path.exists(RECORD):
        write_file(FLAG, b"", mode=0o644)
        os.unlink(RECORD)
