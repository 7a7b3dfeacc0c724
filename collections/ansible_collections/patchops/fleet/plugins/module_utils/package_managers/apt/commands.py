# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How apt is called for planning and acting: options, environment, names of packages and of their files."""

import functools
import os
import re
from typing import List

from ansible_collections.patchops.fleet.plugins.module_utils import process

# Never a question, the administrator's files stay, and no helper that restarts or asks on its own.
NONINTERACTIVE = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBIAN_PRIORITY": "critical",
    "NEEDRESTART_SUSPEND": "1",
    "APT_LISTCHANGES_FRONTEND": "none",
    "APT_LISTBUGS_FRONTEND": "none",
    "UCF_FORCE_CONFFOLD": "1",
}

# The host's own settings may ask for these; inside a transaction nothing happens that was not planned.
PREDICTABLE = [
    "-o",
    "APT::Get::AutomaticRemove=false",
    "-o",
    "APT::Install-Recommends=false",
    "-o",
    "APT::Install-Suggests=false",
    "-o",
    "APT::Get::Show-User-Simulation-Note=false",
    "-o",
    "APT::Get::Show-Versions=false",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+.](?::[a-z0-9][a-z0-9-]*)?\Z")
_VERSION = re.compile(r"(?:[0-9]+:)?[A-Za-z0-9][A-Za-z0-9.+~-]*\Z")
_AT_ONCE = 400


def valid_name(text: str) -> bool:
    """Tell whether `text` is ``name`` or ``name:arch`` of a package, and nothing that apt would expand."""
    return bool(_NAME.match(text))


def valid_version(text: str) -> bool:
    """Tell whether `text` is a Debian version."""
    return bool(_VERSION.match(text))


def spec(name: str, arch: str, version: str, native: str) -> str:
    """Return what apt's command line calls a version of a package."""
    return f"{name}={version}" if arch in ("all", native) else f"{name}:{arch}={version}"


def file_name(name: str, version: str, arch: str) -> str:
    """Return the file name that apt gives to a package."""
    return "{}_{}_{}.deb".format(name, version.replace(":", "%3a"), arch)


def spec_of_file(path: str) -> str:
    """Return what apt's command line calls the version that a file named by `file_name` holds."""
    name, version, rest = os.path.basename(path).split("_", 2)
    arch = rest.partition(".")[0]
    return "{}={}".format(name if arch == "all" else f"{name}:{arch}", version.replace("%3a", ":"))


def remounts() -> bool:
    """Tell whether apt makes file systems writable before dpkg runs, as hosts with a read-only /usr do."""
    answer = process.run(["apt-config", "dump", "--format", "%v%n", "DPkg::Pre-Invoke"])
    return answer.rc == 0 and "remount" in answer.stdout


def apt_get(arguments: List[str], timeout: float = 300) -> process.Result:
    """Run apt-get where it changes nothing."""
    return process.run(["apt-get"] + PREDICTABLE + arguments, timeout=timeout, env=NONINTERACTIVE)


def apt_cache_show(specs: List[str]) -> str:
    """Return the records of `specs`; those that nobody serves are left out."""
    return "\n".join(
        process.run(["apt-cache", "show"] + specs[start : start + _AT_ONCE], timeout=120).stdout
        for start in range(0, len(specs), _AT_ONCE)
    )


@functools.lru_cache(maxsize=None)
def is_older(version: str, other: str) -> bool:
    """Tell whether `version` sorts before `other`, as dpkg says."""
    return process.run(["dpkg", "--compare-versions", version, "lt", other]).rc == 0
