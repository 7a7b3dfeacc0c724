# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks that die with their holder."""

import errno
import fcntl
import os
import time
from types import TracebackType
from typing import Optional, Type


class LockTimeout(Exception):
    """The lock was not free within the time."""


class Lock:
    """An exclusive flock on a file. The kernel releases it when the holder dies, however it dies.

    `timeout` in seconds; None waits without end. Raises LockTimeout on entry.
    """

    def __init__(self, path: str, timeout: Optional[float] = None) -> None:
        self.path = path
        self.timeout = timeout
        self._descriptor: Optional[int] = None

    def __enter__(self) -> "Lock":
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self._take(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, descriptor: int) -> None:
        if self.timeout is None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            return
        ends = time.monotonic() + self.timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
            if time.monotonic() >= ends:
                raise LockTimeout(self.path)
            time.sleep(0.2)


def is_held(path: str) -> bool:
    """Tell whether somebody holds the exclusive lock. Asks for a shared one, so as to take it from nobody."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return True
    finally:
        os.close(descriptor)
