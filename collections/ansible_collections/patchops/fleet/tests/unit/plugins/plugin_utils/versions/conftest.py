# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package managers' own comparison, asked in the system's Python, which alone has their bindings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

SYSTEM_PYTHON = "/usr/bin/python3"
_LOOP = "\nfor line in sys.stdin:\n print(compare(*json.loads(line)), flush=True)"
_PROGRAMS = {
    "apt_pkg": "import apt_pkg, json, sys\napt_pkg.init()\n"
    "def compare(a, b):\n c = apt_pkg.version_compare(a, b)\n return (c > 0) - (c < 0)",
    "rpm": "import json, rpm, sys\ndef compare(a, b): return rpm.labelCompare(tuple(a), tuple(b))",
}


class Oracle:
    """One process of the system's Python that answers comparisons, one line each."""

    def __init__(self, binding: str) -> None:
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, "-c", _PROGRAMS[binding] + _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def compare(self, left: object, right: object) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([left, right]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=120)


def running_oracle(binding: str) -> Iterator[Oracle]:
    """An oracle, or a skip that says which package is missing."""
    try:
        probe = subprocess.run([SYSTEM_PYTHON, "-c", f"import {binding}"], check=False, capture_output=True)
    except OSError:
        pytest.skip(f"{SYSTEM_PYTHON} is missing, so {binding} can't be asked")
    if probe.returncode:
        pytest.skip(f"{SYSTEM_PYTHON} has no {binding} (Debian: python3-apt, python3-rpm)")
    oracle = Oracle(binding)
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def apt() -> Iterator[Oracle]:
    yield from running_oracle("apt_pkg")


@pytest.fixture(scope="module")
def rpm_bindings() -> Iterator[Oracle]:
    yield from running_oracle("rpm")
