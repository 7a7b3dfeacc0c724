# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install exactly these files, with no repository in sight. Forward and back are this one mechanism."""

import os
import re
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.logged import run_logged
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import pacnew, view
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import (
    read_installed,
)

# Runs pacman with an operation and its options; returns its exit code and output.
_Run = Callable[[List[str]], Tuple[int, str]]

# Names of files are UTF-8, whatever the locale of who calls; messages stay English.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
# pacman's number of the question whether to remove what is in the way of a new package.
_REMOVE_CONFLICTING = ["--ask", "4"]
_QUIET = ["--noconfirm", "--noprogressbar", "--color", "never"]
_NO_FILES = ["--dbonly", "--noscriptlet"]
_BEGIN = "+ pacman -U "
_FAILED = "error: command failed to execute correctly"
# "upgrading lab-goodapp...", and of hooks "(1/2) Arming ConditionNeedsUpdate..."
_STEP = re.compile(
    r"^(?:\(\s*\d+/\d+\) (?P<hook>.+?)|(?P<package>(?:install|upgrad|reinstall|downgrad|remov)ing \S+?))\.*$"
)
_COMPLAINT = re.compile(
    r"^(?:error: |:: (?:unable|installing|removing|\S+ breaks)|\S+: .* exists in filesystem)"
)


def simulate(configuration: Configuration, files: List[str], removals: List[str]) -> List[Dict[str, Any]]:
    """Return what `install` would change; raises DriverError when pacman finds it impossible."""
    with view.View(configuration.for_acting(), configuration.database) as asked:
        before = asked.installed()
        rc, output = _change(
            lambda operation: _output(asked.run(operation[:1] + _NO_FILES + operation[1:])),
            lambda: list(asked.installed()),
            files,
            removals,
            [],
        )
        if rc != 0:
            raise DriverError(
                "plan_changed",
                f"pacman no longer accepts the packages: {complaint(output)}.",
                "Somebody changed the host's packages since they were staged. Call again to make a new plan.",
            )
        after = asked.installed()
    changes = []
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or (old.version, old.arch) != (new.version, new.arch):
            changes.append(
                {
                    "name": name,
                    "arch": (new or old).arch,  # type: ignore[union-attr]
                    "from": old.version if old is not None else None,
                    "to": new.version if new is not None else None,
                }
            )
    return changes


def install(
    configuration: Configuration, files: List[str], removals: List[str], going_back: bool, log: str
) -> None:
    """Install `files` (paths) and remove `removals` (names), output to the file `log`.

    Raises DriverError with pacman's own words when it failed; packages may then be in any state.
    """
    present, beside = _present(configuration), pacnew.present()
    with _logged(configuration, log) as run:
        # A package that was not there before leaves nothing behind when it goes.
        rc, output = _change(run, present, files, removals, ["--nosave"] if going_back else [])
    if going_back:
        pacnew.remove(log)
    else:
        pacnew.note(output, beside, log)
    if rc != 0:
        raise DriverError(
            "install_failed", f"pacman {process.how_ended(rc)}: {complaint(output)}.", f"See {log}."
        )
    failed = failures(output)
    # On the way back the packages count: a script of the bad version may well fail once more.
    if failed and not going_back:
        raise DriverError(
            "install_failed",
            "pacman says it succeeded, but scripts or hooks of packages failed: " + "; ".join(failed) + ".",
            f"See {log}.",
        )


def install_by_force(configuration: Configuration, files: List[str], removals: List[str], log: str) -> None:
    """Put `files` back over whatever lies there, without asking for consistency; raises DriverError."""
    problems = []
    with _logged(configuration, log) as run:
        if files:
            operation = ["-U", "-dd", "--overwrite", "*"] + _QUIET
            operation += _REMOVE_CONFLICTING if removals else []
            rc, output = run(operation + files)
            if rc != 0:
                rc, output = run(operation + ["--noscriptlet"] + files)
            if rc != 0:
                problems.append(complaint(output))
        left = [name for name in removals if name in _present(configuration)()]
        if left:
            rc, output = run(["-R", "-dd", "--nosave"] + _QUIET + left)
            if rc != 0:
                problems.append(complaint(output))
    if problems:
        raise DriverError("revert_failed", "pacman failed: " + "; ".join(problems), f"See {log}.")


def set_reasons(automatic: List[str], manual: List[str]) -> None:
    """Make installed packages automatic or manual ones; raises DriverError."""
    for option, names in (("--asdeps", automatic), ("--asexplicit", manual)):
        result = process.run(["pacman", "-D", option] + names, timeout=120) if names else None
        if result is not None and result.rc != 0:
            raise DriverError("internal_error", f"pacman -D {option} failed: {result.stderr.strip()}")


def failures(output: str) -> List[str]:
    """Return the steps of a change whose script or hook failed: pacman goes on and reports success. Pure."""
    found, step = [], "the change"
    for line in output.splitlines():
        match = _STEP.match(line.strip())
        if match:
            step = match.group("hook") or match.group("package")
        elif line.startswith(_FAILED):
            found.append(f"{step}: its command failed")
    return found


def newest_change(log: str) -> str:
    """Return what pacman printed of the newest change in a log."""
    with open(log, encoding="utf-8", errors="replace") as stream:
        return stream.read().rpartition(_BEGIN)[2]


def complaint(output: str) -> str:
    """Return what pacman complained about, in at most a few lines' worth of text."""
    lines = [line.strip() for line in output.splitlines()]
    found = [line for line in lines if _COMPLAINT.match(line)]
    return "; ".join(found)[:800] or " ".join(lines[-3:])[:800] or "it said nothing"


def _change(
    run: _Run,
    present: Callable[[], List[str]],
    files: List[str],
    removals: List[str],
    removing: List[str],
) -> Tuple[int, str]:
    """Install and remove; `present` returns what is installed, `removing`: options for the removal."""
    rc, output = 0, ""
    if files:
        asking = _REMOVE_CONFLICTING if removals else []
        rc, output = run(["-U"] + _QUIET + asking + files)
    left = [name for name in removals if name in present()] if rc == 0 else []
    if left:
        rc, more = run(["-R"] + _QUIET + removing + left)
        output += more
    return rc, output


def _present(configuration: Configuration) -> Callable[[], List[str]]:
    return lambda: [one.name for one in read_installed(configuration.database)[0]]


@contextmanager
def _logged(configuration: Configuration, log: str) -> Iterator[_Run]:
    path = os.path.join(os.path.dirname(log), "pacman.conf")
    try:
        write_file(path, configuration.for_acting().encode("utf-8"))
    except OSError as error:
        raise view.refusal(error, f"{path} could not be written")
    try:
        yield lambda operation: run_logged(
            ["pacman"] + operation[:1] + ["--config", path] + operation[1:], log, _ENVIRONMENT
        )
    finally:
        os.sync()  # pacman leaves that to the kernel, and a power cut would find files of no length
        os.unlink(path)


def _output(result: process.Result) -> Tuple[int, str]:
    return result.rc, result.stdout + result.stderr
