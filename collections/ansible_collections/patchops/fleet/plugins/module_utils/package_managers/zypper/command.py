# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run zypper and understand how it ended. It is asked for XML, which is the same in every language."""

from typing import Dict, List, NamedTuple, Optional
from xml.etree.ElementTree import Element

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import answers
from ansible_collections.patchops.fleet.plugins.module_utils.process import (
    NOT_FOUND,
    Result,
    how_ended,
    run,
)

# Exit codes, from zypper(8).
UNRESOLVED = 4
NO_REPOSITORIES = 6
NO_SUCH_PACKAGE = 104
REPOSITORIES_SKIPPED = 106
SCRIPT_FAILED = 107
_PRIVILEGES = 5
_LOCKED = 7
# Updates there are; reboot, or start zypper anew: what was asked for is done all the same.
_DONE = (0, 100, 101, 102, 103)

_ASKING = ["zypper", "--xmlout", "--non-interactive"]
# Nobody else may use zypper while one works, not even to read: wait rather than fail, for this many seconds.
_ENVIRONMENT = {"ZYPP_LOCK_TIMEOUT": "120"}
_TIME_LIMIT = 1800

Answer = NamedTuple("Answer", [("rc", int), ("root", Element)])


def ask(
    arguments: List[str],
    options: Optional[List[str]] = None,
    env: Optional[Dict[str, str]] = None,
    refreshing: bool = False,
    timeout: float = _TIME_LIMIT,
) -> Answer:
    """Return zypper's answer; raises DriverError when it gave none.

    `options` are global ones, before the command; without `refreshing` the network is left alone, except for
    packages. Whether `rc` is a failure the caller decides (`is_done`).
    """
    argv = command_line(arguments, options, refreshing)
    return understand(arguments[0], run(argv, timeout=timeout, env=environment(env)))


def command_line(
    arguments: List[str], options: Optional[List[str]] = None, refreshing: bool = False
) -> List[str]:
    """Return the command that `ask` runs."""
    return _ASKING + ([] if refreshing else ["--no-refresh"]) + (options or []) + arguments


def environment(env: Optional[Dict[str, str]] = None) -> Dict[str, str]:
    """Return what zypper's environment has besides the usual."""
    return dict(_ENVIRONMENT, **(env or {}))


def understand(what: str, result: Result) -> Answer:
    """Return the answer in what a command printed; raises DriverError where it ended before its work."""
    if result.rc == NOT_FOUND:
        raise DriverError("unsupported_platform", "The program zypper is not there.", "Install it.")
    root = answers.read_stream(result.stdout)
    if root is None or result.rc < 0:
        said = " ".join((result.stderr.strip() or result.stdout.strip()).split()[-60:]) or "it said nothing"
        raise DriverError(
            "internal_error",
            f"zypper ended without an answer; {what} {how_ended(result.rc)}: {said}",
            f"Run zypper {what} on the host and repair what it complains about.",
        )
    if result.rc == _LOCKED:
        raise DriverError(
            "lock_held",
            "Could not get lock: " + answers.errors(root),
            "Wait until the other program has ended, then call again.",
        )
    if result.rc == _PRIVILEGES:
        raise DriverError("not_root", "zypper needs root: " + answers.errors(root), "Use become.")
    return Answer(result.rc, root)


def is_done(answer: Answer) -> bool:
    """Tell whether zypper did what it was asked for."""
    return answer.rc in _DONE


def expect(what: str, answer: Answer) -> Answer:
    """Return the answer, or raise DriverError where zypper didn't do what it was asked for."""
    if is_done(answer):
        return answer
    raise DriverError(
        "repository_unreadable" if answer.rc == REPOSITORIES_SKIPPED else "internal_error",
        f"zypper {what} ended with {answer.rc}: {answers.errors(answer.root)}",
        f"Run zypper {what} on the host and repair what it complains about.",
    )
