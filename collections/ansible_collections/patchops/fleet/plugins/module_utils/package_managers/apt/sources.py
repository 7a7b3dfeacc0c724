# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of apt's sources: which key signs a repository, and which of its checks are waived.

apt decides which files, lines and stanzas are in force. It names the place of each index ("FILE:NUMBER", the
number of a line or of a stanza, counted from 1), and only that place is read here.
"""

import re
from typing import Dict, List, NamedTuple, Optional


class Options(NamedTuple):
    """The options of one source that apt does not print; None: the option is not set there."""

    signed_by: Optional[str] = None
    trusted: Optional[bool] = None
    check_valid_until: Optional[bool] = None


EMBEDDED_KEY = "embedded key"

_LINE = re.compile(r"^deb(?:-src)?\s+\[\s*(?P<options>[^\]]*)\]")
# As apt's StringToBool reads them; it takes other words for "not set".
_YES = ("yes", "true", "with", "on", "enable", "1")
_NO = ("no", "false", "without", "off", "disable", "0")


class SourceFiles:
    """Reads the places that apt names; each file once."""

    def __init__(self) -> None:
        self._texts: Dict[str, str] = {}

    def options_at(self, place: str) -> Options:
        """Return the options at "FILE:NUMBER"; no options where `place` is empty. Raises OSError."""
        path, _colon, number = place.rpartition(":")
        if not path or not number.isdigit():
            return Options()
        if path not in self._texts:
            with open(path, encoding="utf-8", errors="replace") as file:
                self._texts[path] = file.read()
        read = stanza_options if path.endswith(".sources") else line_options
        return read(self._texts[path], int(number))


def line_options(text: str, number: int) -> Options:
    """Return the options of a line of a one-line-format file. Pure."""
    lines = text.split("\n")
    match = _LINE.match(lines[number - 1].strip()) if 0 < number <= len(lines) else None
    if match is None:
        return Options()
    options: Dict[str, str] = {}
    for option in match.group("options").split():
        name, _equals, value = option.partition("=")
        options[name.lower()] = value
    return _options(options)


def stanza_options(text: str, number: int) -> Options:
    """Return the options of a stanza of a deb822 file. Pure."""
    stanzas = split_stanzas(text)
    return _options(_stanza_fields(stanzas[number - 1])) if 0 < number <= len(stanzas) else Options()


def split_stanzas(text: str) -> List[List[str]]:
    """Return the lines of each stanza; comments are no lines, and stanzas of comments alone don't count."""
    stanzas: List[List[str]] = [[]]
    for line in text.split("\n"):
        if line.startswith("#"):
            continue
        if line.strip():
            stanzas[-1].append(line)
        elif stanzas[-1]:
            stanzas.append([])
    return [stanza for stanza in stanzas if stanza]


def _stanza_fields(stanza: List[str]) -> Dict[str, str]:
    fields: Dict[str, str] = {}
    name = ""
    for line in stanza:
        if line[:1] in (" ", "\t"):
            fields[name] = fields.get(name, "") + "\n" + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def _options(fields: Dict[str, str]) -> Options:
    signed_by = fields.get("signed-by") or None
    if signed_by and "BEGIN PGP" in signed_by:
        signed_by = EMBEDDED_KEY
    return Options(signed_by, _flag(fields.get("trusted")), _flag(fields.get("check-valid-until")))


def _flag(word: Optional[str]) -> Optional[bool]:
    word = (word or "").lower()
    return True if word in _YES else False if word in _NO else None
