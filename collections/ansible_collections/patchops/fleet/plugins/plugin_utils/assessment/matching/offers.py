# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's enabled repositories offer right now, and which offers no advisory explains."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Affected
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import (
    comparable,
    source_rpm_version,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason

_REBUILD = re.compile(r"\+b\d+$")


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a fix can be installed now. available: None where that can't be known."""

    available: bool | None
    candidate: str | None
    reasons: tuple[dict[str, str], ...] = ()


class Offers:
    """The pending updates of one host."""

    def __init__(
        self, document: Mapping[str, Any], scheme: str | None, key: Callable[[str], Any] | None
    ) -> None:
        updates = document.get("updates")
        self.known = updates is not None
        self._scheme, self._key = scheme, key
        self._as_of = str((document.get("security_source") or {}).get("as_of") or "")[:10]
        self._updates = {(one["name"], one.get("arch")): one for one in updates or ()}

    def of(
        self, packages: Sequence[Mapping[str, Any]], affected: Affected, issued: str | None = None
    ) -> Offer:
        """Whether the fixed version, or a newer one, is offered for all of these packages.

        issued: the day of the advisory, where it has one.
        """
        if not self.known:
            return Offer(None, None)
        updates = [self._updates.get((one["name"], one.get("arch"))) for one in packages]
        answers = [
            update is not None and self._reaches(package, update, affected)
            for package, update in zip(packages, updates, strict=True)
        ]
        candidate = next((update["candidate"] for update in updates if update is not None), None)
        if False in answers:
            return Offer(False, candidate, (self._why_not(packages, affected, issued),))
        reasons = []
        if any(update.get("held") for update in updates if update):
            reasons.append(reason("fix_held"))
        blocked = [update for update in updates if update and update.get("blocked")]
        if blocked:
            reasons.append(reason("fix_blocked", passed_over(blocked[0])))
        return Offer(None if None in answers else True, candidate, tuple(reasons))

    def is_replaced(self, package: Mapping[str, Any]) -> bool:
        """Whether a newer version of an installed package is offered, or that can't be known."""
        return not self.known or (package["name"], package.get("arch")) in self._updates

    def security(self) -> Iterable[Mapping[str, Any]]:
        """The pending security updates, those that the package manager passes over included."""
        return (
            one
            for one in self._updates.values()
            if one.get("security") or (one.get("kept_back") or {}).get("security")
        )

    def _why_not(
        self, packages: Sequence[Mapping[str, Any]], affected: Affected, issued: str | None
    ) -> dict[str, str]:
        for package in packages:
            update = self._updates.get((package["name"], package.get("arch"))) or {}
            newest = (update.get("kept_back") or {}).get("version")
            # Its source's version is not told: that of the binary has to do.
            if newest and self._reaches(package, {"candidate": newest}, affected):
                return reason("fix_blocked", passed_over(update))
        if affected.channel:
            return reason("fix_needs_entitlement", affected.channel)
        if issued and self._as_of and issued[:10] > self._as_of:
            return reason("fix_not_offered_here", f"of {issued[:10]}, and these are of {self._as_of}")
        return reason("fix_not_offered")

    def _reaches(
        self, package: Mapping[str, Any], update: Mapping[str, Any], affected: Affected
    ) -> bool | None:
        """Whether an offered version has the fix; None where a binary's version says nothing of its
        source's or its module's."""
        if self._key is None or affected.arch == "module":
            return None
        fixed, offered = affected.fixed, update["candidate"]
        if affected.arch == "src":
            known = update.get("source_version")
            if not known and source_rpm_version(package).rpartition(":")[2] != _plain(package["version"]):
                return None
            offered = source_rpm_version({"version": offered, "source_version": known})
            return bool(self._key(comparable(offered, fixed, "src")) >= self._key(fixed))
        if self._scheme == "deb" and not update.get("source_version"):
            plain = _REBUILD.sub("", package["version"])
            if plain != _REBUILD.sub("", package.get("source_version") or package["version"]):
                return None
        if self._scheme in ("deb", "apk"):
            offered = update.get("source_version") or _REBUILD.sub("", offered)
        return bool(self._key(offered) >= self._key(fixed))


def passed_over(update: Mapping[str, Any]) -> str:
    """What makes the package manager pass over a newer version of an update, as the host says it."""
    return str((update.get("kept_back") or {}).get("reason") or "")


def _plain(version: str) -> str:
    """A version without its epoch."""
    return version.rpartition(":")[2]
