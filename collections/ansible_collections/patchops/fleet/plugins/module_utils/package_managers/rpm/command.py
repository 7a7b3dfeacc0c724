# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rpm command answers and does without a package manager over it."""

import re
from typing import Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.logged import run_logged
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_UNOWNED = re.compile(r"^(?:file .* is not owned by any package|error: file .*)$")
# The header is the same in the rpm database and in the file, signed or not; it names the sum of the content.
_IDENTITY = "%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH} %{SHA256HEADER} %{SHA1HEADER}\\n"
_COMPLAINT = re.compile(r"error: |\t.*(?:conflict|needed by|requires)")


def nevra(name: str, version: str, arch: str) -> str:
    """Return what the command line of rpm calls an installed package."""
    return f"{name}-{version}.{arch}"


def file_name(name: str, version: str, arch: str) -> str:
    """Return the name under which we keep a package."""
    return "{}-{}.{}.rpm".format(name, version.replace(":", "%3a"), arch)


def read_owners(paths: List[str]) -> Dict[str, str]:
    """Return the package of each path that one owns."""
    return parse_owners(run(["rpm", "-qf", "--queryformat", "%{NAME}\\n"] + paths).stdout, paths)


def parse_owners(text: str, paths: List[str]) -> Dict[str, str]:
    """Return the owners that `rpm -qf` prints, one line a path in their order."""
    lines = [line for line in text.splitlines() if line]
    if len(lines) != len(paths):
        return {}  # a path with two owners: which line is whose can't be told
    return {path: lines[place] for place, path in enumerate(paths) if not _UNOWNED.match(lines[place])}


def installed_identity(package: str) -> Optional[str]:
    """Return what tells the build of an installed package (see `nevra`) from every other one."""
    answer = run(["rpm", "-q", "--queryformat", _IDENTITY, package])
    return answer.stdout.strip() if answer.rc == 0 and answer.stdout.count("\n") == 1 else None


def file_identity(path: str) -> Optional[str]:
    """Return the same of a package file, None when it is not one or its bytes are damaged."""
    sound = run(["rpmkeys", "--checksig", "--nosignature", path], timeout=600)
    if sound.rc != 0:
        return None
    answer = run(["rpm", "-qp", "--nosignature", "--queryformat", _IDENTITY, path])
    return answer.stdout.strip() if answer.rc == 0 else None


def put_back(files: List[str], removals: List[str], log: str) -> None:
    """Bring `files` back and take `removals` off without asking for consistency; raises DriverError.

    Scripts of packages run unless that fails.
    """
    problems = []
    if files:
        command = ["rpm", "--upgrade", "--oldpackage", "--replacepkgs", "--replacefiles", "--nodeps"]
        rc, output = run_logged(command + files, log)
        if rc != 0:
            rc, output = run_logged(command + ["--noscripts"] + files, log)
        if rc != 0:
            problems.append(complaint(output))
    if removals:
        try:
            erase(removals, log)
        except DriverError as error:
            problems.append(error.message)
    if problems:
        raise DriverError("revert_failed", "; ".join(problems), f"See {log}.")


def erase(packages: List[str], log: str) -> None:
    """Take packages off, whoever needs them; raises DriverError."""
    if not packages:
        return
    command = ["rpm", "--erase", "--nodeps"]
    rc, output = run_logged(command + packages, log)
    if rc != 0:
        rc, output = run_logged(command + ["--noscripts"] + packages, log)
    if rc != 0:
        raise DriverError("install_failed", "rpm --erase failed: " + complaint(output), f"See {log}.")


def complaint(output: str) -> str:
    """Return what rpm complained about, in at most a few lines' worth of text."""
    lines = output.splitlines()
    found = [line.strip() for line in lines if _COMPLAINT.match(line)]
    return "; ".join(found)[:800] or " ".join(lines[-3:])[:800] or "it said nothing"
