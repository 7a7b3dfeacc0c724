# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report answers, in the order in which people ask: how many are fine, which are not and why, what
changed.

Pure; the terminal and the page both tell it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import Enum

from patchops.reports.model import Change, HostReport, Lasting, Report


class Tone(Enum):
    """How a group is to be taken."""

    GOOD = "good"
    NEUTRAL = "neutral"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Group:
    """Hosts that came out alike; `title` completes "N hosts: ..."."""

    bucket: str
    title: str
    tone: Tone
    hosts: tuple[HostReport, ...]


@dataclass(frozen=True)
class FleetChange:
    """One change of a package and the hosts it was made (or planned) on."""

    change: Change
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class FleetLasting:
    """One package that packages don't take back and the hosts in whose plan it is."""

    package: Lasting
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Answers:
    """`headline` and `remark` are sentences; groups are in the order of what needs attention first."""

    headline: str
    remark: str
    tone: Tone
    groups: tuple[Group, ...]
    changes: tuple[FleetChange, ...]
    changes_title: str
    lasting: tuple[FleetLasting, ...]

    @property
    def attention(self) -> tuple[Group, ...]:
        """The groups whose hosts are not as they should be."""
        return tuple(group for group in self.groups if group.tone in (Tone.BAD, Tone.WARN))


_GROUPS = {
    "failed": ("failed", Tone.BAD),
    "reverted": ("taken back to their former packages", Tone.BAD),
    "not_effective": ("installed, but not in effect", Tone.BAD),
    "unreachable": ("unreachable", Tone.BAD),
    "unknown": ("state unknown", Tone.BAD),
    "refused": ("refused, nothing was changed there", Tone.BAD),
    "not_started": ("not started", Tone.WARN),
    "pending": ("updates pending", Tone.WARN),
    "taken_back": ("taken back as asked", Tone.GOOD),
    "patched_effective": ("patched and effective", Tone.GOOD),
    "nothing_to_do": ("nothing to do", Tone.GOOD),
}
# The same total means something else after another playbook.
_OTHER_TITLES = {
    ("verify", "patched_effective"): "in effect",
    ("verify", "nothing_to_do"): "in effect",
    ("reboot", "patched_effective"): "rebooted and in effect",
    ("cleanup", "nothing_to_do"): "done",
}
_CHANGED = ("patched_effective", "not_effective", "pending")
_FINE = ("patched_effective", "nothing_to_do")
_MOST_KEPT_BACK = 3


def answer(report: Report) -> Answers:
    """The answers of one report."""
    groups = _groups(report)
    fine = sum(len(group.hosts) for group in groups if group.bucket in _FINE)
    total = len(report.hosts)
    return Answers(
        headline=_headline(report, fine, total),
        remark=_remark(report),
        tone=_tone(groups, report),
        groups=groups,
        changes=_changes(report),
        changes_title=_changes_title(report),
        lasting=_lasting(report),
    )


def why(host: HostReport) -> str:
    """Why a host is not as it should be: the words of its outcome, and what kept packages out of its plan."""
    parts = [host.message] if host.message else []
    if host.blocked:
        parts.append(
            f"Blocked after they were taken back, until cleanup: {', '.join(sorted(set(host.blocked)))}."
        )
    if host.held:
        parts.append(f"Held by the host's administrator: {', '.join(sorted(set(host.held)))}.")
    if host.kept_back:
        first = host.kept_back[:_MOST_KEPT_BACK]
        more = len(host.kept_back) - len(first)
        told = "; ".join(f"{one.name} ({one.reason})" for one in first)
        parts.append(f"Kept back: {told}{f'; and {more} more' if more else ''}.")
    return " ".join(parts)


def _groups(report: Report) -> tuple[Group, ...]:
    by_bucket: dict[str, list[HostReport]] = defaultdict(list)
    for host in report.hosts:
        by_bucket[_group(host)].append(host)
    return tuple(
        Group(
            name,
            _OTHER_TITLES.get((report.playbook, name), title),
            tone,
            tuple(sorted(by_bucket[name], key=lambda host: host.host)),
        )
        for name, (title, tone) in _GROUPS.items()
        if by_bucket[name]
    )


