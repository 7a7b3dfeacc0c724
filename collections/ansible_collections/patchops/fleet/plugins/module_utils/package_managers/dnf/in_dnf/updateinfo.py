# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What advisories say that dnf's bindings don't pass on: the wish for a reboot, and the module stream."""

from typing import Any, Dict, List, Optional
from xml.parsers import expat

_NO = ("0", "false", "no")


class _Reader:
    def __init__(self) -> None:
        self.found: Dict[str, Dict[str, Any]] = {}
        self._path: List[str] = []
        self._text = ""
        self._id = ""
        self._reboot = False
        self._module: Optional[str] = None

    def start(self, name: str, attributes: Dict[str, str]) -> None:
        self._path.append(name)
        self._text = ""
        if name == "update":
            self._id, self._reboot, self._module = "", False, None
        elif name == "module" and attributes.get("name"):
            self._module = "{}:{}".format(attributes["name"], attributes.get("stream", ""))

    def text(self, data: str) -> None:
        self._text += data

    def end(self, name: str) -> None:
        self._path.pop()
        if name == "id" and self._path[-1:] == ["update"]:
            self._id = self._text.strip()
        elif name == "reboot_suggested":
            # Empty and "True" both mean yes; some write the refusal down.
            self._reboot = self._reboot or self._text.strip().lower() not in _NO
        elif name == "update":
            self.found[self._id] = {"reboot_suggested": self._reboot, "module": self._module}


def parse(document: str) -> Dict[str, Dict[str, Any]]:
    """Return {advisory id: {reboot_suggested, module ("name:stream" or None)}} of an updateinfo document.

    Raises ValueError for what is not such a document; entities, which could blow up, count as that.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(document.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise ValueError(f"not an updateinfo document: {error}")
    return reader.found


def _refuse(*_declaration: Any) -> None:
    raise ValueError("an updateinfo document declares entities")
