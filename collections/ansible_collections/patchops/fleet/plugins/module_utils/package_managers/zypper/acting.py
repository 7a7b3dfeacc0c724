# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch exact packages, and install exactly the given files."""

import os
import shutil
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.logged import run_logged
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import command as rpm
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import (
    answers,
    command,
    configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result, how_ended

_DOWNLOAD_LIMIT = 4 * 3600  # a slow line is no error; the caller's patience is another matter
# Where packages come to lie, and where zypper links or copies the files that it is given.
_FILLING = ("/", "/var/cache")
_CANT_COPY = "Problem copying the specified RPM file"
_FULL = "No space left on device"
_SLACK = 1 << 20
_NOWHERE = "no repository has it"
# --oldpackage lets the way back be one; what comes is compared with the plan anyway.
_INSTALL = ["install", "--oldpackage", "--auto-agree-with-licenses", "--no-force-resolution"]


def download(packages: List[Dict[str, str]], directory: str) -> List[Dict[str, Any]]:
    """See RpmDriver.download. zypper checks sums and signatures as the repositories are configured to."""
    problems: Dict[str, str] = {}
    for batch in batches(packages):
        problems.update(_download(batch, directory))
    return [{"file": one["file"], "error": problems.get(one["file"])} for one in packages]


def batches(packages: List[Dict[str, str]]) -> List[List[Dict[str, str]]]:
    """Return packages in groups that hold each name once: of two versions zypper fetches the newer. Pure."""
    found: List[List[Dict[str, str]]] = []
    for one in packages:
        group = next((some for some in found if one["name"] not in {other["name"] for other in some}), None)
        if group is None:
            found.append([one])
        else:
            group.append(one)
    return found


def simulate(files: List[str], removals: List[str]) -> List[Dict[str, Any]]:
    """Return what installing `files` would do: [{name, arch, from, to}]; raises DriverError."""
    if not files and not removals:
        return []
    with configuration.without_repositories() as bare:
        answer = command.ask(_arguments(files, removals, ["--dry-run"]), bare.options, bare.env)
    if not command.is_done(answer):
        reason = _reason(answer, files)
        if _FULL in reason:
            raise DriverError("no_space", f"zypper can't look at the packages: {reason}.", "Make room there.")
        raise DriverError(
            "plan_changed",
            f"zypper no longer accepts the packages: {reason}.",
            "Somebody changed the host's packages since they were staged. Call again to make a new plan.",
        )
    return [
        {"name": one.name, "arch": one.arch, "from": one.old, "to": one.new}
        for one in answers.changes(answer.root)
    ]


def install(files: List[str], removals: List[str], log: str) -> List[str]:
    """Install `files` and remove `removals` in one go; return the scripts of packages that failed.

    Raises DriverError where zypper fails; packages may then be in any state.
    """
    if not files and not removals:
        return []
    with configuration.without_repositories() as bare:
        argv = command.command_line(_arguments(files, removals, []), bare.options)
        rc, output = run_logged(argv, log, command.environment(bare.env))
    if rc < 0:
        message = f"zypper {how_ended(rc)} while it changed packages."
        raise DriverError("install_failed", message, f"See {log}.")
    answer = command.understand("install", Result(rc, output, ""))
    scripts = answers.failed_scripts(output)
    if answer.rc == command.SCRIPT_FAILED:
        return scripts or ["zypper doesn't say which (exit code 107)"]
    if not command.is_done(answer):
        reason = _reason(answer, files)
        raise DriverError("install_failed", f"zypper ended with {answer.rc}: {reason}.", f"See {log}.")
    return scripts


def _reason(answer: command.Answer, files: List[str]) -> str:
    """Return why zypper failed. That a disk is full it doesn't say, or has no room to say."""
    said = answers.why_not(answer.root) if answer.rc == command.UNRESOLVED else answers.errors(answer.root)
    needed = sum(os.path.getsize(path) for path in files) if _CANT_COPY in said else 0
    for place in _FILLING:
        disk = os.statvfs(place)
        if disk.f_bavail * disk.f_frsize < needed + _SLACK:
            return f"{_FULL} for {place}; {said}"
    return said


def _arguments(files: List[str], removals: List[str], options: List[str]) -> List[str]:
    return _INSTALL + options + ["--"] + files + [_gone(one) for one in removals]


def _gone(package: str) -> str:
    """Return what tells zypper to remove an installed package (see rpm's `nevra`)."""
    name, version, rest = package.rsplit("-", 2)
    release, _dot, arch = rest.rpartition(".")
    return f"!{name}.{arch}={version}-{release}"


def _download(packages: List[Dict[str, str]], directory: str) -> Dict[str, str]:
    """Fetch packages with different names; return what was wrong, by file."""
    cache = os.path.join(directory, ".partial")
    names = ["{name}.{arch}={version}".format(**one) for one in packages]
    answer = command.ask(["download", "--"] + names, ["--pkg-cache-dir", cache], timeout=_DOWNLOAD_LIMIT)
    found = {
        (one["name"], one["arch"], one["version"]): one["path"] for one in answers.downloads(answer.root)
    }
    said = answers.download_problems(answer.root)
    problems = {}
    for one in packages:
        path = found.get((one["name"], one["arch"], one["version"]))
        if path is not None and os.path.exists(path):
            shutil.move(path, os.path.join(directory, one["file"]))
            continue
        problem = said.get(rpm.nevra(one["name"], one["version"], one["arch"]))
        problems[one["file"]] = problem or (
            _NOWHERE if command.is_done(answer) else answers.errors(answer.root)
        )
    shutil.rmtree(cache, ignore_errors=True)
    return problems
