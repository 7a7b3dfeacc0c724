# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How old the security repositories are, and whether they moved since the last scan. Pure.

A mirror that is frozen, or that replays an index of yesterday, has a good signature and no new advisory. Only
dates tell: that of the index beside today's, and beside that of earlier scans.
"""

import time
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import urlsplit

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.source_terms import (
    Terms,
    declared_frozen,
    freeze_ended,
)
from ansible_collections.patchops.fleet.plugins.module_utils.times import parse_time

_DAY = 86400
# Clocks of servers differ a little.
_CLOCK_TOLERANCE = 300


def judge(
    source: Dict[str, Any],
    repositories: List[Dict[str, Any]],
    seen: Optional[Mapping[str, Mapping[str, str]]],
    terms: Terms,
    home: str,
    now: float,
) -> Dict[str, Any]:
    """Return a driver's `security_source` with {as_of, frozen, sources}, and judged by its age.

    `seen`: what source_memory keeps of earlier scans, None when that can't be read. `home`: the
    distribution's own domain. A status that is not ok already stays.
    """
    names = set(source["repositories"])
    chosen = [one for one in repositories if one["id"] in names]
    sources = [_described(one, seen, terms, home, now) for one in chosen]
    dates = [one["as_of"] for one in sources if one["as_of"]]
    told = dict(
        source,
        # The oldest: newer advisories may be missing.
        as_of=min(dates) if dates else None,
        frozen=_declaration(sources, terms),
        sources=sources,
    )
    if source["status"] == "ok":
        told["status"], told["reason"] = _status(sources, chosen, terms, now)
    return told


def key_of(repository: Mapping[str, Any]) -> str:
    """Return under which name the dates of a repository are remembered: with its address."""
    return "{id} {uri}".format(**repository)


def home_domain(home_url: str) -> str:
    """Return the distribution's domain from HOME_URL of os-release; empty when there is none."""
    host = (urlsplit(home_url).hostname or "").lower()
    return host[len("www.") :] if host.startswith("www.") else host


def is_own_address(uri: str, home: str) -> bool:
    """Tell whether an address is the distribution's: a host of its domain."""
    host = (urlsplit(uri).hostname or "").lower()
    return bool(home) and (host == home or host.endswith("." + home))


def moved(as_of: Optional[str], before: Optional[Mapping[str, str]]) -> str:
    """Return first, same, forward, backward or unknown; `before`: {as_of, newest} of earlier scans."""
    if as_of is None:
        return "unknown"
    if before is None:
        return "first"
    if as_of < before["newest"]:
        return "backward"
    return "same" if as_of == before["as_of"] else "forward"


def _described(
    repository: Dict[str, Any],
    seen: Optional[Mapping[str, Mapping[str, str]]],
    terms: Terms,
    home: str,
    now: float,
) -> Dict[str, Any]:
    before = None if seen is None else seen.get(key_of(repository))
    own = is_own_address(repository["uri"], home)
    as_of = repository["date"]
    return {
        "repository": repository["id"],
        "as_of": as_of,
        "before": None if before is None else before["newest"],
        "moved": "unknown" if seen is None else moved(as_of, before),
        "max_age_days": terms.max_age if own else terms.max_age_elsewhere,
        "frozen": declared_frozen(terms, repository, _day(now)),
    }


def _status(
    sources: List[Dict[str, Any]], repositories: List[Dict[str, Any]], terms: Terms, now: float
) -> Any:
    for one in sources:
        if one["moved"] == "backward":
            return "replayed", (
                "{repository}: its index is of {as_of}, an earlier scan saw that of {before}: the mirror is "
                "out of date, or replays an old index. Where it was put back on purpose, remove "
                "/var/lib/patchops/sources.json from the host and scan again"
            ).format(**one)
    for number, one in enumerate(sources):
        if one["as_of"] is None or one["frozen"]:
            continue
        age = now - parse_time(one["as_of"])
        if age < -_CLOCK_TOLERANCE:
            return "unreadable", (
                "{repository}: its index is dated {as_of}, in the future: the host's clock is wrong, or the "
                "mirror's"
            ).format(**one)
        if age > one["max_age_days"] * _DAY:
            ended = freeze_ended(terms, repositories[number], _day(now))
            over = f" It was declared frozen until {terms.frozen_until}, which is over." if ended else ""
            return "frozen", (
                "{repository}: its index is of {as_of}, {days} days old, and the limit is {max_age_days}: "
                "the mirror has stopped, or replays an old index. Where that is on purpose, declare "
                "patchops_source_frozen, or raise patchops_source_max_age.{over}"
            ).format(days=int(age // _DAY), over=over, **one)
    return "ok", ""


def _declaration(sources: List[Dict[str, Any]], terms: Terms) -> Optional[Dict[str, Any]]:
    if not any(one["frozen"] for one in sources):
        return None
    return {"until": terms.frozen_until, "reason": terms.frozen_reason}


def _day(now: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(now))
