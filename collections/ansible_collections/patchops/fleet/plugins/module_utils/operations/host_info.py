# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the host document."""

import json
import os
from typing import Any, Dict, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file
from ansible_collections.patchops.fleet.plugins.module_utils.host_document import SUBSETS, collect
from ansible_collections.patchops.fleet.plugins.module_utils.host_summary import decisive_facts, summarize
from ansible_collections.patchops.fleet.plugins.module_utils.operations import Operation, Result
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import (
    detect,
    source_memory,
    source_terms,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.payload import compress, encode
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory

ARGUMENTS = {
    "subsets": {"type": "list", "elements": "str", "choices": list(SUBSETS), "default": list(SUBSETS)},
    "refresh": {"type": "bool", "default": False},
    "security_sources": source_terms.ARGUMENT,
}


def perform(params: Dict[str, Any], check_mode: bool) -> Result:
    driver = reason = None
    try:
        driver = detect()
        driver.source_terms = source_terms.terms_of(params["security_sources"])
    except DriverError as error:
        reason = error
    document = collect(params["subsets"], driver, params["refresh"], reason)
    code = "collected_partly" if document["errors"] else "collected"
    result = make_result(
        code, summarize(document), host=decisive_facts(document), patchops_payload=encode(document)
    )
    warnings = list(document["refresh"]["warnings"])
    if not check_mode and os.geteuid() == 0:
        problem = _keep_on_host(document)
        if problem:
            warnings.append(problem)
    if warnings:
        result["warnings"] = warnings
    return result


def _keep_on_host(document: Dict[str, Any]) -> Optional[str]:
    """Keep below /var/lib/patchops a complete document, and the dates of the security repositories.

    Return why it could not be kept, or None.
    """
    state = StateDirectory()
    source = document.get("security_source") or {}
    try:
        if len(document["subsets"]) == len(SUBSETS):
            state.make()
            packed = compress(json.dumps(document).encode("utf-8"))
            write_file(os.path.join(state.root, "host.json.gz"), packed)
        if source.get("sources"):
            state.make()
            seen = source_memory.read(state.root) or {}
            at = document["collected_at"]
            source_memory.write(
                state.root, source_memory.with_scan(seen, document["repositories"], source, at)
            )
    except OSError as error:
        return f"The host keeps no copy of its document: {error.filename}: {error.strerror}"
    return None


OPERATION = Operation(ARGUMENTS, perform)
