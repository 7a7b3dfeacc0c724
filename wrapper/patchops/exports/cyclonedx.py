# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): its packages and what is wrong.

With the ``vulnerabilities`` the document is a vulnerability disclosure report (VDR), without them an SBOM.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import digest
from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from patchops.exports.purl import package_url

_SEVERITIES = frozenset({"critical", "high", "medium", "low", "none", "unknown"})


def cyclonedx_document(
    host: Mapping[str, Any], findings: Sequence[Mapping[str, Any]] | None, timestamp: str
) -> dict[str, Any]:
    """The document of a host. ``findings`` None: the SBOM alone.

    The serial number is made of the content, so equal content makes an equal document.
    """
    name = str(host.get("host") or (host.get("machine") or {}).get("hostname") or "host")
    system = host.get("os") or {}
    inventory = str(host.get("inventory") or "")
    components = [_component(host, package) for package in host.get("packages") or []]
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": timestamp,
            "tools": {"components": [{"type": "application", "name": "patchops", "version": ENGINE_VERSION}]},
            "component": {
                "type": "operating-system",
                "bom-ref": f"host:{name}",
                "name": name,
                "version": str(system.get("version_id") or ""),
                "description": str(system.get("name") or ""),
                **({"properties": [{"name": "patchops:inventory", "value": inventory}]} if inventory else {}),
            },
        },
        # Packages of two architectures can share a purl-less name; equal components are one.
        "components": list({component["bom-ref"]: component for component in components}.values()),
    }
    if findings is not None:
        known = {
            (package["name"], package["version"], package.get("arch")): component["bom-ref"]
            for package, component in zip(host.get("packages") or [], components, strict=True)
        }
        document["vulnerabilities"] = [
            _vulnerability(finding, vulnerability, known)
            for finding in findings
            if finding["package"] is not None
            for vulnerability in finding["cves"] or [finding["advisory"] or f"update:{finding['package']}"]
        ]
    content = digest({key: document[key] for key in ("components", "vulnerabilities") if key in document})
    identity = f"{name}@{inventory}" if inventory else name
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{identity}/{content}')}"
    return document


def _component(host: Mapping[str, Any], package: Mapping[str, Any]) -> dict[str, Any]:
    name, version = package["name"], package["version"]
    source = (package["source"], package.get("source_version") or version) if package.get("source") else None
    purl = package_url(host, name, version, package.get("arch"), source)
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    properties = [
        {"name": f"patchops:{key}", "value": str(package[key])}
        for key in ("source", "source_version", "origin")
        if package.get(key)
    ]
    return {**component, "properties": properties} if properties else component


def _vulnerability(
    finding: Mapping[str, Any], vulnerability: str, known: Mapping[tuple[Any, ...], str]
) -> dict[str, Any]:
    binaries = finding.get("binaries") or [
        {"name": finding["package"], "version": finding["installed"], "arch": None}
    ]
    references = [known.get((item["name"], item["version"], item.get("arch"))) for item in binaries]
    severity = finding.get("severity")
    found: dict[str, Any] = {
        "bom-ref": f"{vulnerability}/{finding['advisory'] or ''}/{finding['package']}",
        "id": vulnerability,
        "source": {"name": finding["source"]},
        "ratings": [_rating(finding, severity if severity in _SEVERITIES else "unknown")],
        "description": finding.get("title") or "",
        "analysis": _analysis(finding),
        "affects": [{"ref": reference} for reference in references if reference],
        "properties": _properties(finding),
    }
    if finding["fixed"]:
        found["recommendation"] = f"Update {finding['package']} to {finding['fixed']}"
    if finding["advisory"]:
        found["advisories"] = [
            {"title": finding["advisory"], "url": finding.get("url") or f"urn:advisory:{finding['advisory']}"}
        ]
    return found


def _rating(finding: Mapping[str, Any], severity: str) -> dict[str, Any]:
    score = {"score": finding["cvss"]} if finding.get("cvss") is not None else {}
    return {"severity": severity, "method": "other", **score}


def _analysis(finding: Mapping[str, Any]) -> dict[str, Any]:
    """CycloneDX' state of an analysis. Unknown is ``in_triage``: never rounded to ``not_affected``."""
    detail = "; ".join(reason["message"] for reason in finding["reasons"])
    state = finding["state"]
    if state == "unknown":
        return {"state": "in_triage", "detail": detail}
    if state == "installed" and finding.get("effective") == "yes":
        return {"state": "resolved", "detail": detail}
    response = {
        "waived": "will_not_fix",
        "mitigated": "workaround_available",
        "rejected": "will_not_fix",
        "no_fix": "can_not_fix",
    }.get(state, "update")
    return {"state": "exploitable", "response": [response], "detail": detail}


def _properties(finding: Mapping[str, Any]) -> list[dict[str, str]]:
    urgency = finding.get("urgency") or {}
    values = {
        "state": finding["state"],
        "effective": finding.get("effective"),
        "due": finding["due"],
        "rule": urgency.get("rule"),
        "kev": finding["kev"]["date_added"] if finding.get("kev") else None,
    }
    return [{"name": f"patchops:{key}", "value": str(value)} for key, value in values.items() if value]
