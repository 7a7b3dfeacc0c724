# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what ``apt-get -s`` prints: text in, changes out. Pure.

Lines as printed by apt 2.2, 2.6 and 3.0 alike (labels are the repositories')::

    Inst perl [5.36.0-7+deb12u2] (5.36.0-7+deb12u4 Debian-Security:12/oldstable-security [amd64]) []
    Inst libfoo1:i386 (1.0-1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [i386])
    Inst zlib1g [1:1.2.13] (1:1.2.13+u1 local-deb [amd64])
    Remv old-package [1.0-2]
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional

# One change: `before` and `after` are versions, None when the package is not there on that side.
Change = NamedTuple(
    "Change",
    [
        ("name", str),
        ("arch", Optional[str]),  # None for a removal of a package of the host's own architecture
        ("before", Optional[str]),
        ("after", Optional[str]),
        ("releases", List[Dict[str, str]]),  # [{label, version, suite}] that serve `after`
    ],
)

_INST = re.compile(
    r"Inst (?P<name>[^\s:]+)(?::\S+)?"
    r"(?: \[(?P<before>[^\]]+)\])?"
    r" \((?P<after>\S+)(?: (?P<releases>.*?))? ?\[(?P<arch>[^\]\s]+)\]\)"
)
_REMV = re.compile(r"(?:Remv|Purg) (?P<name>[^\s:]+)(?::(?P<arch>\S+))?(?: \[(?P<before>[^\]]+)\])?")
_RELEASE = re.compile(r"(?:(?P<label>[^:]*):)?(?:(?P<version>[^/]*)/)?(?P<suite>.*)\Z")


def parse_changes(stdout: str) -> List[Change]:
    """Return the changes that a simulation names, in the order in which they would happen.

    Raises ValueError for a line of a change that has another form: a change that was overlooked would be
    applied unplanned.
    """
    changes = []
    for line in stdout.splitlines():
        if line.startswith("Inst "):
            changes.append(_installation(line))
        elif line.startswith(("Remv ", "Purg ")):
            changes.append(_removal(line))
    return changes


def _installation(line: str) -> Change:
    match = _INST.match(line)
    if match is None:
        raise ValueError(f"not understood: {line!r}")
    releases = [_release(text) for text in (match.group("releases") or "").split(", ") if text]
    return Change(
        match.group("name"), match.group("arch"), match.group("before"), match.group("after"), releases
    )


def _removal(line: str) -> Change:
    match = _REMV.match(line)
    if match is None:
        raise ValueError(f"not understood: {line!r}")
    return Change(match.group("name"), match.group("arch"), match.group("before"), None, [])


def _release(text: str) -> Dict[str, str]:
    match = _RELEASE.match(text)
    fields = match.groupdict() if match else {"suite": text}
    return {key: value or "" for key, value in fields.items()}


def is_security(releases: List[Dict[str, str]]) -> bool:
    """Tell whether one of the releases is a security suite, by the names that Debian and Ubuntu give them."""
    return any(
        release["suite"].endswith(("-security", "/updates")) or release["label"].endswith("-Security")
        for release in releases
    )


def errors(stderr: str) -> List[str]:
    """Return apt's own error lines, without their mark."""
    return [line[3:].strip() for line in stderr.splitlines() if line.startswith("E: ")]


def unmet(stdout: str) -> List[str]:
    """Return what apt says of who depends on what; it does so on its standard output."""
    return [line.strip() for line in stdout.splitlines() if "Depends:" in line or "Breaks:" in line]


def classify_error(messages: List[str]) -> Dict[str, str]:
    """Return {code, subject} of what kept apt from making a plan; subject is the package, or empty."""
    for message in messages:
        match = re.match(r"Version '(.*)' for '(.*)' was not found", message)
        if match:
            return {"code": "version_unknown", "subject": f"{match.group(2)}={match.group(1)}"}
        match = re.match(
            r"(?:Unable to locate package (\S+)|Package '(.*)' has no installation candidate)", message
        )
        if match:
            return {"code": "package_unknown", "subject": match.group(1) or match.group(2)}
    return {"code": "unsatisfiable", "subject": ""}


def records(show: str) -> List[Dict[str, Any]]:
    """Return what ``apt-cache show`` says: [{name, version, arch, size, sha256, installed_kib, served}].

    `served` is false for what only dpkg's own status knows of.
    """
    found = []
    for paragraph in show.split("\n\n"):
        fields: Dict[str, str] = {}
        for line in paragraph.splitlines():
            if line[:1] not in (" ", "\t", "") and ":" in line:
                key, value = line.split(":", 1)
                fields[key] = value.strip()
        if "Package" in fields and "Version" in fields:
            found.append(
                {
                    "name": fields["Package"],
                    "version": fields["Version"],
                    "arch": fields.get("Architecture", ""),
                    "size": _whole(fields.get("Size")),
                    "sha256": fields.get("SHA256", ""),
                    "installed_kib": _whole(fields.get("Installed-Size")),
                    "served": "Filename" in fields,
                }
            )
    return found


def _whole(text: Optional[str]) -> int:
    """Return a size of a package record, rounded up; 0 where its builder wrote something else."""
    match = re.match(r"(\d{1,15})(\.\d*)?\Z", text or "")
    if match is None:
        return 0
    return int(match.group(1)) + (1 if (match.group(2) or "").strip(".0") else 0)
