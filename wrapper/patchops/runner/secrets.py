# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords on their way from a prompt to Ansible: through a pipe with a name, and nowhere else.

A pipe has no content on disk and is not part of an argument list or an environment. Answering Ansible's
prompts on its terminal instead would answer whatever a host prints that looks like a prompt.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Secret:
    """One password and the option of Ansible's that takes a file with it."""

    option: str
    value: str = field(repr=False)


@contextmanager
def handed_over(secrets: Sequence[Secret], directory: Path) -> Iterator[list[str]]:
    """Options for one Ansible command, each naming a pipe in `directory` that yields its secret once.

    Each command needs its own call, because a pipe is read once. Pipes that were never read are removed too.
    """
    finished = threading.Event()
    options: list[str] = []
    pipes: list[Path] = []
    threads: list[threading.Thread] = []
    try:
        for number, secret in enumerate(secrets):
            pipe = directory / f"secret-{os.getpid()}-{threading.get_ident()}-{number}"
            os.mkfifo(pipe, 0o600)
            pipes.append(pipe)
            options += [secret.option, str(pipe)]
            thread = threading.Thread(target=_feed, args=(pipe, secret.value, finished), daemon=True)
            thread.start()
            threads.append(thread)
        yield options
    finally:
        finished.set()
        for thread in threads:
            thread.join()
        for pipe in pipes:
            pipe.unlink(missing_ok=True)


def _feed(pipe: Path, value: str, finished: threading.Event) -> None:
    """Wait for a reader, write the secret once, close."""
    while not finished.is_set():
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # ENXIO: nobody reads yet
                return
            finished.wait(_POLL_SECONDS)
            continue
        with open(descriptor, "wb") as writer:
            writer.write(value.encode("utf-8") + b"\n")
        return
