# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep versions that were taken back from coming again through the host's own updaters: excludes of dnf.

dnf 4 reads one configuration file and no others beside it, so ours is a marked part of that file. Taken out
again it leaves every other byte as it was.
"""

import os
import re
from typing import Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError

PATH = "/etc/dnf/dnf.conf"

_BEGIN = "# patchops begin: versions that were taken back; goes when their transactions are committed"
_END = "# patchops end"
_ENTRY = "# patchops transaction "
_PART = re.compile(re.escape(_BEGIN) + r"\n(.*?)" + re.escape(_END) + r"\n", re.DOTALL)
_MAIN = re.compile(r"^\[main\][^\n]*(?:\n|\Z)", re.MULTILINE)


def block(versions: List[Dict[str, str]], transaction_id: str) -> None:
    """Exclude `versions` ([{name, version}]); raises DriverError."""
    _change({transaction_id: [f"{one['name']}-{one['version']}" for one in versions]})


def unblock(transaction_id: str) -> None:
    """Take back what `block` did for a transaction."""
    if os.path.exists(PATH):
        _change({transaction_id: []})


def with_excludes(text: str, changed: Dict[str, List[str]]) -> str:
    """Return the configuration `text` with the excludes of the transactions `changed`; others' stay. Pure."""
    entries = _entries(text)
    entries.update(changed)
    rest = _PART.sub("", text)
    part = _part(rest, {key: names for key, names in sorted(entries.items()) if names})
    main = _MAIN.search(rest)
    if not part:
        return rest
    if main is None:
        # A section without settings of its own is what dnf takes for granted.
        return part.replace(_BEGIN + "\n", _BEGIN + "\n[main]\n") + rest
    if not main.group(0).endswith("\n"):
        raise DriverError("internal_error", f"{PATH} ends within its first line; end it with a line feed.")
    return rest[: main.end()] + part + rest[main.end() :]


def _entries(text: str) -> Dict[str, List[str]]:
    found = _PART.search(text)
    entries = {}
    for line in found.group(1).splitlines() if found else ():
        if line.startswith(_ENTRY):
            transaction_id, _colon, names = line[len(_ENTRY) :].partition(": ")
            entries[transaction_id] = names.split()
    return entries


def _part(rest: str, entries: Dict[str, List[str]]) -> str:
    if not entries:
        return ""
    # Both names mean the same list and add up, but each counts once in a section.
    used = {match.group(1) for match in re.finditer(r"^(excludepkgs|exclude)\s*[=:]", rest, re.MULTILINE)}
    key = next((name for name in ("excludepkgs", "exclude") if name not in used), None)
    if key is None:
        raise DriverError(
            "internal_error",
            f"{PATH} sets both exclude and excludepkgs: there is no room for the versions to keep away.",
            "Put both lists into one of the two, then call again.",
        )
    names = sorted({name for listed in entries.values() for name in listed})
    lines = [_BEGIN] + [f"{_ENTRY}{one}: {' '.join(listed)}" for one, listed in entries.items()]
    return "\n".join(lines + [f"{key}={' '.join(names)}", _END]) + "\n"


def _change(changed: Dict[str, List[str]]) -> None:
    try:
        with open(PATH, encoding="utf-8", newline="") as file:
            text = file.read()
        mode = os.stat(PATH).st_mode & 0o7777
    except FileNotFoundError:
        text, mode = "", 0o644
    after = with_excludes(text, changed)
    if after == text:
        return
    if not after:
        os.unlink(PATH)  # nothing was there before us
        return
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    write_file(PATH, after.encode("utf-8"), mode=mode)
