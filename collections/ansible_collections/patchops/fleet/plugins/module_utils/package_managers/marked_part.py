# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A marked part of a configuration file that keeps versions away which were taken back.

For package managers that read one file and no others beside it. Taken out again the part leaves every other
byte as it was.
"""

import os
import re
from typing import Callable, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError

_BEGIN = "# patchops begin: versions that were taken back; goes when their transactions are committed"
_END = "# patchops end"
_ENTRY = "# patchops transaction "
_PART = re.compile(re.escape(_BEGIN) + r"\n(.*?)" + re.escape(_END) + r"\n", re.DOTALL)

# Transactions, and what of each is kept away: words without white space.
Entries = Dict[str, List[str]]


class MarkedPart:
    """The part of the file at `path`, at the start of `section`.

    `setting` returns the line that keeps words away, given the rest of the file and the words.
    """

    def __init__(self, path: str, section: str, setting: Callable[[str, List[str]], str]) -> None:
        self.path = path
        self._setting = setting
        self._section = section
        self._header = re.compile(r"^\[{}\][^\n]*(?:\n|\Z)".format(re.escape(section)), re.MULTILINE)

    def change(self, changed: Entries) -> None:
        """Set the words of the transactions in `changed`, others' stay; raises DriverError."""
        try:
            with open(self.path, encoding="utf-8", newline="") as file:
                text = file.read()
            mode = os.stat(self.path).st_mode & 0o7777
        except FileNotFoundError:
            text, mode = "", 0o644
        after = self.changed(text, changed)
        if after == text:
            return
        if not after:
            os.unlink(self.path)  # nothing was there before us
            return
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        write_file(self.path, after.encode("utf-8"), mode=mode)

    def changed(self, text: str, changed: Entries) -> str:
        """Return the configuration `text` with the words of `changed`. Pure."""
        entries = read_entries(text)
        entries.update(changed)
        rest = _PART.sub("", text)
        part = self._part(rest, {key: words for key, words in sorted(entries.items()) if words})
        if not part:
            return rest
        header = self._header.search(rest)
        if header is None:
            # A section without settings of its own is what is taken for granted.
            return part.replace(_BEGIN + "\n", f"{_BEGIN}\n[{self._section}]\n") + rest
        if not header.group(0).endswith("\n"):
            raise DriverError(
                "internal_error", f"{self.path} ends within its first line; end it with a line feed."
            )
        return rest[: header.end()] + part + rest[header.end() :]

    def _part(self, rest: str, entries: Entries) -> str:
        if not entries:
            return ""
        words = sorted({word for listed in entries.values() for word in listed})
        lines = [_BEGIN] + [f"{_ENTRY}{one}: {' '.join(listed)}" for one, listed in entries.items()]
        return "\n".join(lines + [self._setting(rest, words), _END]) + "\n"


def read_entries(text: str) -> Entries:
    """Return what the marked part in `text` keeps away, by transaction."""
    found = _PART.search(text)
    entries = {}
    for line in found.group(1).splitlines() if found else ():
        if line.startswith(_ENTRY):
            transaction_id, _colon, words = line[len(_ENTRY) :].partition(": ")
            entries[transaction_id] = words.split()
    return entries
