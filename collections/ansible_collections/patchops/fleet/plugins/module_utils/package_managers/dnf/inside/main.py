# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer questions about dnf."""

import errno
from typing import Any, Dict, Iterable, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.inside import (
    acting,
    opening,
    reading,
    solving,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside import (
    answering,
    planning,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside.refusal import (
    Refusal,
)

try:
    import dnf.exceptions
    import hawkey
    import libdnf
except ImportError:
    dnf = None  # see opening.py


_MAKE_ROOM = "Free space where dnf keeps what it downloads (/var/cache/dnf), then call again."
_REPAIR = "See whether rpm -qa works on the host; rpm --rebuilddb makes the rpm database anew."


class _Answers:
    """One question each. What several of them need is opened once."""

    def __init__(self) -> None:
        self._opened: Optional[opening.Opened] = None

    def version(self, request: Dict[str, Any]) -> Any:
        return dnf.VERSION

    def refresh(self, request: Dict[str, Any]) -> Any:
        self._opened = opening.open_with_repositories(fetch=True)
        errors = self._opened.errors
        return [{"repository": name, "message": errors[name]} for name in sorted(errors)]

    def present(self, request: Dict[str, Any]) -> Any:
        with opening.without_repositories() as base:
            return reading.present(base)

    def read(self, request: Dict[str, Any]) -> Any:
        return reading.read(self._with_repositories())

    def plan(self, request: Dict[str, Any]) -> Any:
        solver = solving.Solver(self._with_repositories())
        return planning.plan(solver, request["selection"], request["allow_removals"])

    def download(self, request: Dict[str, Any]) -> Any:
        return acting.download(self._with_repositories(), request["packages"], request["directory"])

    def simulate(self, request: Dict[str, Any]) -> Any:
        with opening.without_repositories() as base:
            return acting.simulate(base, request["files"], request["removals"])

    def install(self, request: Dict[str, Any]) -> Any:
        with opening.without_repositories() as base:
            return acting.install(base, request["files"], request["removals"])

    def set_reasons(self, request: Dict[str, Any]) -> Any:
        with opening.without_repositories() as base:
            return acting.set_reasons(base, request["automatic"], request["manual"])

    def _with_repositories(self) -> opening.Opened:
        if self._opened is None:
            self._opened = opening.open_with_repositories(fetch=False)
        return self._opened


def main(questions: Iterable[str]) -> None:
    """Answer on standard output (see answering.py)."""
    answers = _Answers()
    answering.serve(
        questions,
        {
            "version": answers.version,
            "refresh": answers.refresh,
            "present": answers.present,
            "read": answers.read,
            "plan": answers.plan,
            "download": answers.download,
            "simulate": answers.simulate,
            "install": answers.install,
            "set_reasons": answers.set_reasons,
        },
        _explain,
    )


def _explain(error: Exception) -> Refusal:
    if isinstance(error, (dnf.exceptions.Error, libdnf.error.Error)):
        return Refusal("", " ".join(str(error).split()))
    if isinstance(error, hawkey.Exception):
        return Refusal("interrupted_packages", str(error), _REPAIR)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Refusal("no_space", f"No room for what dnf writes: {error}.", _MAKE_ROOM)
    raise error
