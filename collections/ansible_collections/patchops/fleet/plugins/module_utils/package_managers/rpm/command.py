# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rpm command answers and does without a package manager over it."""

import re
from typing import Dict, List, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.logged import run_logged
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_UNOWNED = re.compile(r"^(?:file (.*) is not owned by any package|error: file .*)$")
# The header is the same in the rpm database and in the file, signed or not; it names the sum of the content.
_IDENTITY = "%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH} %{SHA256HEADER} %{SHA1HEADER}\\n"
# Of large packages all bytes are read.
_TIME_LIMIT = 600
_CONTENT_ONLY = [
    f"--{what}"
    for what in (
        "nodeps",
        "noscripts",
        "nouser",
        "nogroup",
        "nomode",
        "nomtime",
        "nordev",
        "nocaps",
        "nolinkto",
    )
]
# "S.5......    /usr/bin/x", "..5......  c /etc/x", "missing     /usr/share/x"; c and g: configuration, ghosts
_ALTERED = re.compile(r"(?:S........|..5......|missing  ) +(?:[adlr] )?/")
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


def read_unowned(paths: List[str]) -> Set[str]:
    """Return those of `paths` of which rpm says that no package owns them."""
    if not paths:
        return set()
    return parse_unowned(run(["rpm", "-qf", "--queryformat", "%{NAME}\\n"] + paths).stdout)


def parse_unowned(text: str) -> Set[str]:
    """Return the paths that `rpm -qf` says no package owns."""
    found = map(_UNOWNED.match, text.splitlines())
    return {match.group(1) for match in found if match and match.group(1)}


def read_file_names(packages: List[str]) -> List[str]:
    """Return the paths of all files in package files; those that can't be read add none."""
    if not packages:
        return []
    command = ["rpm", "-qp", "--nosignature", "--queryformat", "[%{FILENAMES}\\n]"]
    told = run(command + packages, timeout=_TIME_LIMIT).stdout
    return [line for line in told.splitlines() if line.startswith("/")]


def installed_identities(packages: List[str]) -> Dict[str, str]:
    """Return what tells the build of each installed package (see `nevra`) from every other one.

    One that is not installed, or twice, is not in it.
    """
    if not packages:
        return {}
    told = run(["rpm", "-q", "--queryformat", _IDENTITY] + sorted(set(packages)), timeout=_TIME_LIMIT)
    return parse_identities(told.stdout)


def parse_identities(text: str) -> Dict[str, str]:
    """Return the identities that `rpm -q` prints, by package (see `nevra`); one told twice is left out."""
    found: Dict[str, List[str]] = {}
    for line in text.splitlines():
        fields = line.split(" ")
        if len(fields) == _IDENTITY.count(" ") + 1:
            found.setdefault(nevra(*fields[:3]), []).append(line)
    return {name: lines[0] for name, lines in found.items() if len(lines) == 1}


def file_identities(paths: List[str]) -> Dict[str, str]:
    """Return the same of package files, by path; what is no package, or has damaged bytes, is not in it."""
    if not paths:
        return {}
    lines = []
    # rpm tells of several files only together whether their bytes are sound.
    if run(["rpmkeys", "--checksig", "--nosignature"] + paths, timeout=_TIME_LIMIT).rc == 0:
        told = run(["rpm", "-qp", "--nosignature", "--queryformat", _IDENTITY] + paths, timeout=_TIME_LIMIT)
        lines = told.stdout.splitlines() if told.rc == 0 else []
    if len(lines) == len(paths):
        return dict(zip(paths, lines))
    if len(paths) == 1:
        return {}
    found: Dict[str, str] = {}
    for path in paths:
        found.update(file_identities([path]))
    return found


def is_altered(package: str) -> bool:
    """Tell whether files of an installed package (see `nevra`) are missing or have other bytes than its own.

    Not those for configuration: they are there to be edited.
    """
    told = run(["rpm", "--verify"] + _CONTENT_ONLY + [package], timeout=_TIME_LIMIT).stdout
    return any(_ALTERED.match(line) for line in told.splitlines())


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
