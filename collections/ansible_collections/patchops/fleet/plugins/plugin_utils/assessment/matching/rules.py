# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of one release, by package, and what they say of an installed version. Memoised: a fleet repeats
itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.records import Rule
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import scheme_of
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


_NOTHING = Verdicts()


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

    def load(self, packages: Iterable[str]) -> None:
        """Read the rules of these packages, those that are not known yet in one go."""
        unknown = {package for package in packages if package not in self._rules}
        if not unknown:
            return
        found: dict[str, list[Rule]] = {package: [] for package in unknown}
        for rule in self._database.rules(self.release, unknown):
            found[rule.affected.package].append(rule)
        self._rules.update((package, self._distinct(rules)) for package, rules in found.items())

    def rules_of(self, package: str) -> tuple[Rule, ...]:
        self.load((package,))
        return self._rules[package]

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
            if told not in judged or judged[told].state == "unknown":
                judged[told] = Judged(rule, state)
        return Verdicts(
            tuple(one for one in judged.values() if one.state != "installed"),
            tuple(one for one in judged.values() if one.state == "installed"),
        )

    def state(self, rule: Rule, version: str, arch: str, module: str | None) -> Judgement | None:
        affected = rule.affected
        if affected.status == "not_affected" or (affected.arch == "src") != (arch == "src"):
            return None
        if affected.arch and arch and affected.arch != arch:
            return None
        if self.key is None:
            return "unknown"
        if affected.introduced and self.key(version) < self.key(affected.introduced):
            return None
        if affected.last and self.key(version) > self.key(affected.last):
            return None
        if affected.status in ("affected", "deferred"):
            return "no_fix"
        if affected.status == "under_investigation":
            return "unknown"
        older = self.key(version) < self.key(affected.fixed)
        same_stream = _same_stream(rule, version, module)
        if same_stream is None:
            return "unknown" if older else "installed"
        if not same_stream:
            return None
        return "missing" if older else "installed"

    def _distinct(self, rules: list[Rule]) -> tuple[Rule, ...]:
        """Each advisory once, and no record of a CVE that an advisory's fix covers."""
        if self.key is None or len(rules) < 2:
            return tuple(rules)
        newest_source = sorted(rules, key=lambda rule: rule.advisory.source)
        distinct = {(rule.advisory.name, rule.affected): rule for rule in newest_source}
        covered: dict[str, Any] = {}
        for rule in distinct.values():
            if rule.affected.status == "fixed" and not _is_record_of_a_cve(rule):
                fixed = self.key(rule.affected.fixed)
                for cve in rule.advisory.cves:
                    covered[cve] = max(covered.get(cve, fixed), fixed)
        return tuple(rule for rule in distinct.values() if not self._is_covered(rule, covered))

    def _is_covered(self, rule: Rule, covered: dict[str, Any]) -> bool:
        if rule.affected.status != "fixed" or not _is_record_of_a_cve(rule):
            return False
        fixed = covered.get(rule.advisory.cves[0])
        return fixed is not None and self.key is not None and bool(self.key(rule.affected.fixed) <= fixed)


def _is_record_of_a_cve(rule: Rule) -> bool:
    """True for what is named by its one CVE: CVE-2024-1, UBUNTU-CVE-2024-1."""
    cves = rule.advisory.cves
    return len(cves) == 1 and rule.advisory.name.endswith(cves[0])


def _same_stream(rule: Rule, version: str, module: str | None) -> bool | None:
    """Whether a rule speaks of the stream that is installed; None where that can't be told."""
    modular_fix = bool(rule.affected.module) or ".module" in rule.affected.fixed
    modular_install = bool(module) or ".module" in version
    if modular_fix != modular_install:
        return False
    if not modular_fix:
        return True
    if module and rule.affected.module:
        return module == rule.affected.module
    return None
