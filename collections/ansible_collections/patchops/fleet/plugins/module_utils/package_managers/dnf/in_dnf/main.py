# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer questions about dnf."""

import errno
from functools import partial
from typing import Iterable

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import selection
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.in_dnf import (
    acting,
    opening,
    reading,
    solving,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    answering,
)

try:
    import dnf.exceptions
    import hawkey
    import libdnf
except ImportError:
    dnf = None  # see opening.py


_MAKE_ROOM = "Free space where dnf keeps what it downloads (/var/cache/dnf), then call again."
_REPAIR = "See whether rpm -qa works on the host; rpm --rebuilddb makes the rpm database anew."


def main(questions: Iterable[str]) -> None:
    """Answer on standard output (see answering.py)."""
    opened = opening.Opened()
    answering.serve(
        questions,
        {
            "version": lambda: dnf.VERSION,
            "refresh": opened.refresh,
            "present": reading.present,
            "read": partial(reading.read, opened),
            "plan": lambda **asked: document(selection.make_plan(solving.Solver(opened), **asked)),
            "download": partial(acting.download, opened),
            "simulate": acting.simulate,
            "install": acting.install,
            "set_reasons": acting.set_reasons,
        },
        _explain,
    )


def _explain(error: Exception) -> DriverError:
    if isinstance(error, (dnf.exceptions.Error, libdnf.error.Error)):
        return DriverError("", " ".join(str(error).split()))
    if isinstance(error, hawkey.Exception):
        return DriverError("interrupted_packages", str(error), _REPAIR)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return DriverError("no_space", f"No room for what dnf writes: {error}.", _MAKE_ROOM)
    raise error
