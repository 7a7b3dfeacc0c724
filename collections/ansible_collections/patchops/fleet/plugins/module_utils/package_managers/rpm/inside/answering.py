# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer one question: a request in, an answer out, both JSON."""

import json
import os
from typing import Any, Callable, Dict, Mapping

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside.refusal import (
    Refusal,
)


def answer(
    request: Dict[str, Any],
    answers: Mapping[str, Callable[[Dict[str, Any]], Any]],
    explain: Callable[[Exception], Refusal],
) -> None:
    """Print {answer} or {refusal: {code, message, remedy}} on standard output, and nothing else.

    `answers` has a function for each request["action"]; `explain` makes a Refusal of the package manager's
    own errors, and raises every other one again. Without a code the refusal is what the caller takes it for.
    """
    # Plugins and scripts of packages print as they like: that goes where errors go.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        result: Dict[str, Any] = {"answer": answers[request["action"]](request)}
    except Exception as error:
        refusal = error if isinstance(error, Refusal) else explain(error)
        result = {"refusal": {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy}}
    with output:
        json.dump(result, output)
