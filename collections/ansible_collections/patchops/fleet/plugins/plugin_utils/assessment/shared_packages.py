# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the host documents of a fleet faster than JSON alone allows.

Nine tenths of a host document are its packages, and most packages of most hosts are the same to the letter.
So the text of each package is parsed once, and every host that has it shares the result.
"""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.module_utils.payload import MAX_BYTES, PayloadError, load_json
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import (
    SoundPackages,
    sound_package,
)

# How a directory store writes a list at the top of a document. JSON's strings hold no raw newline, so these
# can't be part of one.
_START: Final = b'\n "packages": [\n  {'
_BETWEEN: Final = b"\n  },\n  {"
_END: Final = b"\n  }\n ]"
_PLACEHOLDER: Final = "packages are read apart"
_MOST_KNOWN: Final = 500_000


class SharedPackages:
    """A reader of host documents; keep one for many. The packages it returns are shared: read them only.

    Each was checked when it was parsed, so `read_foreign` doesn't check it for every host.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Any] = {}

    def loads(self, data: bytes) -> Any:
        """What ``json.loads`` returns, and the same errors; ValueError also for what is too large."""
        if len(data) > MAX_BYTES:
            raise PayloadError(f"larger than {MAX_BYTES} bytes")
        start = data.find(_START)
        end = data.find(_END, start)
        if start < 0 or end < 0:
            return load_json(data)
        try:
            texts = data[start + len(_START) : end].split(_BETWEEN)
            packages = SoundPackages(self._package(text) for text in texts)
            rest = b'\n "packages": "%s"' % _PLACEHOLDER.encode()
            document = load_json(data[:start] + rest + data[end + len(_END) :])
        except ValueError:
            # Not written by a store, or damaged; only the whole text tells where.
            return load_json(data)
        if not isinstance(document, dict) or document.get("packages") != _PLACEHOLDER:
            return load_json(data)
        document["packages"] = packages
        return document

    def _package(self, text: bytes) -> Any:
        package = self._known.get(text)
        if package is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            package = self._known[text] = sound_package(load_json(b"{%s}" % text))
        return package
