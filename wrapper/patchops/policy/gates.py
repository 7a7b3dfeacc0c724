# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the gates of a cycle, and find those that can't work."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from patchops.policy.model import Approval, CommandGate, Gate, HttpGate, Joins, Once
from patchops.policy.part import Part

PLACEHOLDERS: Final = ("rollout", "cycle", "ring", "gate")
"""What an argument of a command may name in braces."""

_KINDS: Final = {
    "approval": {"approval"},
    "command": {"command", "once", "timeout", "every"},
    "http": {"http", "timeout", "every"},
}
_SECOND: Final = timedelta(seconds=1)
_LONGEST_ANSWER: Final = timedelta(hours=1)


def read_gates(cycle: Part, people: Mapping[str, tuple[str, ...]]) -> dict[str, Gate]:
    """Return the gates of a cycle by name.

    :param people: the logins of each group
    """
    gates = {}
    for name, part in cycle.named("gates").items():
        gate = _gate(name, part, people, by_hand=cycle.text("starts", "manual") == "manual")
        if gate is not None:
            gates[name] = gate
    return gates


def _gate(name: str, part: Part, people: Mapping[str, tuple[str, ...]], by_hand: bool) -> Gate | None:
    kinds = part.has(*_KINDS)
    if len(kinds) != 1:
        what = " and ".join(kinds) or "none of them"
        part.findings.wrong(part.place, f"a gate is one kind, and this has {what}", f"keep one of {_names()}")
        return None
    kind = kinds[0]
    for key in part.data:
        if key in _KINDS["command"] and key not in _KINDS[kind]:
            part.wrong(key, f"a gate with {kind} has no {key}", f"known here: {', '.join(_KINDS[kind])}")
    if kind == "approval":
        return _approval(name, part, people, by_hand)
    timeout = part.duration(
        "timeout", timedelta(seconds=30 if kind == "command" else 10), _SECOND, _LONGEST_ANSWER
    )
    every = part.duration("every", timedelta(minutes=5), _SECOND)
    if kind == "command":
        argv = read_command(part, PLACEHOLDERS)
        return CommandGate(name, argv, part.choice("once", Once.SLICE), timeout, every)
    http = part.part("http")
    if http is None:
        return None
    return HttpGate(name, http.text("url"), http.number("status", 200), timeout, every)


def _names() -> str:
    return ", ".join(_KINDS)


def _approval(name: str, gate: Part, people: Mapping[str, tuple[str, ...]], by_hand: bool) -> Approval | None:
    part = gate.part("approval")
    if part is None:
        return None
    groups = part.names("by", "group of people", people)
    logins = tuple(dict.fromkeys(login for group in groups for login in people[group]))
    count = part.number("count", 1)
    not_by_requester = part.flag("not_by_requester", True)
    if groups and len(logins) < count:
        part.wrong(
            "count",
            f"nobody can pass this gate: it wants {count} people, and {', '.join(groups)} have {len(logins)}",
            "name more people, or lower count",
        )
    elif groups and by_hand and not_by_requester and len(logins) == count:
        part.findings.warn(
            part.at("by"),
            f"when one of {', '.join(logins)} starts a rollout by hand, nobody can pass this gate",
            "name one more person",
        )
    return Approval(
        name,
        logins,
        count,
        part.duration("within", timedelta(hours=48), _SECOND),
        not_by_requester,
        part.choice("joins", Joins.VOID),
    )


def unused_gates(cycle: Part, gates: Mapping[str, Gate], used: set[str]) -> None:
    """Note the gates that no ring names: somebody believes that they hold something up."""
    for name in gates:
        if name not in used:
            cycle.findings.wrong(
                cycle.at(f"gates.{name}"),
                "no ring uses this gate",
                f"name it in a ring's gates: [{name}], or remove it",
            )


def read_command(part: Part, placeholders: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the program and arguments at ``command``.

    :param placeholders: what arguments may name in braces; none: braces mean nothing

    The path has to be absolute: a service has another search path than the person who tried it.
    """
    argv = part.texts("command")
    if argv and not argv[0].startswith("/"):
        part.findings.wrong(
            f"{part.at('command')}[0]", f"{argv[0]!r} is not an absolute path", "write it from / on"
        )
    for number, argument in enumerate(argv if placeholders else ()):
        for message in _wrong_braces(argument, placeholders):
            part.findings.wrong(f"{part.at('command')}[{number}]", message, _braces_remedy(placeholders))
    return argv


def _braces_remedy(placeholders: tuple[str, ...]) -> str:
    known = ", ".join(f"{{{name}}}" for name in placeholders)
    return f"known here: {known}; a brace itself is written twice"


def _wrong_braces(argument: str, placeholders: tuple[str, ...]) -> Iterator[str]:
    try:
        for _text, name, form, conversion in string.Formatter().parse(argument):
            if name is not None and (name not in placeholders or form or conversion):
                yield f"{argument!r} has the unknown placeholder {{{name}}}"
    except ValueError:
        yield f"{argument!r} has a brace without its other half"
