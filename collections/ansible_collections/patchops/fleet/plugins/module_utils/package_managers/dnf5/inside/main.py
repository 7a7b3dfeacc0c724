# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer one question about dnf 5: a request in, an answer out, both JSON."""

from typing import Any, Dict

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


def _refresh(request: Dict[str, Any]) -> Any:
    errors = opening.fetch()
    return [{"repository": name, "message": errors[name]} for name in sorted(errors)]


def _read(request: Dict[str, Any]) -> Any:
    return reading.read()


def _plan(request: Dict[str, Any]) -> Any:
    return planning.plan(solving.Solver(), request["selection"], request["allow_removals"])


def _download(request: Dict[str, Any]) -> Any:
    return acting.download(request["packages"], request["directory"])


def _simulate(request: Dict[str, Any]) -> Any:
    return acting.simulate(request["files"], request["removals"])


def _install(request: Dict[str, Any]) -> Any:
    return acting.install(request["files"], request["removals"])


def _set_reasons(request: Dict[str, Any]) -> Any:
    return acting.set_reasons(request["automatic"], request["manual"])


def _excludes(request: Dict[str, Any]) -> Any:
    return reading.excludes()


_ANSWERS = {
    "refresh": _refresh,
    "read": _read,
    "plan": _plan,
    "download": _download,
    "simulate": _simulate,
    "install": _install,
    "set_reasons": _set_reasons,
    "excludes": _excludes,
}


def main(request: Dict[str, Any]) -> None:
    """Answer on standard output (see answering.py)."""
    answering.answer(request, _ANSWERS, opening.explain)
