# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count what goes over ssh between the controller and the hosts of a lab: the kernel's own counters."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence

from patchops_lab.lab import Lab

_RULES = (
    ("OUTPUT", "--protocol", "tcp", "--destination-port", "22"),
    ("INPUT", "--protocol", "tcp", "--source-port", "22"),
)
# "[17:2040] -A OUTPUT -p tcp -m tcp --dport 22"
_COUNTED = re.compile(r"^\[\d+:(\d+)\] -A (?:OUTPUT .*--dport|INPUT .*--sport) 22\b", re.MULTILINE)


class SshTraffic:
    """The counters of one lab; they go with its network."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        for rule in _RULES:
            self._run("iptables", "--wait", "--insert", *rule)

    def total(self) -> int:
        """Return the bytes of both directions since the rules were made, headers of IP and TCP included."""
        return counted(self._run("iptables-save", "--counters", "--table", "filter"))

    def _run(self, *command: str) -> str:
        words: Sequence[str] = self._lab.inside(*command)
        return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def counted(saved: str) -> int:
    """Return the bytes that the rules have counted, from the output of iptables-save."""
    return sum(int(number) for number in _COUNTED.findall(saved))
