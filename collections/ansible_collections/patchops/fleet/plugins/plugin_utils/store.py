# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where documents are kept on the controller: a directory, an HTTP server, or nowhere.

Keys are paths of words, such as ``hosts/web1@prod/host``. Names of hosts and inventories are untrusted:
`host_key` makes one safe word of any name, and every store refuses keys that are not made of safe words.
Every key and every path of a document is made in this file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import tempfile
import urllib.error
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey

_SAFE_WORD = re.compile(r"[A-Za-z0-9_%][A-Za-z0-9._@=%+-]*\Z")
_SAFE_CHARACTERS = re.compile(r"[A-Za-z0-9_.-]")
_LONGEST_WORD = 180
# A word that no escaped name is: after a percent sign each of those has two digits.
_EMPTY = "%"
# With the longest host before it and an @ between, the name of a folder still fits into 255 bytes.
_LONGEST_INVENTORY = 70
_DIGEST_OF_INVENTORY = 32
_MAX_BYTES = 64 * 1024 * 1024
_HTTP_TIMEOUT = 30.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A host chooses the ids of its transactions: the newest documents of this many are kept.
_MOST_TRANSACTIONS = 200

LATEST_FINDINGS: Final = "assessments/latest"
"""The key of the fleet's newest findings document."""


class StoreError(Exception):
    """A document could not be kept or read; the message says where and what to do."""


class DocumentStore(Protocol):
    """What every store can do."""

    def write(self, key: str, document: Mapping[str, Any]) -> str | None:
        """Keep `document` and return its reference: a path, a URL, or None."""

    def read(self, key: str) -> dict[str, Any] | None:
        """Return the document kept under `key`, or None when there is none."""


def host_key(name: str) -> str:
    """Return `name` as one safe word; different names give different words.

    Unsafe bytes are written as %XX, and so is a leading dot or dash. Very long names end in a digest. The
    empty name is ``%``.
    """
    word = "".join(
        character if _SAFE_CHARACTERS.match(character) else _escape(character) for character in name
    )
    if not word:
        return _EMPTY
    if word[0] in ".-":
        word = _escape(word[0]) + word[1:]
    if len(word) > _LONGEST_WORD:
        digest = hashlib.sha256(_bytes(name)).hexdigest()
        word = f"{word[: _LONGEST_WORD - 65]}={digest}"
    return word


def host_document_key(host: HostKey) -> str:
    """Return the key of a host's document."""
    return f"hosts/{_host_word(host)}/host"


def host_findings_key(host: HostKey) -> str:
    """Return the key of a host's findings."""
    return f"hosts/{_host_word(host)}/findings"


def transaction_key(host: HostKey, transaction_id: str) -> str:
    """Return the key of a transaction's document."""
    return f"hosts/{_host_word(host)}/transactions/{host_key(transaction_id)}"


def patch_set_key(patch_set_id: str) -> str:
    """Return the key of a patch set."""
    return f"patch_sets/{host_key(patch_set_id)}"


def report_key(run_id: str) -> str:
    """Return the key of a run's report."""
    return f"runs/{host_key(run_id)}/report"


def read_host_document(store: DocumentStore, host: HostKey) -> dict[str, Any] | None:
    """Return the document of a host, None when there is none. Raises StoreError.

    Documents of versions up to 0.1 are kept under the host's name alone, without their inventory. They are
    read until the host is scanned again.
    """
    found = store.read(host_document_key(host))
    if found is not None or not host.inventory:
        return found
    former = store.read(host_document_key(HostKey("", host.name)))
    return former if former is not None and not former.get("inventory") else None


def host_of(path: Path, inventories: Iterable[str]) -> HostKey:
    """Return whose document the file is in a directory store, by its folder: the document can't be read.

    `inventories`: keys that are known; a long one stands in the name of a folder by its digest alone. The
    inventory is "" where none of them is it.
    """
    word, at, inventory = path.parent.name.partition("@")
    name = word if "=" in word else urllib.parse.unquote(word.removesuffix(_EMPTY), errors="replace")
    known = (key for key in inventories if at and _inventory_word(key) == inventory)
    own = "" if "=" in inventory else urllib.parse.unquote(inventory, errors="replace")
    return HostKey(next(known, own), name)


def is_of(path: Path, host: HostKey) -> bool:
    """Tell whether a file of a directory store is where the document of a host is kept."""
    return path.parent.name in (_host_word(host), host_key(host.name))


