# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How old what is imported may be, and how current the facts about exploitation are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source

_KINDS: Final = {"kev": "kev", "epss": "epss", "ssvc": "vulnrichment"}
"""Each fact about CVEs and the kind of feed that carries it."""

_TIME_ZONES: Final = timedelta(days=1)
"""How far ahead of our clock a date may lie: a vendor's day can begin before ours."""


@dataclass(frozen=True)
class Freshness:
    """How old a feed may be. checked: since it was last fetched. content: since its newest entry."""

    checked: timedelta = timedelta(days=7)
    content: timedelta = timedelta(days=30)

    def holds(self, source: Source, now: datetime) -> bool:
        """Whether the source is current. A date that is missing or lies in the future proves nothing.

        What may have been cut is not believed.
        """
        if source.unproven:
            return False
        checked, content = moment(source.checked_at), moment(source.as_of)
        if checked is None or content is None:
            return False
        return -_TIME_ZONES <= now - checked <= self.checked and -_TIME_ZONES <= now - content <= self.content


@dataclass(frozen=True)
class Currency:
    """How current one kind of fact about CVEs is. age_days: of its date; None where it has no date.

    unproven: why nobody knows that it is whole, "" where it is.
    """

    status: Literal["current", "stale", "missing"]
    source: str | None = None
    as_of: str | None = None
    checked_at: str | None = None
    age_days: int | None = None
    unproven: str = ""

    def __str__(self) -> str:
        if self.status == "missing":
            return "not imported"
        if self.unproven:
            return f"of {self.as_of}, and may have been cut ({self.unproven})"
        if self.as_of is None:
            return f"of no known date, last fetched {self.checked_at}: too old"
        old = "" if self.status == "current" else f", last fetched {self.checked_at}: too old"
        return f"of {self.as_of} ({self.age_days} days old{old})"


def currencies(sources: Iterable[Source], now: datetime, freshness: Freshness) -> dict[str, Currency]:
    """How current KEV, EPSS and SSVC are: ``{"kev": ..., "epss": ..., "ssvc": ...}``."""
    known = list(sources)
    return {
        name: _currency([one for one in known if one.kind == kind], now, freshness)
        for name, kind in _KINDS.items()
    }


def currency_document(known: dict[str, Currency]) -> dict[str, dict[str, Any]]:
    """The same as it stands in documents."""
    return {name: asdict(one) for name, one in known.items()}


def currency_line(document: Mapping[str, Any]) -> str:
    """One line on how old KEV, EPSS and SSVC are, from ``intelligence`` of a findings document."""
    parts = (f"{name.upper()} {Currency(**document[name])}" for name in _KINDS if name in document)
    return "Facts on exploitation: " + ", ".join(parts)


def moment(text: str) -> datetime | None:
    """The moment of a UTC time, or the beginning of a day; None for what is neither."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else datetime.fromisoformat(f"{text[:10]}T00:00:00+00:00")


def _currency(sources: list[Source], now: datetime, freshness: Freshness) -> Currency:
    if not sources:
        return Currency("missing")
    best = max(sources, key=lambda one: (freshness.holds(one, now), one.as_of, one.checked_at))
    content = moment(best.as_of)
    return Currency(
        "current" if freshness.holds(best, now) else "stale",
        best.name,
        best.as_of or None,
        best.checked_at,
        None if content is None else (now - content).days,
        best.unproven,
    )
