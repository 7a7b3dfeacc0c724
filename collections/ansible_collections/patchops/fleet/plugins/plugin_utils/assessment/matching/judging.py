# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From groups of installed packages to the findings of one host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Rule
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import kernels
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.effect import RunningCode
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.findings import (
    Prototypes,
    binary,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.groups import Group, Member
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.offers import Offers
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import ReleaseRules
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason

_STATES_WORST_FIRST = ("missing", "no_fix", "unknown")


class HostJudge:
    """Judges the groups of one host."""

    def __init__(
        self,
        host: str | None,
        rules: ReleaseRules,
        code: RunningCode,
        offers: Offers,
        prototypes: Prototypes,
        include_installed: bool,
    ) -> None:
        self._host, self._code, self._offers = host, code, offers
        self._rules, self._prototypes, self._include_installed = rules, prototypes, include_installed

    def of(self, group: Group) -> Iterator[dict[str, Any]]:
        """One finding for each advisory that concerns the group."""
        deciding, older = self._split(group)
        open_rules, fixed_rules = _by_rule(deciding, "open"), _by_rule(deciding, "installed")
        left_rules = _by_rule(older, "open")
        for key, (rule, members) in open_rules.items():
            yield self._open(rule, members, left_rules.get(key, (rule, []))[1])
        if not deciding:
            yield from (self._left(rule, members) for rule, members in left_rules.values())
        images = self._images(group) if group.side_by_side or self._code.kernels.told else {}
        newest = self._newest_fix(rule for rule, _members in fixed_rules.values())
        without_image = self._code.kernel_doubt if group.side_by_side and not images else None
        for key, (rule, members) in fixed_rules.items():
            if key not in open_rules:
                is_newest = rule.affected.fixed == newest
                left = left_rules.get(key, (rule, []))[1]
                finding = self._installed(rule, members, left, images, is_newest, without_image)
                if finding is not None:
                    yield finding

    def _split(self, group: Group) -> tuple[list[Member], list[Member]]:
        if not group.side_by_side or self._rules.key is None:
            return group.members, []
        keys = [self._rules.key(member.version) for member in group.members]
        deciding, older = kernels.split_by_role(self._rules.scheme, group.members, keys)
        kept = [member for member in deciding if self._is_kept(member)]
        return [member for member in deciding if member not in kept], older + kept

    def _is_kept(self, member: Member) -> bool:
        """Whether a package is of a kernel that was left behind when the host went to a newer one of another
        family: it does not run, would not boot, and nothing replaces it."""
        package, key, running = member.package, self._rules.key, self._code.running_packages
        is_of_kernel = kernels.role(self._rules.scheme, package) is not None
        if not is_of_kernel or key is None or not running or self._offers.is_replaced(package):
            return False
        if self._code.kernels.default_boot in self._code.kernels.releases_of(package):
            return False
        return all(key(str(package["version"])) < key(str(one["version"])) for one in running)

    def _open(self, rule: Rule, members: list[Member], left: list[Member]) -> dict[str, Any]:
        found = [
            one.state
            for member in members
            for one in member.verdicts.open
            if _key_of(one.rule) == _key_of(rule)
        ]
        state = min(found, key=_STATES_WORST_FIRST.index)
        packages = [member.package for member in members + left]
        reasons = [_why(state, rule, self._oldest(members))]
        available: bool | None = None
        candidate = None
        if state == "missing":
            packages_of = [member.package for member in members]
            offer = self._offers.of(packages_of, rule.affected, rule.advisory.issued)
            available, candidate = offer.available, offer.candidate
            reasons += offer.reasons
        return self._finding(rule, members + left, packages, state, None, available, candidate, reasons)

    def _left(self, rule: Rule, members: list[Member]) -> dict[str, Any]:
        """What concerns only kernels that were left behind."""
        packages = [member.package for member in members]
        names = ", ".join(sorted(str(package["name"]) for package in packages))
        why = [reason("old_kernel_installed", names)]
        return self._finding(rule, members, packages, "installed", "yes", None, None, why)

    def _installed(
        self,
        rule: Rule,
        members: list[Member],
        left: list[Member],
        images: Mapping[str, str],
        is_newest: bool,
        kernel_doubt: dict[str, str] | None,
    ) -> dict[str, Any] | None:
        """None for a fix that is in effect and leaves nothing behind, unless all are wanted.

        Programs that run old code may run any older version of it. The newest fix is surely not in effect; of
        the package's earlier fixes nobody knows, and unless all are wanted they are not told again one by
        one. kernel_doubt: of a kernel that the host does not have as an image, why another one is unknown.
        """
        effective, reasons = self._effect(rule, [member.package for member in members], images)
        if effective == "yes" and kernel_doubt:
            effective, reasons = "unknown", [kernel_doubt]
        if effective == "no" and not images and not is_newest:
            effective = "unknown"
        if left:
            names = ", ".join(sorted(str(member.package["name"]) for member in left))
            reasons = [*reasons, reason("old_kernel_installed", names)]
        told_elsewhere = effective == "unknown" and not (images and is_newest)
        if not self._include_installed and (told_elsewhere or not reasons):
            return None
        shown = [member.package for member in left]
        reasons = [reason("fix_installed", self._oldest(members)), *reasons]
        return self._finding(rule, members, shown, "installed", effective, None, None, reasons)

    def _newest_fix(self, rules: Iterable[Rule]) -> str | None:
        key = self._rules.key
        fixes = [rule.affected.fixed for rule in rules]
        return max(fixes, key=key) if key and fixes else None

    def _effect(
        self, rule: Rule, packages: Sequence[Mapping[str, Any]], images: Mapping[str, str]
    ) -> tuple[str, list[dict[str, str]]]:
        if images and self._rules.key is not None:
            return self._code.of_kernel(images, rule.affected.fixed, self._rules.key)
        return self._code.of_programs(packages)

    def _images(self, group: Group) -> dict[str, str]:
        """The version of each kernel of the group, by what `uname -r` says of it."""
        return {
            release: member.version
            for member in group.members
            for release in self._code.kernels.releases_of(member.package)
        }

    def _oldest(self, members: Sequence[Member]) -> str:
        key = self._rules.key
        versions = [member.version for member in members]
        return min(versions, key=key) if key else versions[0]

    def _finding(
        self,
        rule: Rule,
        members: Sequence[Member],
        shown: Sequence[Mapping[str, Any]],
        state: str,
        effective: str | None,
        available: bool | None,
        candidate: str | None,
        reasons: list[dict[str, str]],
    ) -> dict[str, Any]:
        return {
            **self._prototypes.of(rule),
            "host": self._host,
            "binaries": [binary(package) for package in shown],
            "installed": self._oldest(members) or str(members[0].package["version"]),
            "state": state,
            "effective": effective,
            "fix_available": available,
            "candidate": candidate,
            "due": None,
            "reasons": reasons,
        }


def _key_of(rule: Rule) -> tuple[str, str, str]:
    return rule.advisory.name, rule.affected.fixed, rule.affected.status


def _by_rule(members: Sequence[Member], which: str) -> dict[tuple[str, str, str], tuple[Rule, list[Member]]]:
    """Members by what an advisory says of them; rules that differ in the architecture alone are one."""
    found: dict[tuple[str, str, str], tuple[Rule, list[Member]]] = {}
    for member in members:
        for judged in getattr(member.verdicts, which):
            key = _key_of(judged.rule)
            if key in found:
                found[key][1].append(member)
            else:
                found[key] = (judged.rule, [member])
    return found


def _why(state: str, rule: Rule, installed: str) -> dict[str, str]:
    affected = rule.affected
    if state == "missing":
        return reason("older_than_fix", f"{installed} < {affected.fixed}")
    if state == "no_fix":
        return reason("vendor_deferred" if affected.status == "deferred" else "no_fix_yet", affected.note)
    if affected.status == "unknown":
        return reason("advisory_unclear", affected.note)
    if affected.arch == "module" and not installed:
        return reason("module_build_unknown", f"{affected.module} is fixed in {affected.fixed}")
    if affected.status == "fixed":
        return reason("module_stream_unknown", f"{installed} < {affected.fixed}")
    return reason("under_investigation", affected.note)
