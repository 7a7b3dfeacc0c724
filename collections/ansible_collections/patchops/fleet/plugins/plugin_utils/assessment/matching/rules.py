# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of one release, by package, and what they say of an installed version. Memoised: a fleet repeats
itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Affected, Rule
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    any_release,
    scheme_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import comparable
from ansible_collections.patchops.fleet.plugins.plugin_utils.versions import key_function

Judgement = Literal["missing", "installed", "no_fix", "unknown"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule and what it means for one installed version."""

    rule: Rule
    state: Judgement


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All that the rules say of one installed version. open: whatever is not `installed`."""

    open: tuple[Judged, ...] = ()
    installed: tuple[Judged, ...] = ()

    def without(self, advisories: Container[str]) -> Verdicts:
        """The same without what these advisories say."""
        if not advisories:
            return self
        return Verdicts(
            tuple(one for one in self.open if one.rule.advisory.name not in advisories),
            tuple(one for one in self.installed if one.rule.advisory.name not in advisories),
        )

    @property
    def is_unclear(self) -> bool:
        """Whether any of it can't be applied, so that another advisory has to decide."""
        return any(one.rule.affected.status == "unknown" for one in self.open)

    def settled(self, decided: Container[str]) -> Verdicts:
        """The same without what can't be applied of these CVEs, on which something else decides."""
        if not decided:
            return self
        return Verdicts(
            tuple(
                one
                for one in self.open
                if one.rule.affected.status != "unknown"
                or not all(cve in decided for cve in _cves_of(one.rule))
            ),
            self.installed,
        )


_NOTHING = Verdicts()
# What a name stands for where it is not a binary package, as Affected.arch has it.
_NOT_BINARY = ("src", "module")


class ReleaseRules:
    """The rules of one release. A package's rules are read when a host first has it."""

    def __init__(self, database: AdvisoryDatabase, release: str) -> None:
        self._database = database
        self.release = release
        self.sources = database.sources_of(release)
        self.scheme = scheme_of(release) or ""
        self.key: Callable[[str], Any] | None = key_function(self.scheme) if self.scheme else None
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._judged: dict[tuple[str, str, str, str | None], Verdicts] = {}

    @cached_property
    def names_sources(self) -> bool:
        """Whether any feed names source RPMs, so that a package whose source isn't told can't be judged."""
        return self._database.names_sources(self.release)

    def load(self, packages: Iterable[str]) -> None:
        """Read the rules of these packages, those that are not known yet in one go."""
        unknown = {package for package in packages if package not in self._rules}
        if not unknown:
            return
        found: dict[str, list[Rule]] = {package: [] for package in unknown}
        family = self.release.partition(":")[0]
        for release in (self.release, any_release(family)):
            for rule in self._database.rules(release, unknown):
                found[rule.affected.package].append(rule)
        self._rules.update((package, self._distinct(rules)) for package, rules in found.items())

    def rules_of(self, package: str) -> tuple[Rule, ...]:
        self.load((package,))
        return self._rules[package]

    @cached_property
    def nameless(self) -> tuple[Rule, ...]:
        """What feeds say of the release without telling of which package."""
        return self.rules_of("")

    def decided(self, package: str, version: str, arch: str, module: str | None) -> frozenset[str]:
        """The CVEs on which some rule decides for an installed version, also that it isn't affected."""
        return frozenset(
            cve
            for rule in self.rules_of(package)
            if rule.affected.status != "unknown" and self._speaks(rule, version, arch, module)
            for cve in _cves_of(rule)
        )

    def judge(self, package: str, version: str, arch: str, module: str | None) -> Verdicts:
        """What the rules say of an installed version. module: "name:stream", "" for none, None where it isn't
        known."""
        question = (package, version, arch, module)
        verdicts = self._judged.get(question)
        if verdicts is None:
            rules = self.rules_of(package)
            verdicts = self._judged[question] = (
                self._judge(rules, version, arch, module) if rules else _NOTHING
            )
        return verdicts

    def _judge(self, rules: tuple[Rule, ...], version: str, arch: str, module: str | None) -> Verdicts:
        judged: dict[tuple[Any, ...], Judged] = {}
        for rule in rules:
            state = self.state(rule, version, arch, module)
            if state is None:
                continue
            # Two feeds can carry one advisory, one of them without epoch, architecture or stream.
            fixed = self.key(rule.affected.fixed) if self.key else rule.affected.fixed
            told = (rule.advisory.name, rule.affected.status, fixed)
            known = judged.get(told)
            # What every host gets comes before what needs an entitlement.
            better = known and known.rule.affected.channel and not rule.affected.channel
            if known is None or known.state == "unknown" or better:
                judged[told] = Judged(rule, state)
        return Verdicts(
            tuple(one for one in judged.values() if one.state != "installed"),
            tuple(one for one in judged.values() if one.state == "installed"),
        )

    def state(self, rule: Rule, version: str, arch: str, module: str | None) -> Judgement | None:
        """What a rule says of an installed version; None when it does not speak of it.

        arch "src": the name and version are those of a source RPM; "module": those of a module.
        """
        affected = rule.affected
        if affected.status == "not_affected" or not _same_kind(affected.arch, arch):
            return None
        if self.key is None:
            return "unknown"
        same_stream = _same_stream(rule, version, module)
        if same_stream is False:
            return None
        if self._is_outside(affected, version, arch):
            return None
        if affected.status == "fixed":
            if not version:  # of the module, which the host doesn't tell
                return "unknown"
            older = self.key(comparable(version, affected.fixed, arch)) < self.key(affected.fixed)
            if not older:
                return "installed"
            return "missing" if same_stream else "unknown"
        is_open = affected.status not in ("under_investigation", "unknown")
        return "no_fix" if is_open and same_stream else "unknown"

    def names(self, package: str, arch: str, version: str, module: str | None) -> frozenset[str]:
        """The advisories that speak of an installed package by this name, also to say that it isn't
        affected."""
        return frozenset(
            rule.advisory.name
            for rule in self.rules_of(package)
            if rule.affected.status != "unknown" and self._speaks(rule, version, arch, module)
        )

    def _speaks(self, rule: Rule, version: str, arch: str, module: str | None) -> bool:
        return (
            _same_kind(rule.affected.arch, arch)
            and _same_stream(rule, version, module) is not False
            and (self.key is None or not self._is_outside(rule.affected, version, arch))
        )

    def _is_outside(self, affected: Affected, version: str, arch: str) -> bool:
        """Whether a version is before the first or after the last affected one."""
        if self.key is None:
            return False
        if affected.introduced:
            first = affected.introduced
            if self.key(comparable(version, first, arch)) < self.key(first):
                return True
        last = affected.last
        return bool(last) and self.key(comparable(version, last, arch)) > self.key(last)

    def _distinct(self, rules: list[Rule]) -> tuple[Rule, ...]:
        """Each advisory once, and no record of a CVE that an advisory's fix covers."""
        if self.key is None or len(rules) < 2:
            return tuple(rules)
        newest_source = sorted(rules, key=lambda rule: rule.advisory.source)
        distinct = {(rule.advisory.name, rule.affected): rule for rule in newest_source}
        covered: dict[tuple[str, str, bool], Any] = {}
        for rule in distinct.values():
            if rule.affected.status == "fixed" and not _is_record_of_a_cve(rule):
                fixed = self.key(rule.affected.fixed)
                for cve in rule.advisory.cves:
                    place = _place(rule, cve)
                    covered[place] = max(covered.get(place, fixed), fixed)
        return tuple(rule for rule in distinct.values() if not self._is_covered(rule, covered))

    def _is_covered(self, rule: Rule, covered: dict[tuple[str, str, bool], Any]) -> bool:
        """Whether an advisory fixes what a record of a CVE still calls open, or fixes it at least as well."""
        if rule.affected.status in ("not_affected", "unknown") or not _is_record_of_a_cve(rule):
            return False
        fixed = covered.get(_place(rule, rule.advisory.cves[0]))
        if fixed is None or self.key is None:
            return False
        return rule.affected.status != "fixed" or bool(self.key(rule.affected.fixed) <= fixed)


def _cves_of(rule: Rule) -> tuple[str, ...]:
    return rule.advisory.cves or (rule.advisory.name,)


def _place(rule: Rule, cve: str) -> tuple[str, str, bool]:
    """A CVE in a module stream, of a source or of a binary."""
    return cve, rule.affected.module, rule.affected.arch == "src"


def _same_kind(of_rule: str, of_package: str) -> bool:
    """Whether a rule's name means what the package was looked up by: a source, a module, or a binary."""
    if of_rule in _NOT_BINARY or of_package in _NOT_BINARY:
        return of_rule == of_package
    # A package can become one of an architecture, or cease to be: the name is the same.
    return "" in (of_rule, of_package) or "noarch" in (of_rule, of_package) or of_rule == of_package


def _is_record_of_a_cve(rule: Rule) -> bool:
    """True for what is named by its one CVE: CVE-2024-1, UBUNTU-CVE-2024-1."""
    cves = rule.advisory.cves
    return len(cves) == 1 and rule.advisory.name.endswith(cves[0])


def _same_stream(rule: Rule, version: str, module: str | None) -> bool | None:
    """Whether a rule speaks of the stream that is installed; None where that can't be told."""
    affected = rule.affected
    modular_fix = bool(affected.module) or ".module" in affected.fixed or ".module" in affected.last
    modular_install = bool(module) or ".module" in version
    if modular_fix != modular_install:
        return False
    if not modular_fix:
        return True
    if module and affected.module:
        return _stream(module) == _stream(affected.module)
    return None


def _stream(module: str) -> tuple[str, str]:
    """A module's name and stream. Red Hat builds "python39:3.9" and its companion "python39-devel:3.9" as
    one."""
    name, _separator, stream = module.partition(":")
    return name.removesuffix("-devel"), stream
