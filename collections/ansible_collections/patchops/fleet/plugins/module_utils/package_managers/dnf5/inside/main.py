# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer questions about dnf 5."""

from typing import Any, Dict, Iterable, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5.inside import (
    acting,
    opening,
    reading,
    solving,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside import (
    answering,
    planning,
)


class _Answers:
    """One question each. What several of them need is opened once."""

    def __init__(self) -> None:
        self._opened: Optional[opening.Opened] = None

    def refresh(self, request: Dict[str, Any]) -> Any:
        errors = opening.fetch()
        return [{"repository": name, "message": errors[name]} for name in sorted(errors)]

    def present(self, request: Dict[str, Any]) -> Any:
        return reading.present(opening.open_without_repositories())

    def read(self, request: Dict[str, Any]) -> Any:
        return reading.read(self._with_repositories())

    def plan(self, request: Dict[str, Any]) -> Any:
        solver = solving.Solver(self._with_repositories())
        return planning.plan(solver, request["selection"], request["allow_removals"])

    def download(self, request: Dict[str, Any]) -> Any:
        return acting.download(self._with_repositories(), request["packages"], request["directory"])

    def simulate(self, request: Dict[str, Any]) -> Any:
        return acting.simulate(request["files"], request["removals"])

    def install(self, request: Dict[str, Any]) -> Any:
        return acting.install(request["files"], request["removals"])

    def set_reasons(self, request: Dict[str, Any]) -> Any:
        return acting.set_reasons(request["automatic"], request["manual"])

    def excludes(self, request: Dict[str, Any]) -> Any:
        return reading.excludes()

    def _with_repositories(self) -> opening.Opened:
        if self._opened is None:
            self._opened = opening.Opened()
        return self._opened


def main(questions: Iterable[str]) -> None:
    """Answer on standard output (see answering.py)."""
    answers = _Answers()
    answering.serve(
        questions,
        {
            "refresh": answers.refresh,
            "present": answers.present,
            "read": answers.read,
            "plan": answers.plan,
            "download": answers.download,
            "simulate": answers.simulate,
            "install": answers.install,
            "set_reasons": answers.set_reasons,
            "excludes": answers.excludes,
        },
        opening.explain,
    )
