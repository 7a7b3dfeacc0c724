# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hear what goes wrong while libdnf5 and rpm work, and is not in what they return.

An error in a method that they call would end the process, in the middle of a transaction too.
"""

import os
from typing import Any, Dict, List

try:
    from libdnf5 import repo, rpm

    _TransactionCallbacks: Any = rpm.TransactionCallbacks
    _DownloadCallbacks: Any = repo.DownloadCallbacks
except ImportError:
    _TransactionCallbacks = _DownloadCallbacks = object  # see opening.py


# libdnf5 calls listeners without keeping them alive, as long as what they listen to lives.
_ALIVE: List[Any] = []


class Downloads:
    """Hears what mirrors answered, with their status codes."""

    def __init__(self, base: Any) -> None:
        self._failures: Dict[str, str] = {}
        listener = _DownloadListener(self._failures)
        _ALIVE.append(listener)
        base.set_download_callbacks(repo.DownloadCallbacksUniquePtr(listener))

    def explain(self, error: Exception) -> str:
        """Return an error's text in one line, with what the first mirror answered."""
        return "; ".join([" ".join(str(error).split())] + list(self._failures.values())[:1])

    def failure_of(self, location: str) -> str:
        """Return why a file (its path in the repository) could not be had, empty when nothing was heard."""
        for url in self._failures:
            if url.endswith("/" + location):
                return self._failures[url]
        return ""


class Watch:
    """Hears of a transaction: rpm goes on when a script of a package fails.

    `complaints`: what failed, one line each; they are printed, too.
    """

    def __init__(self, transaction: Any) -> None:
        self.complaints: List[str] = []
        listener = _TransactionListener(self.complaints)
        _ALIVE.append(listener)
        transaction.set_callbacks(rpm.TransactionCallbacksUniquePtr(listener))


class _DownloadListener(_DownloadCallbacks):  # type: ignore[misc]
    def __init__(self, failures: Dict[str, str]) -> None:
        super().__init__()
        self._failures = failures

    def mirror_failure(self, user_cb_data: Any, msg: str, url: str, metadata: str) -> int:
        self._failures.setdefault(str(url), " ".join(str(msg).split()))
        return 0  # go on with the next mirror


class _TransactionListener(_TransactionCallbacks):  # type: ignore[misc]
    def __init__(self, complaints: List[str]) -> None:
        super().__init__()
        self._complaints = complaints

    def script_stop(self, item: Any, nevra: Any, kind: int, return_code: int) -> None:
        if return_code:
            script = rpm.TransactionCallbacks.script_type_to_string(kind)
            name = f"{nevra.get_name()}-{nevra.get_version()}-{nevra.get_release()}.{nevra.get_arch()}"
            self._complain(f"Error in {script} scriptlet of package {name}")

    def cpio_error(self, item: Any) -> None:
        self._complain("Error in the content of a package: it could not be unpacked")

    def unpack_error(self, item: Any) -> None:
        self._complain(f"Error in unpacking {item.get_package().get_nevra()}")

    def _complain(self, text: str) -> None:
        self._complaints.append(text)
        # Not every letter is one in every locale.
        os.write(2, (text + "\n").encode("utf-8", "replace"))
