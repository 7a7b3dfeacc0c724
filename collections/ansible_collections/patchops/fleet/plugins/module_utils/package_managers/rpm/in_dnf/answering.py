# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer questions until there are no more: a line of JSON in, a line of JSON out."""

import json
import os
from typing import Any, Callable, Dict, Iterable, Mapping

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError

Answers = Mapping[str, Callable[..., Any]]


def serve(questions: Iterable[str], answers: Answers, explain: Callable[[Exception], DriverError]) -> None:
    """Print {answer} or {refusal: {code, message, remedy}} for each question, and nothing else.

    Each before the next question is read. `answers` has a function for each question's "action", which is
    called with what else the question has; `explain` makes a DriverError of the package manager's own
    errors, and raises every other one again. Without a code the refusal is what the caller takes it for.
    """
    # Plugins and scripts of packages print as they like: that goes where errors go.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        with output:
            for line in questions:
                output.write(json.dumps(_answer(json.loads(line), answers, explain)) + "\n")
                output.flush()
    except BrokenPipeError:
        pass  # who asked has died; what was asked for is done all the same


def _answer(
    question: Dict[str, Any], answers: Answers, explain: Callable[[Exception], DriverError]
) -> Dict[str, Any]:
    try:
        answer = answers[question.pop("action")]
        return {"answer": answer(**question)}
    except Exception as error:
        refusal = error if isinstance(error, DriverError) else explain(error)
        return {"refusal": {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy}}
