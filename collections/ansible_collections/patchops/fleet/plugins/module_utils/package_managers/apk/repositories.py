# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""apk's repositories, and what a refresh of their indexes complained about. Pure."""

import re
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import without_credentials

_COMPLAINT = re.compile(r"^(?:WARNING|ERROR): (.*)$", re.MULTILINE)
_ADDRESS = re.compile(r"(?:[a-z]+://|/)[^\s\]]+")
_SUMMARY = re.compile(r"^(\d+) unavailable, (\d+) stale;", re.MULTILINE)
_INDEX = re.compile(r"^(\S.*) \[(\S+)\]$", re.MULTILINE)


def parse_repositories(text: str) -> List[Dict[str, Optional[str]]]:
    """Return [{uri, tag}] of /etc/apk/repositories; lines behind ``#`` don't count."""
    found: List[Dict[str, Optional[str]]] = []
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        tag = words.pop(0) if words and words[0].startswith("@") else None
        if words:
            found.append({"uri": words[0].rstrip("/"), "tag": tag})
    return found


def parse_complaints(output: str, uris: List[str]) -> List[Dict[str, Any]]:
    """Return [{repository, message}] of what `apk update` printed.

    It ends with 0 also when no repository could be reached; its last line tells how many.
    """
    found, known = [], set()
    for message in _COMPLAINT.findall(output):
        address = _ADDRESS.search(message)
        uri = address.group(0).rstrip(":").rstrip("/") if address else None
        repository = next((one for one in uris if uri is not None and uri.startswith(one)), None)
        if (repository, message) not in known:
            known.add((repository, message))
            found.append({"repository": repository, "message": without_credentials(message)})
    summary = _SUMMARY.search(output)
    if not found and summary and summary.groups() != ("0", "0"):
        found.append({"repository": None, "message": "apk update: " + summary.group(0).rstrip(";")})
    return found


def readable(indexes: str) -> List[str]:
    """Return the addresses of the repositories whose index `apk version --indexes` describes."""
    return [uri.rstrip("/") for _description, uri in _INDEX.findall(indexes)]


def describe(
    uri: str, tag: Optional[str], read_seconds_ago: Optional[int], error: Optional[str]
) -> Dict[str, Any]:
    """Return one repository for the host document; ``.../alpine/v3.21/main`` has the suite ``v3.21``."""
    parts = uri.split("/")
    return {
        "id": uri,
        "uri": uri,
        "suite": parts[-2] if len(parts) > 2 else uri,
        "codename": None,
        "archive": None,
        "component": parts[-1] or None,
        "origin": None,
        "label": tag,
        # apk uses an index without a good signature only when it is told to with each call.
        "signed": None if error else True,
        "signature": "metadata",
        "signed_by": None,
        "date": None,
        "valid_until": None,
        "expired": False,
        "age_seconds": None,
        "read_seconds_ago": read_seconds_ago,
        "security": False,
        "error": error,
    }
