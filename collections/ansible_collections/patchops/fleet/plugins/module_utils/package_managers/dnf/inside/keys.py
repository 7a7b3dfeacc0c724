# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the signature of a downloaded package, also when its key is not in the rpm database yet."""

import os
import subprocess
import tempfile
from typing import Any, Optional

try:
    import dnf.crypto
except ImportError:
    dnf = None  # see opening.py

_KEY_MISSING = 1


def check(base: Any, package: Any) -> Optional[str]:
    """Return what is wrong with the signature, None when it is good or its repository asks for none."""
    result, message = base._sig_check_pkg(package)
    if result == _KEY_MISSING:
        # dnf would add the key to the rpm database; staging must not change the host.
        message = _check_with_own_keys(base.repos[package.reponame], package.localPkg())
    return (" ".join(str(message).split()) or None) if result else None


def _check_with_own_keys(repo: Any, path: str) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        for number, url in enumerate(repo.gpgkey):
            for place, key in enumerate(dnf.crypto.retrieve(url, repo)):
                file = os.path.join(scratch, f"{number}-{place}.key")
                with open(file, "wb") as stream:
                    stream.write(key.raw_key)
                _rpmkeys(scratch, "--import", file)
        if _rpmkeys(scratch, "--checksig", path):
            return ""
        return f"{os.path.basename(path)} is not signed by a key of its repository {repo.id}"


def _rpmkeys(database: str, *arguments: str) -> bool:
    command = ["rpmkeys", "--dbpath", database] + list(arguments)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0
