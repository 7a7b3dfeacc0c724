# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a host answered to what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import patchops
from ansible_collections.patchops.fleet.plugins.plugin_utils.connection_failures import (
    REMEDIES,
    failure_code,
    failure_detail,
)
from patchops.doctor.findings import Finding, Health
from patchops.text import plain

_MOST_CLOCK_SECONDS = 60
_LEAST_FREE_BYTES = {"cache": 300 * 2**20, "boot": 100 * 2**20, "var": 300 * 2**20, "state": 300 * 2**20}
_SOURCE_REMEDY = "Give the host a readable, signed and current security repository."


@dataclass(frozen=True)
class Answer:
    """How one probe ended on a host: `kind` is ok, failed or unreachable."""

    kind: str
    result: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Everything that was printed, for recognising the cause."""
        parts = (self.result.get(key) for key in ("msg", "module_stderr", "stderr", "stdout"))
        return "\n".join(str(part) for part in parts if part)


@dataclass
class HostAnswers:
    """The answers of one host by probe, and its host document where there is one."""

    probes: dict[str, Answer] = field(default_factory=dict)
    document: Mapping[str, Any] | None = None


def diagnose(host: str, answers: HostAnswers) -> list[Finding]:
    """The findings on one host, in the order in which things are needed."""
    login = answers.probes.get("login")
    if login is None or login.kind != "ok":
        return [_failed(host, "login", login, "unreachable"), *_not_asked(host, "become", "python", "facts")]
    findings = [
        Finding(host, "login", Health.OK, "ssh works and the host key is the known one"),
        _become(host, answers.probes.get("become")),
        _python(host, answers.probes.get("python")),
    ]
    facts = answers.probes.get("facts")
    if answers.document is not None and facts is not None:
        findings += _facts(host, answers.document, facts)
    elif any(finding.health is not Health.OK for finding in findings):
        findings += _not_asked(host, "facts")
    else:
        findings.append(_failed(host, "facts", facts, "module_crashed"))
    return findings


def _become(host: str, answer: Answer | None) -> Finding:
    if answer is None or answer.kind != "ok":
        return _failed(host, "become", answer, "become_failed")
    last = (str(answer.result.get("stdout", "")).split() or [""])[-1]
    if last != "0":
        return Finding(
            host,
            "become",
            Health.FAIL,
            f"became user id {plain(last, 40)}, not root",
            "Set become_user to root.",
        )
    return Finding(host, "become", Health.OK, "becomes root")


def _python(host: str, answer: Answer | None) -> Finding:
    if answer is None or answer.kind != "ok":
        return _failed(host, "python", answer, "python_missing")
    return Finding(host, "python", Health.OK, "runs Ansible's modules")


def _failed(host: str, check: str, answer: Answer | None, default: str) -> Finding:
    if answer is None:
        return Finding(host, check, Health.UNKNOWN, "Ansible gave no answer", "Look at the log with -vvv.")
    outcome = answer.result.get("outcome")
    if isinstance(outcome, Mapping):
        detail, remedy = plain(outcome.get("message", "")), plain(outcome.get("remedy", ""))
        return Finding(host, check, Health.FAIL, detail, remedy)
    code = failure_code(answer.text, default)
    return Finding(
        host, check, Health.FAIL, f"{code}: {failure_detail(answer.text, code)}", REMEDIES.get(code, "")
    )


def _not_asked(host: str, *checks: str) -> list[Finding]:
    return [Finding(host, check, Health.UNKNOWN, "not asked, because of the above") for check in checks]


def _facts(host: str, document: Mapping[str, Any], answer: Answer) -> Iterator[Finding]:
    yield _engine(host, document)
    yield _package_manager(host, document)
    yield _security_source(host, document)
    yield _clock(host, answer)
    yield from _space(host, document)
    yield from _updaters(host, document)


def _engine(host: str, document: Mapping[str, Any]) -> Finding:
    version = str(document.get("engine_version"))
    if version != patchops.__version__:
        return Finding(
            host,
            "engine",
            Health.FAIL,
            f"answered as engine {plain(version, 40)}, the wrapper is {patchops.__version__}",
            "Remove the other copy of patchops.fleet.",
        )
    python = _mapping(document.get("python"))
    return Finding(host, "engine", Health.OK, f"{version} on Python {plain(python.get('version', '?'), 40)}")


def _package_manager(host: str, document: Mapping[str, Any]) -> Finding:
    manager, broken = _mapping(document.get("package_manager")), _mapping(document.get("broken"))
    if not manager.get("name"):
        return Finding(
            host, "packages", Health.FAIL, "no known package manager", "PatchOps can't patch this system."
        )
    if broken.get("interrupted") or broken.get("packages"):
        return Finding(
            host,
            "packages",
            Health.FAIL,
            f"an earlier change was interrupted: {plain(broken.get('reason') or 'see dpkg --audit', 200)}",
            "Look at `dpkg --audit` on the host, then run `dpkg --configure -a` there.",
        )
    name = f"{plain(manager.get('name'), 40)} {plain(manager.get('version', ''), 40)}"
    return Finding(host, "packages", Health.OK, name)


def _security_source(host: str, document: Mapping[str, Any]) -> Finding:
    source = _mapping(document.get("security_source"))
    status = plain(source.get("status", "unreadable"), 40)
    if status == "ok":
        return Finding(host, "security source", Health.OK, "ok")
    reason = plain(source.get("reason") or "no reason given", 200)
    return Finding(host, "security source", Health.WARN, f"{status}: {reason}", _SOURCE_REMEDY)


def _clock(host: str, answer: Answer) -> Finding:
    offset = _mapping(answer.result.get("host")).get("clock_offset_seconds")
    if not isinstance(offset, int):
        return Finding(host, "clock", Health.UNKNOWN, "the host's time was not read")
    if abs(offset) > _MOST_CLOCK_SECONDS:
        direction = "ahead of" if offset > 0 else "behind"
        return Finding(
            host,
            "clock",
            Health.WARN,
            f"{abs(offset)} s {direction} the controller's",
            "Set the time with NTP; a wrong clock makes signed repositories look expired.",
        )
    return Finding(host, "clock", Health.OK, f"within {_MOST_CLOCK_SECONDS} s of the controller's")


def _space(host: str, document: Mapping[str, Any]) -> Iterator[Finding]:
    spaces = document.get("space")
    if not isinstance(spaces, list):
        yield Finding(host, "space", Health.UNKNOWN, "free space was not read")
        return
    tight = [space for space in spaces if isinstance(space, Mapping) and _is_tight(space)]
    for space in tight:
        free = int(space["free_bytes"]) // 2**20
        yield Finding(
            host,
            "space",
            Health.WARN,
            f"{plain(space.get('path'), 100)} ({plain(space.get('purpose'), 20)}) has {free} MiB free",
            "Free space there: packages and the way back are kept on the host.",
        )
    if not tight:
        yield Finding(host, "space", Health.OK, "enough where packages and their way back are kept")


def _is_tight(space: Mapping[str, Any]) -> bool:
    free, least = space.get("free_bytes"), _LEAST_FREE_BYTES.get(str(space.get("purpose")))
    return isinstance(free, int) and least is not None and free < least


def _updaters(host: str, document: Mapping[str, Any]) -> Iterator[Finding]:
    for updater in document.get("other_updaters") or ():
        if isinstance(updater, Mapping) and updater.get("enabled"):
            yield Finding(
                host,
                "other updaters",
                Health.WARN,
                f"{plain(updater.get('name'), 60)} installs updates by itself",
                "It is held back during transactions; turn it off if only proven updates shall be installed.",
            )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
