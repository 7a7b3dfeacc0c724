# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repositories that apt has enabled: who signed them, how old they are, what is wrong with them."""

import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import (
    distribution_keys,
    signatures,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.sources import (
    Options,
    SourceFiles,
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
    source: str  # "FILE:NUMBER" of the line or stanza that it comes from


class Configured(NamedTuple):
    """One repository that apt would read, from `apt-get update --print-uris`; no components: a flat one."""

    uri: str
    suite: str
    components: Tuple[str, ...]
    list_prefix: str  # how the names of its files in apt's lists begin


_TARGET_FORMAT = "\t".join(
    "$(" + name + ")"
    for name in (
        "DESCRIPTION",
        "REPO_URI",
        "RELEASE",
        "COMPONENT",
        "METAKEY",
        "FILENAME",
        "TRUSTED",
        "SOURCESENTRY",
    )
)
_RELEASE_FIELD = re.compile(r"^(Origin|Label|Suite|Codename|Date|Valid-Until): (.*)$")
# Signed some hours ahead by a server whose clock differs a little is normal.
_CLOCK_TOLERANCE = 300
_NEVER_READ: Dict[str, Any] = {"signed": None, "error": "it was never read: its index is not on the host"}
_PRINTED_URI = re.compile(r"^'(.+)' (\S+) \d+(?:\s|$)")
_INDEX = re.compile(r"(?P<component>.+)/binary-[^/]+/Packages(?:\.[a-z0-9]+)?$")
_UNFILLED = re.compile(r"^\$\(.*\)$")


def read_targets() -> List[Target]:
    """Ask apt for the package indexes that it has; raises DriverError when its sources can't be read."""
    return parse_targets(
        _ask(["apt-get", "indextargets", "--format", _TARGET_FORMAT, "Created-By: Packages"])
    )


def parse_targets(text: str) -> List[Target]:
    """Return the targets of `apt-get indextargets` in our format."""
    targets = []
    for line in text.splitlines():
        fields = ["" if _UNFILLED.match(field) else field for field in line.split("\t")]
        if len(fields) == len(Target._fields):
            targets.append(Target(*fields))
    return targets


def read_configured() -> List[Configured]:
    """Ask apt which repositories it would read, whether it has their indexes or not; raises DriverError."""
    return parse_configured(_ask(["apt-get", "update", "--print-uris"]))


def parse_configured(text: str) -> List[Configured]:
    """Return the repositories of `apt-get update --print-uris`. Pure."""
    files = [match.groups() for match in map(_PRINTED_URI.match, text.splitlines()) if match]
    found = []
    for uri, name in files:
        if not uri.endswith("/InRelease"):
            continue
        base = uri[: -len("InRelease")]
        indexes = [_INDEX.match(other[len(base) :]) for other, _name in files if other.startswith(base)]
        components = [match.group("component") for match in indexes if match]
        root, dists, suite = base.rpartition("/dists/") if components else ("", "", "")
        if not dists:
            root, _slash, suite = base.rstrip("/").rpartition("/")
            suite += "/"
        found.append(
            Configured(
                normal_uri(root),
                suite.rstrip("/") if dists else suite,
                tuple(dict.fromkeys(components)),
                name[: -len("InRelease")],
            )
        )
    return found


def read_repositories() -> Dict[str, Dict[str, Any]]:
    """Return the repositories by the description apt gives their index, in the host document's shape."""
    targets, configured = read_targets(), read_configured()
    files = SourceFiles()
    now = time.time()
    releases: Dict[str, Dict[str, Any]] = {}
    repositories = {}
    own_keyrings: Optional[List[str]] = None
    for target in targets:
        try:
            options = files.options_at(target.source)
        except OSError as error:
            raise DriverError("repository_unreadable", "{}: {}".format(error.filename, error.strerror))
        prefix = list_prefix(target)
        if prefix not in releases:
            releases[prefix] = _read_release(prefix, target, options)
            if _claims_security(target, releases[prefix]):
                if own_keyrings is None:
                    own_keyrings = distribution_keys.find_keyrings()
                releases[prefix].update(_signers(prefix, options, own_keyrings))
        if options.check_valid_until is None and _is_past(releases[prefix].get("Valid-Until"), now):
            options = options._replace(check_valid_until=_checks_valid_until())
        repositories[" ".join(target.description.split())] = describe(target, options, releases[prefix], now)
    for repository in never_read(configured, targets):
        repositories[repository["id"]] = repository
    return repositories


def never_read(configured: List[Configured], targets: List[Target]) -> List[Dict[str, Any]]:
    """Return the repositories that apt would read and has no index of."""
    known = {os.path.basename(list_prefix(target)) for target in targets}
    return [
        describe(
            Target("", one.uri, one.suite, component, "", "", "", ""),
            Options(),
            dict(_NEVER_READ),
            time.time(),
        )
        for one in configured
        if one.list_prefix not in known
        for component in one.components or ("",)
    ]


def describe(target: Target, options: Options, release: Dict[str, Any], now: float) -> Dict[str, Any]:
    """Return one repository; `release` holds the fields of its Release file, `signed` and `error`."""
    uri = normal_uri(target.repo_uri)
    date, valid_until = _epoch(release.get("Date")), _epoch(release.get("Valid-Until"))
    waived = options.check_valid_until is False
    expired = _is_past(release.get("Valid-Until"), now) and not waived
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
        "signed_by": options.signed_by,
        "signers": release.get("signers", []),
        "by_distribution": release.get("by_distribution"),
        "date": _document_time(date),
        "valid_until": _document_time(valid_until),
        "valid_until_waived": waived,
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


def _read_release(prefix: str, target: Target, options: Options) -> Dict[str, Any]:
    path = next((prefix + name for name in ("InRelease", "Release") if os.path.exists(prefix + name)), None)
    if path is None:
        # apt reads such a repository only where the administrator has said that it may.
        return {"signed": False, "error": None if target.trusted == "yes" else "it has no Release file"}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            release = parse_release(file.read())
    except OSError as error:
        return {"signed": None, "error": "{}: {}".format(path, error.strerror)}
    signed, error_text = signatures.check(path, options.signed_by)
    if signed and target.trusted == "no":
        signed, error_text = False, "apt does not trust its signature"
    if not signed and options.trusted:
        error_text = None  # an administrator's decision; `signed` tells
    return dict(release, signed=signed, error=error_text)


def _claims_security(target: Target, release: Dict[str, Any]) -> bool:
    return is_security(
        {
            "suite": target.release,
            "archive": release.get("Suite"),
            "codename": release.get("Codename"),
            "origin": release.get("Origin"),
            "label": release.get("Label"),
        }
    )


def _signers(prefix: str, options: Options, own_keyrings: List[str]) -> Dict[str, Any]:
    """Return {signers: fingerprints, by_distribution}; None where it can't be told."""
    path = next((prefix + name for name in ("InRelease", "Release") if os.path.exists(prefix + name)), None)
    if path is None:
        return {}
    found = signatures.signers(path, own_keyrings)
    if found:
        return {"signers": found, "by_distribution": True}
    keyrings = signatures.configured_keyrings(options.signed_by)
    return {
        "signers": signatures.signers(path, keyrings) or [],
        "by_distribution": None if found is None else False,
    }


def list_prefix(target: Target) -> str:
    """Return how the paths of all files of the target's repository in apt's lists begin. Pure.

    apt puts "_" for each "/" of an address, and %5f for each "_": "main/binary-amd64/Packages" takes three
    parts of the file's name, whatever else its letters became.
    """
    parts = target.filename.split("_")
    return "_".join(parts[: -(target.meta_key.count("/") + 1)]) + "_"


def _ask(argv: List[str]) -> str:
    answer = run(argv)
    if answer.rc != 0:
        raise DriverError(
            "repository_unreadable",
            "apt can't read its sources: " + without_credentials(answer.stderr.strip()),
            "Repair the files below /etc/apt/sources.list.d on the host.",
        )
    return answer.stdout


def _checks_valid_until() -> bool:
    """Tell whether apt checks this by default; it prints nothing where nobody has set it."""
    return "false" not in run(["apt-config", "shell", "CHECKS", "Acquire::Check-Valid-Until/b"]).stdout


def _is_past(date: Optional[str], now: float) -> bool:
    epoch = _epoch(date)
    return epoch is not None and epoch < now


def _epoch(text: Optional[str]) -> Optional[float]:
    if text is None:
        return None
    try:
        return parse_release_date(text)
    except ValueError:
        return None


def _document_time(epoch: Optional[float]) -> Optional[str]:
    return None if epoch is None else format_time(epoch)
