# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep versions that were taken back from coming again through the host's own updaters: locks of zypper.

The file of the locks belongs to zypper, which sorts it and drops comments when somebody adds a lock. So what
we wrote is kept beside our transactions too: taken out again it leaves everything else as it was.
"""

import os
from typing import Any, Dict, List, Optional, Set

from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json, write_file, write_json

PATH = "/etc/zypp/locks"
RECORD = "/var/lib/patchops/zypper-locks.json"

_PACKAGE = (
    "type: package\nversion: == {version}\nmatch_type: exact\ncase_sensitive: on\nsolvable_name: {name}\n"
)
_PATCH = "type: patch\nmatch_type: exact\ncase_sensitive: on\nsolvable_name: {name}\n"
_TITLE = "# patchops transaction {}: versions that were taken back; goes when it is committed\n"


def block(versions: List[Dict[str, str]], patches: List[str], transaction_id: str) -> None:
    """Lock `versions` ([{name, version}]), and the `patches` (names) that need them.

    Without the latter `zypper patch` would refuse to install any other patch.
    """
    locks = [_PACKAGE.format(**one) for one in versions] + [_PATCH.format(name=one) for one in patches]
    record = _record()
    text = _read()
    if transaction_id in record:
        text = without(text or "", record, transaction_id)
    ours = _TITLE.format(transaction_id) + "".join(f"\n{lock}\n" for lock in locks)
    # First the record: a lock that nobody knows of would never go.
    record[transaction_id] = {"locks": locks, "text": ours, "new_file": text is None}
    write_json(RECORD, record)
    _write((text or "") + ours)


def unblock(transaction_id: str) -> None:
    """Take back what `block` did for a transaction."""
    record = _record()
    if transaction_id not in record:
        return
    text = _read() or ""
    after = without(text, record, transaction_id)
    made_here = record.pop(transaction_id)["new_file"]
    for other in record.values():
        other["new_file"] = other["new_file"] or made_here
    if after.strip() or not made_here or record:
        _write(after)
    elif os.path.exists(PATH):
        os.unlink(PATH)
    write_json(RECORD, record)


def without(text: str, record: Dict[str, Any], transaction_id: str) -> str:
    """Return the locks in `text` without those of a transaction that no other one has. Pure."""
    ours = record[transaction_id]
    if ours["text"] in text:
        return text.replace(ours["text"], "", 1)
    # zypper wrote the file anew: two equal locks are one now.
    others = {_parts(lock) for key, one in record.items() if key != transaction_id for lock in one["locks"]}
    going: Set[Any] = {_parts(lock) for lock in ours["locks"]} - others
    text = text.replace(_TITLE.format(transaction_id), "")
    stanzas = [stanza for stanza in text.split("\n\n") if stanza.strip()]
    left = [stanza.strip("\n") for stanza in stanzas if _parts(stanza) not in going]
    return "".join(f"\n{stanza}\n\n" for stanza in left)


def _parts(stanza: str) -> Any:
    lines = (line.strip() for line in stanza.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _record() -> Dict[str, Any]:
    try:
        found: Dict[str, Any] = read_json(RECORD)
    except FileNotFoundError:
        return {}
    return found


def _read() -> Optional[str]:
    try:
        with open(PATH, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _write(text: str) -> None:
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    mode = os.stat(PATH).st_mode & 0o7777 if os.path.exists(PATH) else 0o644
    write_file(PATH, text.encode("utf-8", "surrogateescape"), mode=mode)
