# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt's sources: the files below /etc/apt, in the one-line and in the stanza format.

apt itself says which repositories are enabled; these files add what it doesn't print: by which key a
repository has to be signed, and whether its signature is waived.
"""

import glob
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import normal_uri


class Entry(NamedTuple):
    """One repository as its sources file describes it; no components: a flat one."""

    uri: str
    suite: str
    components: Tuple[str, ...]
    signed_by: Optional[str]
    trusted: bool


_LINE = re.compile(
    r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>[^#]*)"
)
_PATTERNS = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list", "/etc/apt/sources.list.d/*.sources")
_YES = ("yes", "true", "on", "1", "with", "enable")


def read_entries() -> List[Entry]:
    """Return the entries of all of the host's sources files; unreadable files raise OSError."""
    entries: List[Entry] = []
    for pattern in _PATTERNS:
        for path in sorted(glob.glob(pattern)):
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            entries += parse_stanzas(text) if path.endswith(".sources") else parse_lines(text)
    return entries


def parse_lines(text: str) -> List[Entry]:
    """Return the entries of a one-line-format file."""
    entries = []
    for line in text.splitlines():
        match = _LINE.match(line.strip())
        if not match:
            continue
        options = dict(
            option.split("=", 1) for option in (match.group("options") or "").split() if "=" in option
        )
        entries.append(
            Entry(
                normal_uri(match.group("uri")),
                match.group("suite"),
                tuple(match.group("components").split()),
                options.get("signed-by"),
                options.get("trusted", "").lower() in _YES,
            )
        )
    return entries


def parse_stanzas(text: str) -> List[Entry]:
    """Return the entries of a stanza-format file, one for each pair of URI and suite."""
    entries = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = _stanza_fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in (
            "no",
            "false",
        ):
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                signed_by = fields.get("signed-by")
                entries.append(
                    Entry(
                        normal_uri(uri),
                        suite,
                        tuple(fields.get("components", "").split()),
                        "embedded key" if signed_by and "BEGIN PGP" in signed_by else signed_by,
                        fields.get("trusted", "").lower() in _YES,
                    )
                )
    return entries


def _stanza_fields(stanza: str) -> Dict[str, str]:
    fields: Dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in (" ", "\t"):
            fields[name] = fields.get(name, "") + "\n" + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields
