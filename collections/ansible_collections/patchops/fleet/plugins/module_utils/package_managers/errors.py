# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a package manager says that it can't do what it was asked for."""

from typing import Any, Dict, Optional


class DriverError(Exception):
    """The package manager could not be asked or did not do what it was asked for.

    `code` is one of the codes in outcome.py; `message` says what happened and in which state the host is now;
    `remedy` says what to do. `details` is what a result carries besides.
    """

    def __init__(
        self, code: str, message: str, remedy: str = "", details: Optional[Dict[str, Any]] = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.details = details or {}
