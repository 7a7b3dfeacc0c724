# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the urgency rules look at: the vulnerability, the fix, the host. Values only, no decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

SEVERITIES: Final = ("low", "medium", "high", "critical")
"""Known severities, mildest first."""

CRITICALITIES: Final = ("low", "medium", "high", "critical")
"""Known criticalities of a host, least first."""


@dataclass(frozen=True)
class Vulnerability:
    """One CVE (or one advisory without a CVE). ``None`` always means "not known"."""

    id: str
    severity: str | None = None
    kev_added: date | None = None
    """CISA KEV ``dateAdded``; ``None`` when the CVE is not in the catalogue that is known."""
    kev_gap: str = ""
    """Why a CVE that is not in the known catalogue may be in CISA's all the same; ``""`` when it is not."""
    kev_due: date | None = None
    """CISA KEV ``dueDate``."""
    kev_forensics: bool | None = None
    """Whether CISA's entry itself asks for a forensic investigation."""
    automatable: bool | None = None
    technical_impact: str | None = None
    """``partial`` or ``total`` (SSVC)."""
    epss: float | None = None
    """Probability of exploitation within 30 days, 0 to 1."""

    @property
    def in_kev(self) -> bool | None:
        """Whether CISA lists it; ``None`` where that can't be known."""
        if self.kev_added is not None:
            return True
        return None if self.kev_gap else False


@dataclass(frozen=True)
class Fix:
    """The vendor's fix of one finding."""

    available: bool
    published: date | None = None
    """Day of the vendor's fix; ``None`` with ``available`` means that no source says when."""


@dataclass(frozen=True)
class HostContext:
    """What the inventory says about one host."""

    exposed: bool | None = None
    """Reachable by untrusted entities over public networks. Unknown counts as exposed."""
    exposed_since: date | None = None
    criticality: str | None = None

    @property
    def counts_as_exposed(self) -> bool:
        return self.exposed is not False
