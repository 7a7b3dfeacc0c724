# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install exactly these files, with no repository in sight. Forward and back are this one mechanism."""

import itertools
import os
import re
from typing import Any, List

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import commands, simulation
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.logged import run_logged

# apt sees what is installed and what it is given, nothing else: a mirror that moves, a pin or a newer version
# can't change what happens. The host's own package cache is left as it is.
_NO_REPOSITORIES = [
    "-o",
    "Dir::Etc::sourcelist=/dev/null",
    "-o",
    "Dir::Etc::sourceparts=/dev/null",
    "-o",
    "Dir::State::lists=/nonexistent/",
    "-o",
    "Dir::Etc::preferences=/dev/null",
    "-o",
    "Dir::Etc::preferencesparts=/dev/null",
    "-o",
    "Dir::Cache::pkgcache=",
    "-o",
    "Dir::Cache::srcpkgcache=",
    "-o",
    "APT::Sandbox::User=root",
]
_KEEP_FILES = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
_ACT = ["-y", "-q", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=60"]
_DPKG_ERROR = re.compile(r"dpkg(?:-\w+)?: (?:error|unrecoverable)")
_LONGEST_CAUSES = 1200
_LONGEST = 2000


def simulate(files: List[str], removals: List[str], allow_downgrades: bool) -> List[simulation.Change]:
    """Return what `install` would change; raises DriverError when apt finds it impossible."""
    # With -y as `install` has it: apt then refuses here what it would refuse there.
    result = commands.apt_get(["-s", "-y"] + _arguments(files, removals, allow_downgrades))
    if result.rc != 0:
        reasons = simulation.errors(result.stderr) + simulation.unmet(result.stdout)[:5]
        raise DriverError(
            "plan_changed",
            "apt no longer accepts the packages: " + "; ".join(reasons) + ".",
            "Somebody changed the host's packages since they were staged. Call again to make a new plan.",
        )
    return simulation.parse_changes(result.stdout)


def install(files: List[str], removals: List[str], allow_downgrades: bool, log: str) -> None:
    """Install `files` (paths) and remove `removals` (names), output to the file `log`.

    Raises DriverError with dpkg's own words when it failed; packages may then be in any state.
    """
    argv = (
        ["apt-get"]
        + commands.PREDICTABLE
        + _ACT
        + _KEEP_FILES
        + _arguments(files, removals, allow_downgrades)
    )
    rc, output = run_logged(argv, log, commands.NONINTERACTIVE)
    if rc != 0:
        raise DriverError(
            "install_failed", f"apt-get {process.how_ended(rc)}: {complaint(output)}", f"See {log}."
        )


def install_by_force(files: List[str], removals: List[str], log: str) -> None:
    """Put `files` back where apt finds no way through half-installed packages; raises DriverError."""
    dpkg = ["dpkg", "--force-confdef", "--force-confold", "--force-downgrade"]
    problems = []
    if removals:
        argv = dpkg + ["--force-depends", "--force-remove-reinstreq", "--remove"] + removals
        rc, output = run_logged(argv, log, commands.NONINTERACTIVE)
        if rc != 0:
            problems.append(complaint(output))
    if files:
        rc, output = run_logged(dpkg + ["--install"] + files, log, commands.NONINTERACTIVE)
        if rc != 0:
            # Order is dpkg's to find: what could not be configured before its dependency can be now.
            rc, output = configure_all(log)
        if rc != 0:
            problems.append(complaint(output))
    if problems:
        raise DriverError("revert_failed", "dpkg failed: " + "; ".join(problems), f"See {log}.")


def configure_all(log: str) -> Any:
    """Finish what dpkg began (``dpkg --configure -a``). Return (rc, output)."""
    argv = ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"]
    return run_logged(argv, log, commands.NONINTERACTIVE)


def purge(names: List[str], log: str) -> None:
    """Remove what removed packages left behind; raises DriverError."""
    rc, output = run_logged(["dpkg", "--purge"] + names, log, commands.NONINTERACTIVE)
    if rc != 0:
        raise DriverError("revert_failed", "dpkg --purge failed: " + complaint(output), f"See {log}.")


def complaint(output: str) -> str:
    """Return what apt and dpkg complained about: dpkg's own causes first, apt's summary of them last."""
    lines = output.splitlines()
    causes, summaries = [], []
    for number, line in enumerate(lines):
        if _DPKG_ERROR.match(line):
            # dpkg indents the lines that go on with the same sentence; the last of them is often the cause.
            causes.append(" ".join([line.strip()] + _indented(lines[number + 1 :])))
        elif line.startswith("E: "):
            summaries.append(line.strip())
        elif line.startswith("Errors were encountered while processing"):
            named = _indented(lines[number + 1 :])
            more = f" and {len(named) - 5} more" if len(named) > 5 else ""
            summaries += ["at " + ", ".join(named[:5]) + more] if named else []
    found = _shortened(causes) + summaries
    return "; ".join(found)[:_LONGEST] or " ".join(lines[-3:])[:_LONGEST] or "it said nothing"


def _indented(lines: List[str]) -> List[str]:
    return [text.strip() for text in itertools.takewhile(lambda text: text.startswith(" "), lines)]


def _shortened(causes: List[str]) -> List[str]:
    """Return the first causes whole; a list of many is cut at its end, and says by how many."""
    kept, room = causes[:1], _LONGEST_CAUSES - sum(len(one) for one in causes[:1])
    for one in causes[1:]:
        if len(one) > room:
            return kept + [f"and {len(causes) - len(kept)} more errors"]
        kept.append(one)
        room -= len(one)
    return kept


def restore_marks(automatic: List[str], present: List[str]) -> None:
    """Make exactly `automatic` of the packages in `present` (name:arch both) automatic ones."""
    for verb, names in (
        ("auto", sorted(set(automatic) & set(present))),
        ("manual", sorted(set(present) - set(automatic))),
    ):
        if names:
            result = process.run(["apt-mark", verb] + names, timeout=120)
            if result.rc != 0:
                raise DriverError("internal_error", f"apt-mark {verb} failed: {result.stderr.strip()}")


def _arguments(files: List[str], removals: List[str], allow_downgrades: bool) -> List[str]:
    options = ["--allow-downgrades"] if allow_downgrades else []
    if not removals:
        options.append("--no-remove")
    names = [f"{name}-" for name in removals]
    # Given nothing but files, apt begins nothing where a dependency is unmet (as dpkg leaves it when it is
    # killed between two packages), not even what would meet it; given a name too, it does.
    names += [commands.spec_of_file(path) for path in files[:1]]
    return _NO_REPOSITORIES + options + ["install"] + [os.path.abspath(path) for path in files] + names