def _host_word(host: HostKey) -> str:
    """Host and inventory as one word: host_key() writes no @, so the two parts can't be mistaken."""
    if not host.inventory:
        return host_key(host.name)
    return f"{host_key(host.name)}@{_inventory_word(host.inventory)}"


def _inventory_word(inventory: str) -> str:
    word = host_key(inventory)
    if len(word) <= _LONGEST_INVENTORY:
        return word
    digest = hashlib.sha256(inventory.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_OF_INVENTORY]
    # The end of a path says more than its beginning.
    return f"{digest}={word[-(_LONGEST_INVENTORY - _DIGEST_OF_INVENTORY - 1) :]}"


class NoStore:
    """Keeps nothing: the documents live on the hosts and in artifacts only."""

    def write(self, key: str, document: Mapping[str, Any]) -> str | None:
        _words(key)
        return None

    def read(self, key: str) -> dict[str, Any] | None:
        _words(key)
        return None


class DirectoryStore:
    """JSON files below one directory that only its owner can read.

    loads: reads the text of a file, for callers who read many and know a faster way than ``json.loads``.
    """

    def __init__(self, path: str | os.PathLike[str], loads: Callable[[bytes], Any] = json.loads) -> None:
        self._root = Path(path).expanduser()
        self._loads = loads

    def write(self, key: str, document: Mapping[str, Any]) -> str | None:
        target = self.path(key)
        try:
            self._make(target.parent)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".new")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(document, file, indent=1, sort_keys=True)
                    file.write("\n")
                os.replace(temporary, target)
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            raise StoreError(
                f"{target} could not be written on the controller ({error.strerror}). "
                "Make the directory writable, or set patchops_document_store to another place."
            ) from error
        if target.parent.name == "transactions":
            _keep_newest(target.parent, _MOST_TRANSACTIONS)
        return str(target)

    def read(self, key: str) -> dict[str, Any] | None:
        try:
            return self.load(self.path(key))
        except StoreError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    def _make(self, directory: Path) -> None:
        """Make the folders down to `directory`, each for its owner alone.

        Those above the store's own root have their modes from the umask: they are somebody else's.
        """
        self._root.parent.mkdir(parents=True, exist_ok=True)
        inside = [part for part in (directory, *directory.parents) if part.is_relative_to(self._root)]
        for folder in reversed(inside):
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
            except FileExistsError as error:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from error

    def load(self, path: Path) -> dict[str, Any]:
        """Read a document by its file. Raises StoreError."""
        try:
            return _parse(path.read_bytes(), str(path), self._loads)
        except OSError as error:
            raise StoreError(f"{path} could not be read on the controller ({error.strerror}).") from error

    def host_documents(self) -> list[Path]:
        """The files of all host documents, sorted by host."""
        return sorted(self._root.glob("hosts/*/host.json"))

    def has_host_documents(self) -> bool:
        """Whether any host was ever scanned into this store."""
        return next(self._root.glob("hosts/*/host.json"), None) is not None

    def newest_reports(self, limit: int) -> list[Path]:
        """The files of the newest reports, newest first: ids of runs begin with their time."""
        return list(islice(sorted(self._root.glob("runs/*/report.json"), reverse=True), limit))

    def patch_sets(self, start: str) -> list[Path]:
        """The files of the patch sets whose id starts with ``start``, which is hexadecimal."""
        return sorted(self._root.glob(f"patch_sets/{start}*.json"))

    def path(self, key: str) -> Path:
        """The file of a document, whether or not it exists."""
        return self._root.joinpath(*_words(key)).with_name(_words(key)[-1] + ".json")


