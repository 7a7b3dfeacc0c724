# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check signatures of package files by given keys, without a trace in the rpm database."""

import os
import subprocess
import tempfile
from typing import Any, Callable, Dict, Iterable
from urllib.parse import urlsplit

_UNSAFE = ("http", "ftp")


def unsafe_key(repository: str, urls: Iterable[str]) -> str:
    """Return why no key at `urls` (gpgkey) is taken: on the way somebody could put another in its place.

    Empty when all come from the host itself or over https.
    """
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme.lower() in _UNSAFE:
            shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
            return (
                f"the key of the repository {repository} would come unprotected from "
                f"{shown}; give gpgkey an https:// or file:// address, or import the key "
                "with rpm --import once you have compared its fingerprint"
            )
    return ""


def unsafe_metadata_key(repository: str, urls: Iterable[str], cache: str) -> str:
    """Return `unsafe_key` for a repository with signed metadata, empty where its key was accepted before.

    Accepted keys lie in the `cache` of the repository: the package manager doesn't ask for them again.
    """
    try:
        accepted = bool(os.listdir(os.path.join(cache, "pubring")))
    except OSError:
        accepted = False
    return "" if accepted else unsafe_key(repository, urls)


class Keyrings:
    """A scratch database for each repository, made when it is first needed; `with` takes all of them away."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory()
        self._databases: Dict[str, str] = {}

    def __enter__(self) -> "Keyrings":
        return self

    def __exit__(self, *_error: Any) -> None:
        self._scratch.cleanup()

    def check(self, path: str, repository: str, read_keys: Callable[[], Iterable[bytes]]) -> str:
        """Return what is wrong with the signature of the file at `path`, empty when it is good.

        `read_keys`: returns the keys of the repository; it is called once.
        """
        if repository not in self._databases:
            self._databases[repository] = self._make(read_keys())
        if _rpmkeys(self._databases[repository], "--checksig", path):
            return ""
        return f"{os.path.basename(path)} is not signed by a key of its repository {repository}"

    def _make(self, keys: Iterable[bytes]) -> str:
        database = tempfile.mkdtemp(dir=self._scratch.name)
        for number, key in enumerate(keys):
            file = os.path.join(database, f"{number}.key")
            with open(file, "wb") as stream:
                stream.write(key)
            _rpmkeys(database, "--import", file)
        return database


def _rpmkeys(database: str, *arguments: str) -> bool:
    command = ["rpmkeys", "--dbpath", database] + list(arguments)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0
