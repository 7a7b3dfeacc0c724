# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repositories that apt has enabled: who signed them, how old they are, what is wrong with them."""

import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import signatures
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.sources import (
    Entry,
    read_entries,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    normal_uri,
    without_credentials,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.times import format_time, parse_release_date


class Target(NamedTuple):
    """One package index, as `apt-get indextargets` prints it."""

    description: str
    repo_uri: str
    release: str
    component: str
    meta_key: str
    filename: str
    trusted: str


_TARGET_FORMAT = "\t".join(
    "$(" + name + ")"
    for name in ("DESCRIPTION", "REPO_URI", "RELEASE", "COMPONENT", "METAKEY", "FILENAME", "TRUSTED")
)
_RELEASE_FIELD = re.compile(r"^(Origin|Label|Suite|Codename|Date|Valid-Until): (.*)$")
# Signed some hours ahead by a server whose clock differs a little is normal.
_CLOCK_TOLERANCE = 300
_NEVER_READ: Dict[str, Any] = {"signed": None, "error": "it was never read: its index is not on the host"}
_UNFILLED = re.compile(r"^\$\(.*\)$")


def read_targets() -> List[Target]:
    """Ask apt for its package indexes; raises DriverError when its configuration can't be read."""
    answer = run(["apt-get", "indextargets", "--format", _TARGET_FORMAT, "Created-By: Packages"])
    if answer.rc != 0:
        raise DriverError(
            "repository_unreadable",
            "apt can't read its sources: " + without_credentials(answer.stderr.strip()),
            "Repair the files below /etc/apt/sources.list.d on the host.",
        )
    return parse_targets(answer.stdout)


def parse_targets(text: str) -> List[Target]:
    """Return the targets of `apt-get indextargets` in our format."""
    targets = []
    for line in text.splitlines():
        fields = ["" if _UNFILLED.match(field) else field for field in line.split("\t")]
        if len(fields) == len(Target._fields):
            targets.append(Target(*fields))
    return targets


def read_repositories(targets: List[Target]) -> Dict[str, Dict[str, Any]]:
    """Return the repositories by the description apt gives their index, in the host document's shape."""
    try:
        entries = read_entries()
    except OSError as error:
        raise DriverError("repository_unreadable", "{}: {}".format(error.filename, error.strerror))
    now = time.time()
    releases: Dict[str, Dict[str, Any]] = {}
    repositories = {}
    for target in targets:
        entry = find_entry(entries, target)
        prefix = _list_prefix(target)
        if prefix not in releases:
            releases[prefix] = _read_release(prefix, target, entry)
        repositories[" ".join(target.description.split())] = describe(target, entry, releases[prefix], now)
    for repository in never_read(entries, targets):
        repositories[repository["id"]] = repository
    return repositories


def never_read(entries: List[Entry], targets: List[Target]) -> List[Dict[str, Any]]:
    """Return the repositories that apt doesn't list, although configured: it has no index of them."""
    listed = {entry for entry in (find_entry(entries, target) for target in targets) if entry is not None}
    return [
        describe(
            Target("", entry.uri, entry.suite, component, "", "", ""), entry, dict(_NEVER_READ), time.time()
        )
        for entry in entries
        if entry not in listed
        for component in entry.components or ("",)
    ]


def find_entry(entries: List[Entry], target: Target) -> Optional[Entry]:
    """Return the sources entry that a target comes from."""
    uri = normal_uri(target.repo_uri)
    suites = (target.release, target.release.rstrip("/") + "/")
    return next((entry for entry in entries if entry.uri == uri and entry.suite in suites), None)


def describe(target: Target, entry: Optional[Entry], release: Dict[str, Any], now: float) -> Dict[str, Any]:
    """Return one repository; `release` holds the fields of its Release file, `signed` and `error`."""
    uri = normal_uri(target.repo_uri)
    date, valid_until = _epoch(release.get("Date")), _epoch(release.get("Valid-Until"))
    expired = valid_until is not None and valid_until < now
    error = release["error"]
    if error is None and expired:
        error = "its index was valid until {}; the mirror is stale or the host's clock is wrong".format(
            release["Valid-Until"]
        )
    if error is None and date is not None and date > now + _CLOCK_TOLERANCE:
        error = "its index is dated {}, in the future: the host's clock is wrong".format(release["Date"])
    repository = {
        "id": "{} {}{}".format(uri, target.release, "/" + target.component if target.component else ""),
        "uri": uri,
        "suite": target.release,
        "codename": release.get("Codename"),
        "archive": release.get("Suite"),
        "component": target.component or None,
        "origin": release.get("Origin"),
        "label": release.get("Label"),
        "signed": release["signed"],
        "signed_by": entry.signed_by if entry else None,
        "date": _document_time(date),
        "valid_until": _document_time(valid_until),
        "expired": expired,
        "age_seconds": None if date is None else max(0, int(now - date)),
        "error": error,
    }
    repository["security"] = is_security(repository)
    return repository


def with_refresh_errors(
    repositories: List[Dict[str, Any]], errors: List[Dict[str, Any]]
) -> List[Dict[str, Any]]:
    """Return the repositories with what a refresh that was just made said of them.

    The index on the host may still be good; the newer one that was refused is what counts.
    """
    told = {error["repository"]: error["message"] for error in errors}
    marked = []
    for repository in repositories:
        message = told.get("{uri} {suite}".format(**repository))
        if message is None:
            marked.append(repository)
        else:
            expired = repository["expired"] or " is expired" in message
            marked.append(dict(repository, error=message, expired=expired))
    return marked


def is_security(repository: Dict[str, Any]) -> bool:
    """Tell whether a repository carries a distribution's security updates.

    By label and suite of the signed Release file; by the configured suite when it was never fetched.
    """
    if str(repository["origin"]).startswith("UbuntuESM"):
        return True
    names = [repository[key] or "" for key in ("suite", "archive", "codename")]
    return repository["label"] == "Debian-Security" or any(
        name.endswith(("-security", "-security/")) for name in names
    )


def parse_release(text: str) -> Dict[str, Any]:
    """Return the fields of a Release or InRelease file that describe the repository."""
    fields: Dict[str, Any] = {}
    for line in text.splitlines():
        if line.startswith(("MD5Sum:", "SHA1:", "SHA256:", "SHA512:")):
            break
        match = _RELEASE_FIELD.match(line)
        if match:
            fields[match.group(1)] = match.group(2).strip()
    return fields


def _read_release(prefix: str, target: Target, entry: Optional[Entry]) -> Dict[str, Any]:
    path = next((prefix + name for name in ("InRelease", "Release") if os.path.exists(prefix + name)), None)
    if path is None:
        return dict(_NEVER_READ)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            release = parse_release(file.read())
    except OSError as error:
        return {"signed": None, "error": "{}: {}".format(path, error.strerror)}
    if "Date" not in release:
        return dict(release, signed=None, error="{} is damaged: it has no date".format(path))
    signed, error_text = signatures.check(path, entry.signed_by if entry else None)
    if signed and target.trusted == "no":
        signed, error_text = False, "apt does not trust its signature"
    if not signed and entry is not None and entry.trusted:
        error_text = None  # an administrator's decision; `signed` tells
    return dict(release, signed=signed, error=error_text)


def _list_prefix(target: Target) -> str:
    # apt names every file of a repository after the URI of its Release file's directory.
    stem = target.meta_key.replace("/", "_")
    return target.filename[: target.filename.rfind(stem)]


def _epoch(text: Optional[str]) -> Optional[float]:
    if text is None:
        return None
    try:
        return parse_release_date(text)
    except ValueError:
        return None


def _document_time(epoch: Optional[float]) -> Optional[str]:
    return None if epoch is None else format_time(epoch)