class HttpStore:
    """Documents behind a URL: PUT and GET of ``<url>/<key>.json``, with a bearer token from a file."""

    def __init__(self, url: str, token_file: str | None = None) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise StoreError(f"the document store's url {url!r} must start with https:// or http://")
        if token_file and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise StoreError(
                f"the document store's url {url!r} is not https://, and its token would travel in the clear. "
                "Give it an https:// address, or no token_file."
            )
        self._url = url.rstrip("/")
        self._token_file = token_file

    def write(self, key: str, document: Mapping[str, Any]) -> str | None:
        url = self._address(key)
        self._ask("PUT", url, json.dumps(document, sort_keys=True).encode("utf-8"))
        return url

    def read(self, key: str) -> dict[str, Any] | None:
        url = self._address(key)
        body = self._ask("GET", url)
        return None if body is None else _parse(body, url)

    def _address(self, key: str) -> str:
        return "/".join([self._url, *(urllib.parse.quote(word) for word in _words(key))]) + ".json"

    def _ask(self, method: str, url: str, body: bytes | None = None) -> bytes | None:
        # Takes a tenth of a second to import, which commands on a directory need not wait for.
        from ansible.module_utils.urls import open_url

        headers = {"Content-Type": "application/json"}
        if self._token_file:
            headers["Authorization"] = f"Bearer {self._token()}"
        try:
            with open_url(
                url,
                data=body,
                method=method,
                headers=headers,
                timeout=_HTTP_TIMEOUT,
                # A redirect could carry the token, and the document, to another host.
                follow_redirects="none",
            ) as answer:
                data: bytes = answer.read(_MAX_BYTES + 1)
        except urllib.error.HTTPError as error:
            with error:
                if method == "GET" and error.code == 404:
                    return None
                if 300 <= error.code < 400:
                    raise StoreError(
                        f"{method} {url} was answered with a redirect ({error.code}), which is not followed: "
                        "it would take the token elsewhere. Set the store's url to where the documents are."
                    ) from error
            raise StoreError(f"{method} {url} was answered with {error.code} {error.reason}.") from error
        except OSError as error:
            raise StoreError(f"{method} {url} failed: {error}. The document was not kept.") from error
        if len(data) > _MAX_BYTES:
            raise StoreError(f"{url} answered with more than {_MAX_BYTES} bytes.")
        return data

    def _token(self) -> str:
        path = Path(self._token_file or "").expanduser()
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise StoreError(
                f"the store's token file {path} could not be read ({error.strerror})."
            ) from error


_SETTINGS = (
    "Give {kind: directory, path: /a/directory}, {kind: http, url: https://..., token_file: /a/file}, "
    "or {kind: none}."
)


def open_store(settings: object, loads: Callable[[bytes], Any] = json.loads) -> DocumentStore:
    """Return the store that `patchops_document_store` describes; without one, a directory in the user's home.

    Shapes: {kind: directory, path} | {kind: http, url, token_file} | {kind: none}. `loads`: see there.
    Raises StoreError.
    """
    if settings is None:
        return DirectoryStore("~/.patchops/documents", loads)
    if not isinstance(settings, Mapping):
        raise StoreError(f"patchops_document_store is {settings!r}, which is no dictionary. {_SETTINGS}")
    kind, token_file = settings.get("kind"), settings.get("token_file")
    if kind == "none":
        return NoStore()
    if kind == "directory" and _is_text(settings.get("path")):
        return DirectoryStore(str(settings["path"]), loads)
    if kind == "http" and _is_text(settings.get("url")) and (token_file is None or _is_text(token_file)):
        return HttpStore(str(settings["url"]), token_file)
    raise StoreError(f"patchops_document_store is not understood ({dict(settings)!r}). {_SETTINGS}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _keep_newest(directory: Path, most: int) -> None:
    """Remove the oldest files of a directory beyond `most`; what can't be removed stays."""
    entries = [entry for entry in os.scandir(directory) if entry.name.endswith(".json")]
    if len(entries) <= most:
        return
    aged = []
    for entry in entries:
        with contextlib.suppress(OSError):
            aged.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path))
    for _age, path in sorted(aged)[: len(aged) - most]:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _escape(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in _bytes(character))


def _bytes(text: str) -> bytes:
    # Every text has bytes of its own, also one with half a character, as JSON can carry it.
    return text.encode("utf-8", "surrogatepass")


def _words(key: str) -> list[str]:
    words = key.split("/")
    if not all(_SAFE_WORD.match(word) for word in words):
        raise StoreError(f"{key!r} is not a safe key for a document")
    return words


def _parse(data: bytes, where: str, loads: Callable[[bytes], Any] = json.loads) -> dict[str, Any]:
    try:
        document = loads(data)
    except (ValueError, RecursionError) as error:
        raise StoreError(
            f"{where} is damaged: {plain(error, 200)}. Remove it; the next scan writes it again."
        ) from error
    if not isinstance(document, dict):
        raise StoreError(f"{where} holds no document. Remove it; the next scan writes it again.")
    return document
