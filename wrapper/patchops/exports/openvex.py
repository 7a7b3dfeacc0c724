# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings as an OpenVEX document (https://github.com/openvex/spec, v0.2.0), a statement a CVE."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import canonical_json
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, key_of, labels
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Waiver
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.openvex import (
    CONTEXT,
    HOST_URN,
    to_statement,
)
from patchops.exports.purl import package_url

_ACCEPTED = ("waived", "mitigated")


def openvex_document(
    findings: Iterable[Mapping[str, Any]],
    hosts: Mapping[HostKey, Mapping[str, Any]],
    waivers: Sequence[Waiver],
    author: str,
    timestamp: str,
) -> dict[str, Any]:
    """A document over all findings with a CVE; ``hosts`` are host documents.

    Its id is a digest of the statements, so equal findings make an equal document.
    """
    findings = list(findings)
    names = labels(map(key_of, findings))
    by_id = {waiver.id: waiver for waiver in waivers}
    products: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    texts: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for finding in findings:
        for cve in finding["cves"]:
            status = _status(finding)
            waiver = next(iter(finding.get("waivers") or ()), "") if finding["state"] in _ACCEPTED else ""
            key = (cve, status, waiver)
            products.setdefault(key, []).append(
                _product(finding, names[key_of(finding)], hosts.get(key_of(finding), {}))
            )
            texts.setdefault(key, finding)
    statements = [
        to_statement(by_id[waiver], cve, products[cve, status, waiver])
        if waiver in by_id
        else _statement(cve, status, products[cve, status, waiver], texts[cve, status, waiver])
        for cve, status, waiver in sorted(products)
    ]
    digest = hashlib.sha256(canonical_json(statements)).hexdigest()
    return {
        "@context": CONTEXT,
        "@id": f"urn:patchops:vex:{digest}",
        "author": author,
        "timestamp": timestamp,
        "version": 1,
        "statements": statements,
    }


def _status(finding: Mapping[str, Any]) -> str:
    if finding["state"] == "unknown":
        return "under_investigation"
    if finding["state"] == "installed" and finding.get("effective") == "yes":
        return "fixed"
    return "affected"


def _statement(
    cve: str, status: str, products: list[dict[str, Any]], finding: Mapping[str, Any]
) -> dict[str, Any]:
    statement: dict[str, Any] = {"vulnerability": {"name": cve}, "products": products, "status": status}
    if status == "affected":
        statement["action_statement"] = _action(finding)
    return statement


def _action(finding: Mapping[str, Any]) -> str:
    if finding["state"] == "no_fix":
        return "The vendor deferred a fix" if finding["no_fix"] == "deferred" else "No fix by the vendor yet"
    if finding["state"] == "installed":
        return f"Version {finding['fixed']} is installed; restart what still runs the old code"
    due = f" by {finding['due']}" if finding["due"] else ""
    return f"Update {finding['package']} to {finding['fixed']}{due}"


def _product(finding: Mapping[str, Any], name: str, host: Mapping[str, Any]) -> dict[str, Any]:
    package = package_url(host, finding["package"], finding["installed"])
    return {"@id": HOST_URN + quote(name, safe="-._~"), "subcomponents": [{"@id": package}]}
