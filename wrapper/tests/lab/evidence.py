# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of a lab host say happened on it, read from outside."""

from __future__ import annotations

import json
from typing import Any

from patchops_lab.hosts import LabHost


def journal(host: LabHost) -> list[dict[str, Any]]:
    """The entries of all journals of a host; empty before its first transaction."""
    directory = host.paths.upper / "var/lib/patchops/transactions"
    files = sorted(directory.glob("*/journal.jsonl")) if directory.exists() else []
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines(keepends=True)]
    return [json.loads(line) for line in lines if line.endswith("\n")]


def states(host: LabHost) -> list[str]:
    """The states that a host's journals went through."""
    return [entry["state"] for entry in journal(host) if entry["event"] == "state"]


def upgrades(host: LabHost) -> list[str]:
    """Package and new version of each upgrade in a host's dpkg.log; empty before its first one."""
    log = host.paths.upper / "var/log/dpkg.log"
    words = [line.split() for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    return [f"{line[3]} {line[5]}" for line in words if line[2] == "upgrade"]


def etc(host: LabHost) -> dict[str, str]:
    """What is in /etc: of each path its kind, mode, owner, where a link leads, and a file's digest."""
    listed = host.run("find", "/etc", "-xdev", "-printf", "%p\\t%y %m %U:%G %l\\n")
    found = dict(line.split("\t", 1) for line in listed.splitlines())
    for line in host.run("find", "/etc", "-xdev", "-type", "f", "-exec", "sha256sum", "{}", "+").splitlines():
        digest, _space, path = line.partition("  ")
        found[path] += digest
    return found
