# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break the lab's mirror, and to put it right."""

import json
import re
from http import HTTPStatus

from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.distributions.base import BrokenSuite
from patchops_lab.errors import LabError
from patchops_lab.files import replace_file
from patchops_lab.lab import Lab


def suite_of(lab: Lab, target: str) -> BrokenSuite:
    """A part of the mirror to be broken: SUITE or SUITE/PACKAGE.

    :raises LabError: there is no such suite, or it has no such package
    """
    name = target.partition("/")[0]
    for distribution in DISTRIBUTIONS.values():
        if name in distribution.suites:
            return distribution.suite_of(lab.paths, target)
    known = sorted({suite for distribution in DISTRIBUTIONS.values() for suite in distribution.suites})
    raise LabError(f"{name!r} is not a suite: it is one of {', '.join(known)}.")


def slow_down(lab: Lab, bytes_per_second: str) -> None:
    """The mirror sends every file at this rate.

    :raises LabError: the rate is not a whole number above 0
    """
    if not bytes_per_second.isdecimal() or int(bytes_per_second) == 0:
        raise LabError(f"{bytes_per_second!r} is not a rate: give whole bytes a second, such as 50000.")
    _tell_mirror(lab, {"bytes_per_second": int(bytes_per_second)})


def answer_with(lab: Lab, status: str) -> None:
    """The mirror answers every request with an HTTP status.

    :raises LabError: it is not one of an error
    """
    if not re.fullmatch(r"[45]\d\d", status) or int(status) not in {item.value for item in HTTPStatus}:
        raise LabError(f"{status!r} is not the HTTP status of an error, such as 404 or 503.")
    _tell_mirror(lab, {"status": int(status)})


def put_mirror_right(lab: Lab) -> None:
    """The mirror answers as it should, and every suite is what it was."""
    lab.paths.mirror_fault.unlink(missing_ok=True)
    kept = lab.paths.kept
    if kept.is_dir():
        for suite in kept.iterdir():
            suite_of(lab, suite.name).put_right()


def _tell_mirror(lab: Lab, fault: dict[str, int]) -> None:
    replace_file(lab.paths.mirror_fault, json.dumps(fault).encode())