def _group(host: HostReport) -> str:
    if host.bucket == "reverted" and host.outcome_class == "ok":
        return "taken_back"
    return host.bucket if host.bucket in _GROUPS else "unknown"


def _headline(report: Report, fine: int, total: int) -> str:
    if total == 0:
        return "No host was asked."
    if report.check_mode:
        planned = sum(1 for host in report.hosts if host.changes)
        return f"A plan only: {_hosts(planned)} of {total} would be changed, nothing was."
    if report.playbook == "scan":
        return _scan_headline(report, total)
    if report.playbook == "verify":
        return f"What was installed is in effect on {fine} of {_hosts(total)}."
    if report.playbook == "patch":
        return f"{fine} of {_hosts(total)} {'is' if total == 1 else 'are'} patched and effective."
    done = sum(1 for host in report.hosts if host.outcome_class == "ok")
    return f"{report.playbook.capitalize()} is done on {done} of {_hosts(total)}."


def _scan_headline(report: Report, total: int) -> str:
    security = sum(1 for host in report.hosts if host.pending_security)
    answered = [host for host in report.hosts if host.pending_total is not None]
    doubtful = sum(1 for host in answered if host.bucket == "unknown")
    parts = [f"{security} of {_hosts(total)} {'has' if security == 1 else 'have'} security updates pending"]
    if doubtful:
        parts.append(f"of {doubtful} it can't be known")
    if silent := total - len(answered):
        parts.append(f"{silent} did not answer")
    return ", ".join(parts) + "."


def _remark(report: Report) -> str:
    closed = [gate.reason for gate in report.gates if not gate.open]
    if closed:
        return f"The run was stopped: {closed[-1]}"
    lacking = [host.host for host in report.hosts if host.missing_security]
    if lacking and report.playbook == "patch":
        return f"Security updates are missing on {', '.join(lacking)}: they were left out."
    if report.result == "unknown" and not any(host.bucket == "unknown" for host in report.hosts):
        return "How the run ended is not known."
    return ""


def _tone(groups: tuple[Group, ...], report: Report) -> Tone:
    tones = {group.tone for group in groups}
    if Tone.BAD in tones:
        return Tone.BAD
    lacking = any(host.missing_security for host in report.hosts)
    return Tone.WARN if Tone.WARN in tones or report.result != "done" or lacking else Tone.GOOD


def _changes(report: Report) -> tuple[FleetChange, ...]:
    """Changes that are known to be there.

    The plan of a lost host may not have been carried out, and what was taken back is no change.
    """
    hosts: dict[Change, list[str]] = defaultdict(list)
    for host in report.hosts:
        stayed = {package.name for package in host.lasting} if report.playbook == "rollback" else set()
        for change in host.changes if _counts(report, host) else ():
            if change.name not in stayed:
                hosts[_undone(change) if report.playbook == "rollback" else change].append(host.host)
    ordered = sorted(hosts, key=lambda change: (not change.security, change.name, change.arch, change.after))
    return tuple(FleetChange(change, tuple(sorted(hosts[change]))) for change in ordered)


def _counts(report: Report, host: HostReport) -> bool:
    if report.check_mode:
        return True
    if report.playbook == "rollback":
        return host.touched and host.outcome_class == "ok"
    # A host that can't know of more security updates counts as unknown, but what it installed was verified.
    return host.touched and (host.bucket in _CHANGED or host.code == "security_unknown")


def _lasting(report: Report) -> tuple[FleetLasting, ...]:
    hosts: dict[Lasting, list[str]] = defaultdict(list)
    for host in report.hosts:
        for package in host.lasting:
            hosts[package].append(host.host)
    ordered = sorted(hosts, key=lambda package: (package.way_back, package.name, package.reason))
    return tuple(FleetLasting(package, tuple(sorted(hosts[package]))) for package in ordered)


def _undone(change: Change) -> Change:
    return replace(change, before=change.after, after=change.before)


def _changes_title(report: Report) -> str:
    return "What would change where" if report.check_mode else "What changed where"


def _hosts(count: int) -> str:
    return f"{count} host" if count == 1 else f"{count} hosts"
