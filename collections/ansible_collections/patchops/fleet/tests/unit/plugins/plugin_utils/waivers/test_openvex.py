# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers to and from OpenVEX."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Renewal, Waiver
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.openvex import (
    CONTEXT,
    Responsibility,
    VexError,
    from_document,
    purl_name,
    to_statement,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Scope

WAIVER = Waiver(
    id="W1",
    state="mitigated",
    owner="ann",
    approver="bob",
    reason="live patch loaded",
    control="kpatch module",
    scope=Scope(hosts=("web*",), packages=("linux",), cves=("CVE-2026-1",)),
    granted=date(2026, 1, 1),
    until=date(2026, 2, 1),
    evidence="kpatch list shows it",
    renewals=(Renewal("cid", date(2026, 2, 1), date(2026, 3, 1)),),
)
PRODUCT = {"@id": "urn:patchops:host:web1", "subcomponents": [{"@id": "pkg:deb/debian/linux@6.1.1-1"}]}
TAKEN = Responsibility("ann", "bob", date(2026, 1, 1), date(2026, 2, 1))


def document(*statements: Any) -> dict[str, Any]:
    return {"@context": CONTEXT, "@id": "https://example.org/vex/1", "statements": list(statements)}


def foreign(**changes: Any) -> dict[str, Any]:
    return {
        "vulnerability": {"name": "CVE-2026-1"},
        "products": [PRODUCT],
        "status": "not_affected",
        "justification": "vulnerable_code_not_present",
        **changes,
    }


def test_a_waiver_comes_back_unchanged() -> None:
    waivers, skipped = from_document(document(to_statement(WAIVER, "CVE-2026-1", [PRODUCT])))
    assert (waivers, skipped) == ([WAIVER], [])


def test_an_accepted_risk_is_affected_with_what_is_done_about_it() -> None:
    statement = to_statement(WAIVER, "CVE-2026-1", [PRODUCT])
    assert statement["status"] == "affected"
    assert statement["action_statement"] == "mitigated until 2026-03-01: kpatch module. live patch loaded"


def test_a_foreign_not_affected_becomes_a_mitigation_with_the_statement_as_evidence() -> None:
    waivers, _skipped = from_document(document(foreign()), TAKEN)
    assert (waivers[0].state, waivers[0].evidence) == (
        "mitigated",
        "https://example.org/vex/1#0: vulnerable_code_not_present",
    )
    assert waivers[0].scope == Scope(
        ("web1",), ("linux",), ("CVE-2026-1",), products=("pkg:deb/debian/linux@6.1.1-1",)
    )


def test_a_foreign_statement_is_not_taken_without_somebody_who_answers_for_it() -> None:
    with pytest.raises(VexError, match=r"statements\[0\]: .*name owner, approver and until"):
        from_document(document(foreign()))


def test_a_statement_that_accepts_nothing_is_named() -> None:
    assert from_document(document(foreign(status="fixed")), TAKEN) == (
        [],
        ["statements[0]: status 'fixed' accepts nothing"],
    )


def test_a_glob_in_a_foreign_name_matches_only_itself() -> None:
    hostile = {"@id": "urn:patchops:host:%2A", "subcomponents": [{"@id": "pkg:deb/debian/linux"}]}
    waivers, _skipped = from_document(document(foreign(products=[hostile])), TAKEN)
    assert waivers[0].scope.hosts == ("[*]",)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"statements": []}, "not an OpenVEX document"),
        ([], "not an OpenVEX document"),
        ({"@context": CONTEXT, "statements": {}}, "statements: a list is needed"),
        (document("x"), r"statements\[0\]: an object is needed"),
        (document(foreign(products=None)), r"statements\[0\].products: a list is needed"),
        (document(foreign(products=[{}])), r"statements\[0\].products\[0\]: '@id' is needed"),
        (document(foreign(vulnerability={})), r"statements\[0\].vulnerability.name: a CVE id is needed"),
        (document({"status_notes": "patchops-waiver: {}"}), r"statements\[0\].status_notes: a damaged"),
        (document({"status_notes": "patchops-waiver: ["}), r"statements\[0\].status_notes: a damaged"),
    ],
)
def test_a_broken_document_is_refused_with_the_place(broken: Any, message: str) -> None:
    with pytest.raises(VexError, match=message):
        from_document(broken, TAKEN)


@pytest.mark.parametrize(
    ("purl", "name"),
    [
        ("pkg:deb/debian/openssl@3.0.11-1?arch=amd64", "openssl"),
        ("pkg:npm/%40scope/name@1.0", "name"),
        ("pkg:generic/libstdc%2B%2B6", "libstdc++6"),
    ],
)
def test_the_name_of_a_package_url(purl: str, name: str) -> None:
    assert purl_name(purl) == name
