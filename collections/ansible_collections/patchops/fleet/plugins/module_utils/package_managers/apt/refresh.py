# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch apt's indexes and say of each repository that failed what was wrong.

`apt-get update` exits with 0 when some repositories failed and old indexes are still there; its output
tells.
"""

import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    normal_uri,
    without_credentials,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import how_ended, run

_LISTS = "/var/lib/apt/lists"
_STAMP = "/var/lib/apt/periodic/update-success-stamp"
_TIME_LIMIT = 600
_LOCK_PATIENCE = 60
_LOCKED = re.compile(r"Could not get lock (\S+?)\.?( |$)")

_ERR_LINE = re.compile(r"^Err:(?P<number>\d+) (?P<uri>\S+) (?P<place>\S+)(?: .*)?$")
# What apt gave up to look for in the end, as it can do without: translations of a repository that has none.
_IGN_LINE = re.compile(r"^Ign:(?P<number>\d+) (?!.*(?:Packages|Release)$)")
# The same fault is told again in these words; the line of the repository itself says it better.
_REPEATED = re.compile(
    r"^(W: Some index files failed|E: Some index files failed|[WE]: Failed to fetch |"
    r"W: An error occurred during the signature verification|[WE]: GPG error: )"
)
_FAULT = re.compile(
    r"Failed to fetch|GPG error|not signed|is expired|not valid yet|corrupt|no longer has a Release file|"
    r"does not have a Release file|doesn't have the component|changed its '|Hash Sum mismatch|signature|"
    r"malformed|doesn't support architecture|Could not|couldn't",
    re.IGNORECASE,
)
_NOT_WRITTEN = re.compile(r"^[WE]: .*?(?P<lists>/\S+)/partial\b.*\(30: (?P<reason>[^)]+)\)$", re.MULTILINE)
# An administrator's own command that apt runs after it has read everything (a cache warmer, a notifier).
_HOOK = re.compile(r"^E: Problem executing scripts APT::Update::Post-Invoke(?:-Success)? ")
_HOOK_ENDED = re.compile(r"^E: Sub-process returned an error code$")
_LEGACY_KEY = "Key is stored in legacy"


class Refresh(NamedTuple):
    """What `apt-get update` said: [{repository, message}] of what it could not read, and what else failed."""

    errors: List[Dict[str, Any]]
    warnings: List[str]


def refresh() -> Refresh:
    """Run `apt-get update`; no errors: every repository was read."""
    ends = time.monotonic() + _LOCK_PATIENCE
    while True:
        answer = run(["apt-get", "update"], timeout=_TIME_LIMIT, env={"DEBIAN_FRONTEND": "noninteractive"})
        if not _LOCKED.search(answer.stderr) or time.monotonic() > ends:
            break
        time.sleep(2)
    return Refresh(parse_errors(answer.rc, answer.stdout, answer.stderr), parse_warnings(answer.stderr))


def parse_errors(rc: int, stdout: str, stderr: str) -> List[Dict[str, Any]]:
    """Return what failed from the output of `apt-get update`; `repository` is "URI suite" or None."""
    errors = _repository_errors(stdout.splitlines())
    known = {error["repository"] for error in errors}
    complaints = stderr.splitlines()
    hook_failed = any(_HOOK.match(line) for line in complaints)
    for line in complaints:
        text = _one_line(line[3:])
        if _HOOK.match(line) or (hook_failed and _HOOK_ENDED.match(line)):
            continue
        if not line.startswith(("E: ", "W: ")) or _LEGACY_KEY in line:
            continue
        if line.startswith("W: ") and not _FAULT.search(line):
            continue
        if errors and _REPEATED.match(line):
            continue
        repository = _named_repository(line)
        if repository is None or repository not in known:
            known.add(repository)
            errors.append({"repository": repository, "message": text})
    if rc < 0 or (rc and not errors and not hook_failed):
        # Killed, it has not said of every repository whether it was read.
        errors.append({"repository": None, "message": f"apt-get update {how_ended(rc, _TIME_LIMIT)}"})
    problem = _unwritable(stderr)
    return [dict(error, message=problem) for error in errors] if problem else errors


def parse_warnings(stderr: str) -> List[str]:
    """Return the failures of commands that apt runs after it has read every repository. Pure."""
    return [
        "apt read its repositories, but a command of this host's configuration failed afterwards: "
        + _one_line(line[3:])
        for line in stderr.splitlines()
        if _HOOK.match(line)
    ]


def read_seconds_ago() -> Optional[float]:
    """Return how long ago the indexes were last fetched with success, None when it can't be told."""
    times = []
    for path in (_STAMP, _LISTS):
        try:
            times.append(os.stat(path).st_mtime)
        except OSError:
            continue
    return max(0.0, time.time() - max(times)) if times else None


def _repository_errors(lines: List[str]) -> List[Dict[str, Any]]:
    errors: List[Dict[str, Any]] = []
    ignored = {match.group("number") for match in map(_IGN_LINE.match, lines) if match}
    for number, line in enumerate(lines):
        match = _ERR_LINE.match(line)
        if not match or (match.group("number") in ignored and not line.endswith(("Packages", "Release"))):
            continue
        # "bookworm InRelease", or "bookworm/main amd64 Packages"
        place = match.group("place")
        release = place if line.endswith("Release") else place.rpartition("/")[0]
        repository = normal_uri(match.group("uri")) + " " + release
        details = []
        for detail in lines[number + 1 :]:
            if not detail.startswith("  "):
                break
            details.append(detail)
        if not any(error["repository"] == repository for error in errors):
            errors.append({"repository": repository, "message": _one_line(" ".join(details) or line)})
    return errors


def _unwritable(stderr: str) -> Optional[str]:
    """Return why the lists can't be kept, None when they can.

    apt warns of it only, goes on without what it can't write, and ends up calling the mirror incomplete.
    """
    match = _NOT_WRITTEN.search(stderr)
    if match is None:
        return None
    return (
        f"apt can't write to {match.group('lists')}, where it keeps the repositories' lists "
        f"({match.group('reason')}); mount it writable (mount -o remount,rw), when the kernel has not made "
        "it read-only because of a fault (dmesg)"
    )


def _one_line(text: str) -> str:
    return without_credentials(" ".join(text.split()))


def _named_repository(line: str) -> Optional[str]:
    # "The repository 'http://host/debian suite InRelease' is not signed."
    match = re.search(r"'?(\S+://\S+) (\S+) (?:In)?Release'?", line)
    if match:
        return normal_uri(match.group(1).lstrip("'")) + " " + match.group(2)
    # "Release file for http://host/debian/dists/suite/InRelease is expired"
    match = re.search(r"(\S+://\S+?)/dists/(\S+?)/(?:In)?Release", line)
    return normal_uri(match.group(1)) + " " + match.group(2) if match else None
