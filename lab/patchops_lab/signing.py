# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A throwaway key that signs the lab's repository."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from patchops_lab.commands import run
from patchops_lab.errors import LabError
from patchops_lab.files import replace_file

OWNER = "PatchOps lab <lab@patchops.invalid>"
_ATTEMPTS = 4


def create_key(home: Path) -> str:
    """Make a key in a new directory; returns its public half, in ASCII armor."""
    home.mkdir(mode=0o700, parents=True)
    quick = ["--passphrase", "", "--quick-generate-key", OWNER, "rsa3072", "sign", "never"]
    _gpg(home, *quick, doing="make the key of the lab's repository")
    return _gpg(home, "--armor", "--export", doing="export the key of the lab's repository")


def sign(home: Path, text: str) -> str:
    """The text with its signature around it, as an InRelease file has it."""
    return _gpg(home, "--clearsign", "--output", "-", doing="sign the lab's repository", stdin=text)


def sign_detached(home: Path, file: Path) -> None:
    """Sign a file; the signature goes beside it, in ASCII armor (file.asc)."""
    signature = _gpg(
        home,
        *("--armor", "--detach-sign", "--output", "-", str(file)),
        doing=f"sign {file.name} of the lab's repository",
    )
    replace_file(file.with_name(f"{file.name}.asc"), signature.encode("ascii"))


def sign_beside(home: Path, files: Iterable[Path]) -> None:
    """Sign files; the signature of each goes beside it, in binary (file.sig)."""
    with _agent_ends(home):
        for file in files:
            # gpg writes into a file that is there, of which there may be other links. What an attempt that
            # failed has left it may write over.
            aside = file.with_name(f"{file.name}.sig.new")
            arguments = ["--yes", "--detach-sign", "--output", str(aside), str(file)]
            _try_gpg(home, arguments, f"sign {file.name} of the lab's repository", None)
            aside.replace(file.with_name(f"{file.name}.sig"))


def _gpg(home: Path, *arguments: str, doing: str, stdin: str | None = None) -> str:
    with _agent_ends(home):
        return _try_gpg(home, arguments, doing, stdin)


def _try_gpg(home: Path, arguments: Iterable[str], doing: str, stdin: str | None) -> str:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", *arguments]
    for _attempt in range(_ATTEMPTS - 1):
        try:
            return run(command, doing=doing, stdin=stdin)
        except LabError as error:
            # The agent of the call before may be on its way out and drop this one.
            if "agent" not in str(error) and "Broken pipe" not in str(error):
                raise
            time.sleep(0.5)
    return run(command, doing=doing, stdin=stdin)


@contextmanager
def _agent_ends(home: Path) -> Iterator[None]:
    try:
        yield
    finally:
        # gpg leaves an agent behind, which would outlive the lab. One that just ends by itself refuses.
        for _attempt in range(_ATTEMPTS - 1):
            with suppress(LabError):
                _end_agent(home)
                break
            time.sleep(0.5)
        else:
            _end_agent(home)


def _end_agent(home: Path) -> None:
    run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], doing="end the signing agent")
