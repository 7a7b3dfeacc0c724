# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers to and from OpenVEX statements (https://github.com/openvex/spec, v0.2.0).

OpenVEX knows no owner, approver or end. An accepted risk is ``affected`` there, with what is done about it as
``action_statement``; the whole record rides as JSON in ``status_notes``, so that it comes back unchanged.
A statement that others made has no such record: whoever takes it over names owner, approver and end.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Renewal, Waiver
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Scope

CONTEXT: Final = "https://openvex.dev/ns/v0.2.0"
HOST_URN: Final = "urn:patchops:host:"
_RECORD: Final = "patchops-waiver: "


class VexError(ValueError):
    """A document that can't be taken over; the message names the place and the remedy."""


@dataclass(frozen=True)
class Responsibility:
    """Who answers for statements that were made elsewhere, and for how long."""

    owner: str
    approver: str
    granted: date
    until: date


def to_statement(waiver: Waiver, vulnerability: str, products: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One OpenVEX statement for an accepted vulnerability on these products."""
    until = waiver.ends.isoformat()
    return {
        "vulnerability": {"name": vulnerability},
        "products": [dict(product) for product in products],
        "status": "affected",
        "action_statement": f"{waiver.state} until {until}: {waiver.control}. {waiver.reason}",
        "status_notes": _RECORD + json.dumps(asdict(waiver), default=str, sort_keys=True, ensure_ascii=False),
    }


def from_document(
    document: Any, responsibility: Responsibility | None = None
) -> tuple[list[Waiver], list[str]]:
    """Waivers of an OpenVEX document, and one line for each statement that says nothing to accept.

    Statements with our own record come back unchanged. A foreign ``not_affected`` becomes a mitigation whose
    evidence is the statement, when ``responsibility`` says who answers for it. Raises VexError.
    """
    if not isinstance(document, dict) or not str(document.get("@context", "")).startswith(
        "https://openvex.dev/"
    ):
        raise VexError("not an OpenVEX document: '@context' isn't https://openvex.dev/ns/...")
    statements = document.get("statements")
    if not isinstance(statements, list):
        raise VexError("statements: a list is needed")
    waivers: dict[str, Waiver] = {}
    skipped = []
    for number, statement in enumerate(statements):
        place = f"statements[{number}]"
        if not isinstance(statement, dict):
            raise VexError(f"{place}: an object is needed")
        notes = str(statement.get("status_notes", ""))
        if notes.startswith(_RECORD):
            waiver = _from_record(notes.removeprefix(_RECORD), place)
        elif statement.get("status") != "not_affected":
            skipped.append(f"{place}: status {statement.get('status')!r} accepts nothing")
            continue
        else:
            waiver = _from_foreign(statement, place, str(document.get("@id", "")), number, responsibility)
        waivers[waiver.id] = waiver
    return list(waivers.values()), skipped


def _from_record(text: str, place: str) -> Waiver:
    try:
        record = json.loads(text)
        scope = Scope(**{key: tuple(map(str, names)) for key, names in record.pop("scope").items()})
        renewals = tuple(
            Renewal(str(item["approver"]), date.fromisoformat(item["at"]), date.fromisoformat(item["until"]))
            for item in record.pop("renewals")
        )
        granted, until = (date.fromisoformat(record.pop(key)) for key in ("granted", "until"))
        texts = {key: str(value) for key, value in record.items()}
        return Waiver(scope=scope, granted=granted, until=until, renewals=renewals, **texts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise VexError(f"{place}.status_notes: a damaged waiver record ({error}); export it again") from None


def _from_foreign(
    statement: Mapping[str, Any],
    place: str,
    document: str,
    number: int,
    responsibility: Responsibility | None,
) -> Waiver:
    if responsibility is None:
        raise VexError(
            f"{place}: a statement of somebody else accepts a finding; "
            "name owner, approver and until to take it"
        )
    vulnerability = statement.get("vulnerability")
    name = vulnerability.get("name") if isinstance(vulnerability, dict) else vulnerability
    if not isinstance(name, str) or not name:
        raise VexError(f"{place}.vulnerability.name: a CVE id is needed")
    hosts, packages, products = _products(statement.get("products"), f"{place}.products")
    if not packages:
        raise VexError(f"{place}.products: no package is named (a purl as '@id' is needed)")
    justification = str(
        statement.get("justification") or statement.get("impact_statement") or "no justification"
    )
    return Waiver(
        id=f"vex:{document}#{number}",
        state="mitigated",
        owner=responsibility.owner,
        approver=responsibility.approver,
        reason=f"not affected according to {document or 'an OpenVEX document'}",
        control=str(statement.get("impact_statement") or justification),
        scope=Scope(hosts, packages, (name,), products=products),
        granted=responsibility.granted,
        until=responsibility.until,
        evidence=f"{document}#{number}: {justification}",
    )


def _products(products: Any, place: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Hosts, names of packages and package URLs out of ``products`` and their ``subcomponents``."""
    if not isinstance(products, list):
        raise VexError(f"{place}: a list is needed")
    hosts, packages, urls = [], [], []
    for number, product in enumerate(products):
        parts = product.get("subcomponents") or [] if isinstance(product, dict) else []
        if not isinstance(parts, list):
            raise VexError(f"{place}[{number}].subcomponents: a list is needed")
        for item in (product, *parts):
            name = item.get("@id") if isinstance(item, dict) else item
            if not isinstance(name, str):
                raise VexError(f"{place}[{number}]: '@id' is needed")
            if name.startswith(HOST_URN):
                hosts.append(_literal(urllib.parse.unquote(name.removeprefix(HOST_URN))))
            elif purl_name(name):
                packages.append(_literal(purl_name(name)))
                urls.append(name)
    return tuple(hosts), tuple(packages), tuple(urls)


def purl_name(text: str) -> str:
    """The name in a package URL: ``pkg:deb/debian/openssl@3.0?arch=amd64`` is ``openssl``."""
    purl = parse(text)
    return purl.name if purl else ""


def _literal(name: str) -> str:
    """A name from outside as a glob that matches only itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
