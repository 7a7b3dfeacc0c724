# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that others wrote: directives and standards by name, and whether they still bind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.rules import (
    Assumptions,
    CatalogueRule,
    Condition,
    Rule,
    SeverityRule,
    TableRule,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span

_REVOKED = "revoked by CISA BOD 26-04 on 2026-06-10"


def _bod_26_04(assume: Assumptions, when: Condition) -> Rule:
    return TableRule("CISA BOD 26-04", assume, when)


def _bod_22_01(_assume: Assumptions, when: Condition) -> Rule:
    # https://www.cisa.gov/news-events/directives/bod-22-01: remediate by the date set in the catalogue.
    return CatalogueRule("CISA BOD 22-01", when, note=_REVOKED)


def _bod_19_02(assume: Assumptions, when: Condition) -> Rule:
    # https://cyber.dhs.gov/bod/19-02/: internet-accessible systems; critical within 15, high within 30
    # calendar days of initial detection.
    return SeverityRule(
        "CISA BOD 19-02",
        {"critical": Span(15, "day"), "high": Span(30, "day")},
        from_first_seen=True,
        assume=assume,
        when=replace(when, exposed=True),
        note=_REVOKED,
    )


def _pci_dss_6_3_3(assume: Assumptions, when: Condition) -> Rule:
    # PCI DSS 4.0.1, 6.3.3: critical vulnerabilities within one month of release; everything else within a
    # time frame that the entity determines: three months here, a rule beside the preset makes it stricter.
    return SeverityRule(
        "PCI DSS 4.0.1 6.3.3",
        {"critical": Span(1, "month"), "low": Span(3, "month")},
        assume=assume,
        when=when,
    )


PRESETS: Final[Mapping[str, Callable[[Assumptions, Condition], Rule]]] = {
    "cisa_bod_26_04": _bod_26_04,
    "cisa_bod_22_01": _bod_22_01,
    "cisa_bod_19_02": _bod_19_02,
    "pci_dss_4_0_1_6_3_3": _pci_dss_6_3_3,
}
