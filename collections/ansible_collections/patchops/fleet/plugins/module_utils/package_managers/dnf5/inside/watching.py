# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""See what goes wrong while rpm works: it goes on when a script of a package fails."""

import os
from typing import Any, List

try:
    from libdnf5 import rpm

    _Callbacks: Any = rpm.TransactionCallbacks
except ImportError:
    _Callbacks = object  # see opening.py


class Watch:
    """`complaints`: what failed, one line each; they are printed, too."""

    def __init__(self) -> None:
        self.complaints: List[str] = []
        # libdnf5 calls it without keeping it alive.
        self._listener = _Listener(self.complaints)

    def pointer(self) -> Any:
        """Return what libdnf5 takes as its callbacks."""
        return rpm.TransactionCallbacksUniquePtr(self._listener)


class _Listener(_Callbacks):  # type: ignore[misc]
    """An error in a method here would end the process in the middle of the transaction."""

    def __init__(self, complaints: List[str]) -> None:
        super().__init__()
        self._complaints = complaints

    def script_stop(self, item: Any, nevra: Any, kind: int, return_code: int) -> None:
        if return_code:
            script = rpm.TransactionCallbacks.script_type_to_string(kind)
            name = f"{nevra.get_name()}-{nevra.get_version()}-{nevra.get_release()}.{nevra.get_arch()}"
            self._complain(f"Error in %{script} scriptlet of package {name}")

    def cpio_error(self, item: Any) -> None:
        self._complain("Error in the content of a package: it could not be unpacked")

    def unpack_error(self, item: Any) -> None:
        self._complain(f"Error in unpacking {item.get_package().get_nevra()}")

    def _complain(self, text: str) -> None:
        self._complaints.append(text)
        # Not every letter is one in every locale.
        os.write(2, (text + "\n").encode("utf-8", "replace"))
