# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer one question about dnf: a request in, an answer out, both JSON."""

import json
import os
from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.inside import (
    opening,
    reading,
)

try:
    import dnf.exceptions
    import libdnf
except ImportError:
    dnf = None  # see opening.py


def _refresh(request: Dict[str, Any]) -> Any:
    errors = opening.open_with_repositories(fetch=True).errors
    return [{"repository": name, "message": errors[name]} for name in sorted(errors)]


def _read(request: Dict[str, Any]) -> Any:
    return reading.read(opening.open_with_repositories(fetch=False))


_ANSWERS = {
    "refresh": _refresh,
    "read": _read,
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
    with output:
        json.dump(result, output)
