# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign patch sets with a key of the controller, and verify who signed one: with ssh-keygen alone.

The id of a patch set says that its content was not altered, the signature who answers for it. What is
signed is the canonical JSON of its id, its name and the time at which it was sealed.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import canonical_json
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import PatchSetError

NAMESPACE = "patchops.patch_set"
_LONGEST = 32 * 1024
_TIME_LIMIT = 60
_PATH = "/usr/local/bin:/usr/bin:/bin"


class PatchSetNotTrusted(PatchSetError):
    """A patch set has no signature that the controller accepts."""


@dataclass(frozen=True)
class Signers:
    """Whose signatures count: files as ssh-keygen reads them, allowed_signers and a revocation list."""

    allowed: str
    revoked: str | None = None


def signers_of(allowed: Any, revoked: Any = None) -> Signers | None:
    """Return the signers that two variables name; None when patch sets need no signature."""
    if revoked and not allowed:
        raise PatchSetError("patchops_revoked_signers is set and patchops_allowed_signers is not: set both")
    return Signers(str(allowed), str(revoked) if revoked else None) if allowed else None


def signed(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a sealed patch set with a signature of the private key at the path `key`.

    A public key at that path has the ssh agent sign. Raises PatchSetError.
    """
    path = str(Path(key).expanduser())
    # From standard input: with a file ssh-keygen leaves a former signature beside it and ends with 0.
    done = _ssh_keygen(["-Y", "sign", "-f", path, "-n", NAMESPACE], _message(document))
    if done.returncode != 0 or not done.stdout:
        raise PatchSetError(f"the patch set could not be signed with {path}: {_told(done)}")
    return {**document, "signature": done.stdout.decode("ascii")}


def check_signature(document: Mapping[str, Any], signers: Signers, where: str = "the patch set") -> str:
    """Return who signed a patch set, as allowed_signers names it; raises PatchSetNotTrusted.

    A key counts that was valid when the set was sealed. One that is in the revocation list never counts: who
    has it can date a signature back.
    """
    signature = document.get("signature")
    if not isinstance(signature, str) or not signature or len(signature) > _LONGEST:
        raise PatchSetNotTrusted(
            f"{where} ({str(document.get('id'))[:12]}) has no signature, and patchops_allowed_signers asks "
            "for one: seal it with patchops_signing_key"
        )
    for file in (signers.allowed, signers.revoked):
        if file is not None and not os.access(Path(file).expanduser(), os.R_OK):
            raise PatchSetNotTrusted(f"{file}, which says whose signatures count, can't be read")
    with tempfile.TemporaryDirectory(prefix="patchops-") as directory:
        file = str(Path(directory) / "signature")
        Path(file).write_text(signature, encoding="utf-8", errors="replace")
        allowed = ["-f", str(Path(signers.allowed).expanduser()), "-s", file, *_at(document)]
        found = _ssh_keygen(["-Y", "find-principals", *allowed], b"")
        names = found.stdout.decode("utf-8", "replace").splitlines()
        if found.returncode != 0 or not names:
            raise PatchSetNotTrusted(
                f"{where} ({str(document.get('id'))[:12]}) is signed by a key that {signers.allowed} doesn't "
                "name, or that was not valid when the set was sealed"
            )
        revoked = ["-r", str(Path(signers.revoked).expanduser())] if signers.revoked else []
        verify = ["-Y", "verify", "-I", names[0], "-n", NAMESPACE, *allowed, *revoked]
        done = _ssh_keygen(verify, _message(document))
    if done.returncode != 0:
        raise PatchSetNotTrusted(
            f"the signature of {where} ({str(document.get('id'))[:12]}) is not good: {_told(done)}"
        )
    return names[0]


def _message(document: Mapping[str, Any]) -> bytes:
    return canonical_json({key: document.get(key) for key in ("id", "name", "sealed_at")})


def _at(document: Mapping[str, Any]) -> list[str]:
    """Return ssh-keygen's option for when the set was sealed; in UTC, as `_ssh_keygen` runs it."""
    try:
        sealed = datetime.strptime(str(document.get("sealed_at")), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise PatchSetNotTrusted("the patch set doesn't say when it was sealed") from None
    return [f"-Overify-time={sealed:%Y%m%d%H%M%S}"]


def _ssh_keygen(arguments: Sequence[str], message: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run ssh-keygen; it never asks: without a terminal, and without a program that would."""
    inherited = {name: os.environ[name] for name in ("HOME", "SSH_AUTH_SOCK") if name in os.environ}
    environment = {**inherited, "PATH": _PATH, "LC_ALL": "C", "TZ": "UTC", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        return subprocess.run(
            ["ssh-keygen", *arguments],
            input=message,
            capture_output=True,
            env=environment,
            start_new_session=True,
            timeout=_TIME_LIMIT,
            check=False,
        )
    except FileNotFoundError:
        raise PatchSetError("ssh-keygen is missing on the controller; install OpenSSH's client") from None
    except subprocess.TimeoutExpired:
        raise PatchSetError(f"ssh-keygen did not end within {_TIME_LIMIT} seconds") from None


def _told(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return " ".join(lines[-1].split())[:300] if lines else f"ssh-keygen ended with {done.returncode}"
