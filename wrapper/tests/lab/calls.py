# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of modules that tests of many package managers make, and what came of them."""

from __future__ import annotations

import gzip
import json
from typing import Any

from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module


def transact(lab: Lab, host: str, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """What the module `transaction` says."""
    return run_module(lab, host, "transaction", arguments, check=check)


def scan(lab: Lab, host: str, **environment: str) -> dict[str, Any]:
    """What the module `host_info` says, with the mirror's lists read anew."""
    return run_module(lab, host, "host_info", {"refresh": True}, check=False, **environment)


def code_of(result: dict[str, Any]) -> str:
    """The code of a result's outcome."""
    return f"{result['outcome']['code']}"


def document(host: LabHost) -> dict[str, Any]:
    """The document that the host keeps, read from outside."""
    packed = (host.paths.upper / "var/lib/patchops/host.json.gz").read_bytes()
    kept: dict[str, Any] = json.loads(gzip.decompress(packed))
    return kept
