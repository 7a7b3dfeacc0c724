# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check signatures of package files by given keys, without a trace in the rpm database."""

import os
import subprocess
import tempfile
from typing import Any, Callable, Dict, Iterable


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
