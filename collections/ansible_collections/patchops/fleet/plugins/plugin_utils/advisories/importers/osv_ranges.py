# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Affected versions in the OSV format: ranges by events, which stand in any order, and versions one by
one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Status
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import scheme_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.versions import key_function

# At the same version, the end of one range comes before the begin of the next.
_KINDS = ("fixed", "last_affected", "introduced")


@dataclass(frozen=True, slots=True)
class Span:
    """Versions from introduced ("" from the first one on) up to last ("" all), and before fixed ("" no fix
    yet)."""

    status: Status
    fixed: str = ""
    introduced: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class _Event:
    kind: str
    version: str


def spans(scope: Checked, release: str) -> list[Span]:
    """The spans of a range. Raises FeedError for a range that nothing introduces, and for an empty
    version."""
    key = _key(release)
    events = [
        _Event(kind, event.text(kind))
        for event in scope.objects("events")
        for kind in _KINDS
        if kind in event.value
    ]
    if events and not any(event.kind == "introduced" for event in events):
        first = scope.objects("events")[0]
        raise FeedError(first.file, first.place, "a fix before anything was introduced")
    events.sort(key=lambda event: (event.version != "0", key(event.version), _KINDS.index(event.kind)))
    return list(_walk(events))


def _walk(events: Sequence[_Event]) -> Iterator[Span]:
    introduced: str | None = None
    last = ""
    for event in events:
        if event.kind == "introduced":
            if introduced is not None and last:
                yield Span("affected", introduced=introduced, last=last)
                introduced, last = None, ""
            if introduced is None:
                introduced = "" if event.version == "0" else event.version
        elif introduced is not None and event.kind == "fixed":
            # After the last affected version, the next fix is what to install.
            yield Span("fixed", event.version, introduced=introduced, last=last)
            introduced, last = None, ""
        elif introduced is not None:
            last = last or event.version
    if introduced is not None:
        yield Span("affected", introduced=introduced, last=last)


def versions_outside(entry: Checked, release: str, ranges: Sequence[Span]) -> list[Span]:
    """A span for each version that an entry lists beside its ranges, in their order."""
    key = _key(release)
    listed = dict.fromkeys(one for one in entry.items("versions") if isinstance(one, str) and one)
    return [
        Span("affected", introduced=version, last=version)
        for version in listed
        if not any(_holds(span, version, key) for span in ranges)
    ]


def _holds(span: Span, version: str, key: Callable[[str], Any]) -> bool:
    own = key(version)
    return (
        (not span.introduced or own >= key(span.introduced))
        and (not span.last or own <= key(span.last))
        and (not span.fixed or own < key(span.fixed))
    )


def _key(release: str) -> Callable[[str], Any]:
    return key_function(scheme_of(release) or "")
