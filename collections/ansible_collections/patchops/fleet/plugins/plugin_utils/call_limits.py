# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of one call to a host: how long it takes, how much it prints, and how much memory that takes.

Ansible collects what a host prints until the host ends it, and parses all of it. A host that never stops, or
that prints what unpacks to far more, must not fill the controller's memory.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.payload import MAX_VALUES
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import visible

# The plan of 20,000 packages is a third of it.
_MOST_CHARACTERS = 32 * 1024 * 1024
# What is not JSON tells why a module did not run: its beginning and its end are enough for that.
_LONGEST_END = 100_000
# An answer of the most characters, parsed, takes less.
_MOST_MEMORY = 512 * 1024 * 1024
_LOOK_SECONDS = 1.0
# Never a host's to say. Ansible takes some of them out by itself, with a warning that shows their values raw.
_ANSIBLES_OWN = frozenset(
    {"ansible_facts", "ansible_stats", "add_host", "add_group", "unreachable", "skipped", "invocation"}
    | {"results", "deprecations", "document", "stdout", "stdout_lines", "stderr", "stderr_lines"}
)
_BYTES_OF_MAXRSS = 1 if sys.platform == "darwin" else 1024


class LimitReached(BaseException):
    """The call took longer than its limit. Not an Exception: nothing on the way may swallow it."""


class OutputTooLarge(BaseException):
    """The host printed more than any answer is; the message says how much. Not an Exception either."""


@contextmanager
def limits(action: Any, seconds: float) -> Iterator[None]:
    """Let the action of a task ask its host, for at most `seconds` and within bounds.

    Raises LimitReached or OutputTooLarge.
    """
    with _bounded_output(action), _watched(seconds):
        yield


@contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """Look every second whether time or memory is up; a signal interrupts whatever waits or parses."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only; ssh's own timeouts have to do
        return
    started, memory = time.monotonic(), _peak_memory()

    def look(signum: int, frame: FrameType | None) -> None:
        late = time.monotonic() - started >= seconds
        if late or _peak_memory() - memory > _MOST_MEMORY:
            signal.setitimer(signal.ITIMER_REAL, 0)  # or it would interrupt the way out as well
            raise (
                LimitReached
                if late
                else OutputTooLarge(f"it took more than {_MOST_MEMORY >> 20} MiB of memory")
            )

    before = signal.signal(signal.SIGALRM, look)
    outer, _interval = signal.setitimer(signal.ITIMER_REAL, min(seconds, _LOOK_SECONDS), _LOOK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:  # the task's own timeout, which the action must not lose
            signal.setitimer(signal.ITIMER_REAL, max(0.001, outer - (time.monotonic() - started)))


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_OF_MAXRSS


@contextmanager
def _bounded_output(action: Any) -> Iterator[None]:
    """Have Ansible parse and show only what is within bounds of what the action's host prints."""
    ask = action._low_level_execute_command

    def asked(*given: Any, **more: Any) -> dict[str, Any]:
        return bounded_output(ask(*given, **more))

    action._low_level_execute_command = asked
    try:
        yield
    finally:
        action._low_level_execute_command = ask


def bounded_output(result: dict[str, Any]) -> dict[str, Any]:
    """Return what a command printed as Ansible may read it; raises OutputTooLarge.

    Control characters become visible escapes: Ansible shows parts of it in warnings. What stands behind the
    JSON of an answer would be such a warning, and is left out.
    """
    out, err = str(result.get("stdout") or ""), str(result.get("stderr") or "")
    if len(out) > _MOST_CHARACTERS:
        raise OutputTooLarge(f"it is {len(out)} characters long")
    if sum(out.count(sign) for sign in ",[{:") > MAX_VALUES:
        raise OutputTooLarge(f"it has more than {MAX_VALUES} values")
    answer = _json_lines(out)
    out = visible(_ends(out) if answer is None else _without_ansibles_own(answer))
    err = visible(_ends(err))
    return {
        **result,
        "stdout": out,
        "stderr": err,
        "stdout_lines": out.splitlines(),
        "stderr_lines": err.splitlines(),
    }


def _without_ansibles_own(text: str) -> str:
    """Return an answer without the keys that Ansible acts on, or shows the values of, before we see them."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text  # Ansible can't read it either, and says so
    if not isinstance(answer, dict):
        return text
    own = [key for key in answer if key in _ANSIBLES_OWN or key.startswith("_ansible_")]
    return json.dumps({key: answer[key] for key in answer if key not in own}) if own else text


def _json_lines(text: str) -> str | None:
    """Return the lines from the first that starts an object to the last that ends one, None without these.

    Ansible takes the same lines for an answer.
    """
    lines = text.splitlines()
    starts = next((number for number, line in enumerate(lines) if line.strip().startswith("{")), None)
    ends = next((number for number in reversed(range(len(lines))) if lines[number].strip().endswith("}")), -1)
    return None if starts is None or ends < starts else "\n".join(lines[starts : ends + 1])


def _ends(text: str) -> str:
    if len(text) <= 2 * _LONGEST_END:
        return text
    return f"{text[:_LONGEST_END]}\n...\n{text[-_LONGEST_END:]}"
