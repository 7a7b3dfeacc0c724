# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check who signed a repository's Release file, without fetching anything.

apt checked the signature when it fetched the file. A key that expired or was removed since shows here first.
"""

import glob
import os
import shutil
from typing import List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_GLOBAL_KEYRINGS = ("/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/*")
_FAULTS = {
    "BADSIG": "its signature is bad",
    "ERRSIG": "its signature can't be checked",
    "NO_PUBKEY": "its signing key is not on the host",
    "EXPKEYSIG": "its signing key has expired",
    "REVKEYSIG": "its signing key was revoked",
    "EXPSIG": "its signature has expired",
}


def check(path: str, signed_by: Optional[str]) -> Tuple[Optional[bool], Optional[str]]:
    """Return (signed, what is wrong) for an InRelease or Release file in apt's lists.

    Where the keys can't be given to gpgv (it is missing, or keys are armored) apt's own earlier check stands:
    it keeps an InRelease file only when it could verify it.
    """
    inline = path.endswith("InRelease")
    if not inline and not os.path.exists(path + ".gpg"):
        return False, "it is not signed"
    keyrings = usable_keyrings(signed_by)
    if keyrings is None or shutil.which("gpgv") is None:
        return True, None
    argv = ["gpgv", "--status-fd", "1"]
    for keyring in keyrings:
        argv += ["--keyring", keyring]
    return judge(run(argv + ([path] if inline else [path + ".gpg", path])).stdout)


def judge(status: str) -> Tuple[bool, Optional[str]]:
    """Return (signed, what is wrong) from gpgv's status lines; one good signature among several is enough."""
    words = [line.split()[1] for line in status.splitlines() if line.startswith("[GNUPG:] ")]
    if "BADSIG" not in words and "GOODSIG" in words:
        return True, None
    fault = next((word for word in words if word in _FAULTS), None)
    return False, _FAULTS[fault] if fault else "it carries no signature"


def usable_keyrings(signed_by: Optional[str]) -> Optional[List[str]]:
    """Return the keyring files to check against, or None when gpgv could not read all of them."""
    if signed_by is None:
        keyrings = [path for pattern in _GLOBAL_KEYRINGS for path in sorted(glob.glob(pattern))]
    else:
        keyrings = signed_by.replace(",", " ").split()
    readable = all(
        os.path.isabs(path) and path.endswith(".gpg") and os.path.isfile(path) for path in keyrings
    )
    return keyrings if keyrings and readable else None
