# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the signature of a package file by given keys, without a trace in the rpm database."""

import os
import subprocess
import tempfile
from typing import Iterable


def check_with(keys: Iterable[bytes], path: str, repository: str) -> str:
    """Return what is wrong with the signature of the file at `path`, empty when one of `keys` made it."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, key in enumerate(keys):
            file = os.path.join(scratch, f"{number}.key")
            with open(file, "wb") as stream:
                stream.write(key)
            _rpmkeys(scratch, "--import", file)
        if _rpmkeys(scratch, "--checksig", path):
            return ""
        return f"{os.path.basename(path)} is not signed by a key of its repository {repository}"


def _rpmkeys(database: str, *arguments: str) -> bool:
    command = ["rpmkeys", "--dbpath", database] + list(arguments)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0
