# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer one question about dnf: a request in, an answer out, both JSON."""

import json
import os
from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.inside import (
    acting,
    opening,
    planning,
    reading,
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
    return planning.plan(opened, request["selection"], request["allow_removals"])


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
    """Print {answer} or {refusal: {code, message, remedy}} on standard output, and nothing else."""
    # Plugins and scripts of packages print as they like: that goes where errors go.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        result: Dict[str, Any] = {"answer": _ANSWERS[request["action"]](request)}
    except opening.Refusal as error:
        result = {"refusal": {"code": error.code, "message": error.message, "remedy": error.remedy}}
    except (dnf.exceptions.Error, libdnf.error.Error) as error:
        result = {"refusal": {"code": None, "message": " ".join(str(error).split()), "remedy": ""}}
    except hawkey.Exception as error:
        result = {"refusal": {"code": "interrupted_packages", "message": str(error), "remedy": _REPAIR}}
    with output:
        json.dump(result, output)
