# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that a person can act on, and the exit codes that scripts can."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """What `patchops` tells the calling script; the numbers are an interface."""

    DONE = 0
    INTERNAL = 1
    INPUT = 2
    STOPPED = 3
    HOSTS_FAILED = 4
    UNKNOWN = 5
    INTERRUPTED = 130


class PatchOpsError(Exception):
    """Something went wrong that is not a defect: says what, where, and what to do.

    `remedy` is one sentence for the person who reads it, `details` are lines that say more, one thing each;
    `exit_code` is the process's own.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, remedy: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details = tuple(details)


class InputError(PatchOpsError):
    """The command, a file or an inventory is not usable; nothing was started."""

    exit_code = ExitCode.INPUT


class FenceError(PatchOpsError):
    """Another run works on the same hosts; nothing was started."""

    exit_code = ExitCode.STOPPED


class OutcomeUnknownError(PatchOpsError):
    """Work was started and nobody can say how it ended; the hosts know."""

    exit_code = ExitCode.UNKNOWN


_SPACE = "Free space on its file system (df -h, quota). Then `patchops status` tells what is on record."
_ACCESS = "Check owner, mode and mount options of the path. Then run the same command again."
_DISK = "Look for errors of the disk (dmesg). Then `patchops status` tells what is on record."
_LIMITS = "Free memory and open files of this machine (free, ulimit -a). Then run the same command again."
_REMEDIES = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EACCES: _ACCESS,
    errno.EPERM: _ACCESS,
    errno.EROFS: _ACCESS,
    errno.EIO: _DISK,
    errno.EMFILE: _LIMITS,
    errno.ENFILE: _LIMITS,
    errno.ENOMEM: _LIMITS,
}


def remedy_for(error: OSError) -> str | None:
    """What helps with an error of the environment; None for one that only a defect causes."""
    return _REMEDIES.get(error.errno or 0)
