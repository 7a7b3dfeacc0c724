# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process on the host that answers questions one after the other: to start it is most of what one costs."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import weakref
from typing import IO, Any, List, NamedTuple, Optional, cast

from ansible_collections.patchops.fleet.plugins.module_utils import process

# `text`: a line, empty when the process ended instead of answering; then `rc` and the end of its `errors`.
Answer = NamedTuple("Answer", [("text", str), ("rc", int), ("errors", str)])

_SHOWN = 4000


class Session:
    """Ends when nobody refers to it any more, or when its owner dies, after the answer it is at work on.

    `errors`: a file for what is printed beside answers, one of its own where None.
    """

    def __init__(self, argv: List[str], errors: Optional[IO[bytes]] = None) -> None:
        own = tempfile.TemporaryFile() if errors is None else None  # noqa: SIM115 - closed with the process
        self._errors = cast(IO[bytes], own or errors)
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=process.environment(),
            cwd="/",
            start_new_session=True,
        )
        self._questions = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        files = [one for one in (self._questions, self._answers, own) if one is not None]
        self._end = weakref.finalize(self, _end, self._process, files)

    def runs(self) -> bool:
        """Tell whether it can be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        self._end()

    def ask(self, *lines: Any, limit: Optional[float]) -> Answer:
        """Send each of `lines` as JSON and return the answer; after `limit` seconds the process is killed.

        None waits for as long as it takes.
        """
        watch = threading.Timer(limit, self._kill) if limit is not None else None
        if watch is not None:
            watch.daemon = True
            watch.start()
        try:
            text = self._exchange(b"".join(json.dumps(line).encode("ascii") + b"\n" for line in lines))
        finally:
            if watch is not None:
                watch.cancel()
        if text.endswith(b"\n"):
            return Answer(text.decode("utf-8", "replace"), 0, "")
        return Answer("", self._process.wait(), self._last_errors())

    def _exchange(self, question: bytes) -> bytes:
        try:
            self._questions.write(question)
            self._questions.flush()
        except OSError:
            return b""  # it ended without having read all of it
        return self._answers.readline()

    def _kill(self) -> None:
        # Its children too: one that survives would hold the pipes open and the answer back.
        os.killpg(self._process.pid, signal.SIGKILL)

    def _last_errors(self) -> str:
        if self._errors.seekable() and self._errors.readable():
            size = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, size - _SHOWN))
            return self._errors.read().decode("utf-8", "replace")
        return ""


def _end(started: "subprocess.Popen[bytes]", files: List[IO[bytes]]) -> None:
    for one in files:
        try:
            one.close()
        except OSError:
            pass  # what could not be sent to a process that had ended
    started.wait()
