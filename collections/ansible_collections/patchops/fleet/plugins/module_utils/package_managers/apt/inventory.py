# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dpkg has installed: packages, holds, and what was left half done."""

import os
from typing import Any, Dict, List, NamedTuple, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import TIMED_OUT, how_ended, run


class Row(NamedTuple):
    """One package as dpkg knows it."""

    name: str
    arch: str
    version: str
    source: str
    source_version: str
    want: str
    error: str
    status: str
    section: str


_FORMAT = "\\t".join(
    "${" + field + "}"
    for field in (
        "Package",
        "Architecture",
        "Version",
        "source:Package",
        "source:Version",
        "db:Status-Want",
        "db:Status-Eflag",
        "db:Status-Status",
        "Section",
    )
)
_ABSENT = ("not-installed", "config-files")
_UNPACKED_DIRECTORY = "/var/lib/dpkg/updates"
_TIME_LIMIT = 600
_STATUS_REPAIR = "Repair /var/lib/dpkg/status, for example from /var/backups/dpkg.status.0."
_EXTENDED_STATES = "/var/lib/apt/extended_states"


def read_architecture() -> str:
    """Return the architecture that dpkg installs for; raises DriverError."""
    return _ask(["dpkg", "--print-architecture"], "Repair dpkg.").strip()


def read_rows() -> List[Row]:
    """Ask dpkg for every package that it knows; raises DriverError."""
    return parse_rows(_ask(["dpkg-query", "-W", "-f", _FORMAT + "\\n"], _STATUS_REPAIR))


def parse_rows(text: str) -> List[Row]:
    """Return the rows of dpkg-query's output; lines of another shape are an error, not skipped."""
    rows = []
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) != len(Row._fields):
            raise DriverError(
                "interrupted_packages", "dpkg-query printed an unreadable line: " + repr(line[:200])
            )
        rows.append(Row(*fields))
    return rows


def read_automatic() -> Set[str]:
    """Return ``name:arch`` of the automatically installed packages.

    apt's own file is read because `apt-mark` loads the whole package cache for the same answer.
    """
    try:
        with open(_EXTENDED_STATES, "r", encoding="utf-8", errors="replace") as file:
            return parse_automatic(file.read())
    except FileNotFoundError:
        return set()  # apt writes it with the first automatic package
    except OSError as error:
        raise DriverError("internal_error", f"{_EXTENDED_STATES}: {error.strerror}")


def parse_automatic(text: str) -> Set[str]:
    """Return ``name:arch`` of what apt's extended_states marks as automatic."""
    automatic = set()
    for stanza in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line)
        # What a power cut tore is no mark: a package that counts as wanted is never removed.
        if fields.get("Auto-Installed") == "1" and "Package" in fields and "Architecture" in fields:
            automatic.add("{Package}:{Architecture}".format(**fields))
    return automatic


def read_owners(paths: List[str]) -> Dict[str, str]:
    """Return the package of each path that one owns; dpkg may know a file without the /usr it lies in now."""
    spellings = {}
    for path in paths:
        spellings[path] = path
        if path.startswith("/usr/"):
            spellings[path[len("/usr") :]] = path
    # Its exit code is 1 when one of them is not known; the others are printed all the same.
    return parse_owners(run(["dpkg-query", "-S"] + sorted(spellings)).stdout, spellings)


def parse_owners(text: str, spellings: Dict[str, str]) -> Dict[str, str]:
    """Return the owners that `dpkg-query -S` prints; `spellings`: the path meant by each one asked for."""
    owners = {}
    for line in text.splitlines():
        packages, separator, path = line.partition(": ")
        if separator and path in spellings:
            owners[spellings[path]] = packages.split(", ")[0].split(":")[0]
    return owners


def installed(rows: List[Row]) -> List[Row]:
    """Return the rows whose files are on the host, half installed ones included."""
    return [row for row in rows if row.status not in _ABSENT]


def is_automatic(row: Row, automatic: Set[str], native_arch: str) -> bool:
    """Tell whether apt installed the package by itself; packages for all architectures are kept as native."""
    arch = native_arch if row.arch == "all" else row.arch
    return f"{row.name}:{arch}" in automatic or f"{row.name}:{row.arch}" in automatic


def held_names(rows: List[Row]) -> List[str]:
    """Return the names of held packages, sorted."""
    return sorted({row.name for row in rows if row.want == "hold"})


def read_broken(rows: List[Row]) -> Dict[str, Any]:
    """Return {interrupted, packages: [{name, arch, state}], reason}."""
    try:
        # dpkg leaves numbered files here when it is stopped before it has written its status file.
        unwritten = [name for name in os.listdir(_UNPACKED_DIRECTORY) if name.isdigit()]
    except OSError as error:
        raise DriverError("internal_error", f"{_UNPACKED_DIRECTORY}: {error.strerror}")
    # It prints nothing where nothing is wrong: one that did not come to its end must not be taken for that.
    return describe_broken(rows, unwritten, _ask(["dpkg", "--audit"], _STATUS_REPAIR))


def describe_broken(rows: List[Row], unwritten: List[str], audit: str) -> Dict[str, Any]:
    """Judge dpkg's states, the names in its updates directory and what `dpkg --audit` prints."""
    packages = [
        {"name": row.name, "arch": row.arch, "state": row.status if row.error == "ok" else row.error}
        for row in rows
        if row.status not in _ABSENT + ("installed",) or row.error != "ok"
    ]
    if packages:
        reason = "dpkg was interrupted or failed at: " + ", ".join(str(item["name"]) for item in packages)
    elif unwritten:
        reason = f"dpkg was stopped before it wrote its state ({_UNPACKED_DIRECTORY} holds files)"
    elif audit.strip():
        reason = "dpkg --audit: " + " ".join(audit.split())[:300]
    else:
        reason = None
    return {"interrupted": reason is not None, "packages": packages, "reason": reason}


def _ask(argv: List[str], repair: str) -> str:
    """Return what a command of dpkg printed; raises DriverError, whose remedy is `repair` if it refused."""
    answer = run(argv, timeout=_TIME_LIMIT)
    if answer.rc == 0:
        return answer.stdout
    said, remedy = " ".join(answer.stderr.split()), repair
    if answer.rc == TIMED_OUT:
        said, remedy = "", "Find out what keeps the host so busy, or its disk so slow; then call again."
    elif answer.rc < 0:
        remedy = "Find out who killed it (dmesg tells when memory ran out), then call again."
    raise DriverError(
        "interrupted_packages",
        f"{' '.join(argv[:2])} {how_ended(answer.rc, _TIME_LIMIT)}" + (f": {said}" if said else "."),
        remedy,
    )
