# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check who signed a repository's Release file, without fetching anything.

apt checked the signature when it fetched the file. A key that expired or was removed since shows here first.
"""

import base64
import glob
import os
import re
import shutil
import tempfile
from typing import List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_GLOBAL_KEYRINGS = ("/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/*")
_LARGEST_KEYRING = 4 * 1024 * 1024
_ARMOR = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----(.*?)-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL
)
_FINGERPRINT = re.compile(r"\b[0-9A-F]{40,64}\b")
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


def signers(path: str, keyrings: List[str]) -> Optional[List[str]]:
    """Return the fingerprints of the keys in `keyrings` that signed a Release or InRelease file.

    None where nothing on the host can check a signature. Keys may be armored: they are read by their content.
    """
    directory = tempfile.mkdtemp(prefix="patchops-")
    try:
        keyring = os.path.join(directory, "keys.gpg")
        with open(keyring, "wb") as stream:
            stream.write(b"".join(read_keys(name) for name in keyrings))
        signed = [path] if path.endswith("InRelease") else [path + ".gpg", path]
        if shutil.which("gpgv"):
            return parse_signers(run(["gpgv", "--status-fd", "1", "--keyring", keyring] + signed).stdout)
        if shutil.which("sqv"):
            how = ["--cleartext", "--output", os.path.join(directory, "text")]
            if len(signed) > 1:
                how = ["--signature-file=" + signed[0]]
            answer = run(["sqv", "--keyring", keyring] + how + [path])
            return _FINGERPRINT.findall(answer.stdout) if answer.rc == 0 else []
        return None
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def parse_signers(status: str) -> List[str]:
    """Return the primary keys of good signatures in gpgv's status lines, without expired and revoked keys."""
    found, good = [], False
    for line in status.splitlines():
        words = line.split()[1:] if line.startswith("[GNUPG:] ") else [""]
        if words[0] == "VALIDSIG" and good:
            found.append(words[-1])
        elif words[0] != "SIG_ID":
            good = words[0] == "GOODSIG"
    return found


def read_keys(path: str) -> bytes:
    """Return the keys of a keyring file in binary form; empty when they can't be read."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(_LARGEST_KEYRING)
    except OSError:
        return b""
    if not content.lstrip().startswith(b"-----BEGIN PGP"):
        return content
    return b"".join(_unarmored(block) for block in _ARMOR.findall(content))


def _unarmored(block: bytes) -> bytes:
    # Header lines end at an empty one; the last line, "=" and four characters, is a checksum.
    _headers, _empty, body = block.replace(b"\r", b"").partition(b"\n\n")
    try:
        return base64.b64decode(b"".join(line for line in body.split(b"\n") if not line.startswith(b"=")))
    except ValueError:
        return b""


def usable_keyrings(signed_by: Optional[str]) -> Optional[List[str]]:
    """Return the keyring files to check against, or None when gpgv could not read all of them."""
    keyrings = configured_keyrings(signed_by)
    readable = all(
        os.path.isabs(path) and path.endswith(".gpg") and os.path.isfile(path) for path in keyrings
    )
    return keyrings if keyrings and readable else None


def configured_keyrings(signed_by: Optional[str]) -> List[str]:
    """Return the keyring files that apt checks a source against; what is no path in `signed_by` is kept."""
    if signed_by is None:
        return [path for pattern in _GLOBAL_KEYRINGS for path in sorted(glob.glob(pattern))]
    return signed_by.replace(",", " ").split()
