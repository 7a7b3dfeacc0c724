# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence that keeps the calls of a former attempt out: a number that grows with each owner of a run."""

from contextlib import contextmanager
from typing import Iterator, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import Lock, LockTimeout
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory

LARGEST = 2**63 - 1
# Seconds that a call waits for another one that is at work.
PATIENCE = 120.0
# A token has at most this many digits.
_DIGITS = len(str(LARGEST))


@contextmanager
def admitted(state: StateDirectory, fence: Optional[int], patience: float) -> Iterator[None]:
    """Keep other calls out, and let this one act if no newer token was seen on the host.

    Every call that changes something on the host, an entry of a journal included, acts in here. `patience`:
    the seconds that it waits for another call. Raises DriverError.
    """
    check_range(fence)
    state.make()
    try:
        with Lock(state.calls_lock, patience):
            _pass(state, fence)
            yield
    except LockTimeout:
        raise DriverError(
            "lock_held",
            f"Another call has been at work on this host for {patience:.0f} seconds.",
            "Wait for it, then call again.",
        )


def look(state: StateDirectory, fence: Optional[int]) -> None:
    """Raise DriverError where `admitted` would for this token; remember nothing."""
    check_range(fence)
    if fence is not None:
        _refuse_stale(fence, _newest(state.fence))


def check_range(fence: Optional[int]) -> None:
    """Raise DriverError for a number that can't be a token."""
    if fence is not None and not 0 <= fence <= LARGEST:
        raise DriverError(
            "bad_arguments",
            f"The fencing token is not one of 0 to {LARGEST}. Nothing was changed by this call.",
            "Give the number that the scheduler handed out (patchops_fence, or fence of the task).",
        )


def _pass(state: StateDirectory, fence: Optional[int]) -> None:
    """Remember a token. A call without one (a person at work) passes."""
    if fence is None:
        return
    newest = _newest(state.fence)
    _refuse_stale(fence, newest)
    if fence != newest:
        write_file(state.fence, str(fence).encode("ascii"))


def _refuse_stale(fence: int, newest: Optional[int]) -> None:
    if newest is not None and fence < newest:
        raise DriverError(
            "stale_fence",
            f"This call carries fencing token {fence}; the host has seen {newest}. "
            "Nothing was changed by this call.",
            "A newer attempt has taken over; look at it instead of trying again.",
        )


def _newest(path: str) -> Optional[int]:
    """Return the newest token that the host has seen, None when there was none; raises DriverError."""
    try:
        with open(path, "rb") as stream:
            text = stream.read(_DIGITS + 2).strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, str(error))
    if not text.isdigit() or len(text) > _DIGITS or int(text) > LARGEST:
        raise _damaged(path, "it holds no number" if text else "it is empty")
    return int(text)


def _damaged(path: str, why: str) -> DriverError:
    return DriverError(
        "fence_damaged",
        f"Which fencing token this host has seen last can't be read from {path}: {why}. "
        "Nothing was changed by this call.",
        "See to it that no former attempt is at work, remove that file, then call again. The next token is "
        "noted anew.",
    )
