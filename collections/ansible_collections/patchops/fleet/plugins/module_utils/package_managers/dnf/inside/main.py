# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer one question about dnf: a request in, an answer out, both JSON."""

from typing import Any, Dict

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


_REPAIR = "See whether rpm -qa works on the host; rpm --rebuilddb makes the rpm database anew."


def _refresh(request: Dict[str, Any]) -> Any:
    errors = opening.open_with_repositories(fetch=True).errors
    return [{"repository": name, "message": errors[name]} for name in sorted(errors)]


def _read(request: Dict[str, Any]) -> Any:
    return reading.read(opening.open_with_repositories(fetch=False))


def _plan(request: Dict[str, Any]) -> Any:
    opened = opening.open_with_repositories(fetch=False)
    return planning.plan(solving.Solver(opened.base), request["selection"], request["allow_removals"])


def _download(request: Dict[str, Any]) -> Any:
    opened = opening.open_with_repositories(fetch=False)
    return acting.download(opened, request["packages"], request["directory"])


def _simulate(request: Dict[str, Any]) -> Any:
    return acting.simulate(opening.open_without_repositories(), request["files"], request["removals"])


def _install(request: Dict[str, Any]) -> Any:
    return acting.install(opening.open_without_repositories(), request["files"], request["removals"])


def _set_reasons(request: Dict[str, Any]) -> Any:
    base = opening.open_without_repositories()
    return acting.set_reasons(base, request["automatic"], request["manual"])


_ANSWERS = {
    "refresh": _refresh,
    "read": _read,
    "plan": _plan,
    "download": _download,
    "simulate": _simulate,
    "install": _install,
    "set_reasons": _set_reasons,
}


def main(request: Dict[str, Any]) -> None:
    """Answer on standard output (see answering.py)."""
    answering.answer(request, _ANSWERS, _explain)


def _explain(error: Exception) -> Refusal:
    if isinstance(error, (dnf.exceptions.Error, libdnf.error.Error)):
        return Refusal("", " ".join(str(error).split()))
    if isinstance(error, hawkey.Exception):
        return Refusal("interrupted_packages", str(error), _REPAIR)
    raise error
