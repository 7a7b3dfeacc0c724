# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What importers make of feeds, and what the database gives back: plain, immutable records.

Dates are "YYYY-MM-DD" strings, "" where a feed gives none. CVE ids are upper case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "high", "medium", "low", "none", "unknown"]
AdvisoryType = Literal["security", "bugfix", "enhancement", "unknown"]
# fixed: the version is given; affected: no fix yet; deferred: the vendor decided against or postponed a fix.
# unknown: the feed speaks of the package in a way that can't be applied, note says why; it counts where
# nothing else decides on the CVE.
Status = Literal["fixed", "affected", "deferred", "not_affected", "under_investigation", "unknown"]


@dataclass(frozen=True, slots=True)
class Affected:
    """What an advisory says of one package of one release.

    release: see releases.py; "family:*" any release of a family, of what names a product that is not known.
    package: the source package for deb and apk, for rpm see arch; "" where the feed doesn't tell it.
    introduced, last: the first and the last affected version, "" where all older or newer ones are.
    arch: of rpm, what the name means: "src" a source RPM, "module" a module (whose version fixed then is),
    "" a
    binary of any architecture, else one of that architecture. module: "name:stream", or "" for no module.
    channel: "" or the entitlement that the fix needs, like "esm" or "ltss". note: the vendor's words on the
    status.
    """

    release: str
    package: str
    status: Status
    fixed: str = ""
    arch: str = ""
    module: str = ""
    channel: str = ""
    note: str = ""
    introduced: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Advisory:
    """A vendor's notice. A record per CVE (Debian's tracker, VEX) is an advisory named by the CVE."""

    name: str
    type: AdvisoryType = "security"
    title: str = ""
    severity: Severity = "unknown"
    issued: str = ""
    updated: str = ""
    url: str = ""
    cves: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Kev:
    """An entry of CISA's Known Exploited Vulnerabilities. None: the catalogue does not say."""

    cve: str
    name: str
    date_added: str
    due_date: str
    ransomware: bool | None
    forensics: bool | None


@dataclass(frozen=True, slots=True)
class Epss:
    """FIRST's probability (0 to 1) that the CVE is exploited within 30 days of the date."""

    cve: str
    score: float
    percentile: float
    date: str


@dataclass(frozen=True, slots=True)
class Ssvc:
    """CISA's SSVC points. exploitation: none, poc, active; automatable: no, yes; technical_impact: partial,
    total."""

    cve: str
    exploitation: str
    automatable: str
    technical_impact: str
    date: str


@dataclass(frozen=True, slots=True)
class Cvss:
    """A CVSS base score (0 to 10) and its vector."""

    cve: str
    score: float
    vector: str


@dataclass(frozen=True, slots=True)
class Released:
    """The date that a feed gives itself; without one, the newest date in it counts."""

    date: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a feed that can't be applied to hosts: an unknown product, a range without versions."""

    what: str


@dataclass(frozen=True, slots=True)
class Unproven:
    """Nothing in the feed's form proves that it is whole. why: what is lacking."""

    why: str


Record = Advisory | Kev | Epss | Ssvc | Cvss | Released | Unread | Unproven


@dataclass(frozen=True, slots=True)
class Rule:
    """One Affected together with its advisory: what matching reads."""

    affected: Affected
    advisory: Advisory


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows came from. Times are UTC, "YYYY-MM-DDTHH:MM:SSZ"; as_of is the feed's own date or its newest
    one.

    checked_at: when the feed was last found current, which a "not modified" answer moves too. release: what
    the feed was told, where it doesn't say its release itself. scope: see scope.py, "" of what a former
    version imported. unproven: why nobody knows that the feed is whole, "" where it is. unread: how many
    parts of it can't be applied to hosts; unread_examples: some of them.
    """

    name: str
    kind: str
    location: str
    imported_at: str
    checked_at: str
    as_of: str
    sha256: str
    size: int
    records: int
    etag: str = ""
    last_modified: str = ""
    release: str = ""
    scope: str = ""
    unproven: str = ""
    unread: int = 0
    unread_examples: str = ""
