# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read parts of a policy whose form may be wrong.

The schema tells what has another form, with line and remedy. So a value of another form counts here as not
given, and every other mistake is still found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

from ansible_collections.patchops.fleet.plugins.plugin_utils.durations import parse_duration
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem, did_you_mean
from patchops.policy.amounts import parse_amount
from patchops.policy.model import Amount

_E = TypeVar("_E", bound=Enum)
_LONGEST = timedelta(days=366)


@dataclass
class Findings:
    """What is wrong with a policy, and what is allowed but probably not meant."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def wrong(self, place: str, message: str, remedy: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(place, message, remedy))

    def warn(self, place: str, message: str, remedy: str) -> None:
        """Note what a person should look at."""
        self.warnings.append(Problem(place, message, remedy))

    def unknown(self, place: str, what: str, name: str, known: Iterable[str]) -> None:
        """Note a name of something that the policy does not have."""
        names = list(known)
        listed = f"known here: {', '.join(names)}" if names else f"the policy has no {what}"
        self.wrong(place, f"there is no {what} {name!r}", did_you_mean(name, names) + listed)


@dataclass(frozen=True)
class Part:
    """A mapping of the policy, and where it stands."""

    data: Mapping[str, Any]
    place: str
    findings: Findings

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return f"{self.place}.{key}" if self.place else key

    def has(self, *keys: str) -> list[str]:
        """Return those of `keys` that are given."""
        return [key for key in keys if key in self.data]

    def wrong(self, key: str, message: str, remedy: str) -> None:
        """Note a mistake at a key."""
        self.findings.wrong(self.at(key), message, remedy)

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        value = self.data.get(key)
        return value if isinstance(value, str) and value else default

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.data.get(key)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def names(self, key: str, what: str, known: Iterable[str]) -> tuple[str, ...]:
        """Return a list of names, each once; those that are not among `known` are mistakes."""
        names = list(known)
        found: list[str] = []
        value = self.data.get(key)
        for number, name in enumerate(value if isinstance(value, list) else ()):
            place = f"{self.at(key)}[{number}]"
            if not isinstance(name, str):
                continue
            if name not in names:
                self.findings.unknown(place, what, name, names)
            elif name in found:
                self.findings.wrong(place, f"{name} is given twice", "keep one of the two")
            else:
                found.append(name)
        return tuple(found)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.data.get(key)
        return value if isinstance(value, bool) else default

    def number(self, key: str, default: int) -> int:
        """Return a whole number."""
        value = self.data.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def choice(self, key: str, default: _E) -> _E:
        """Return the member of `default`'s kind that has this value."""
        try:
            return type(default)(self.data.get(key, default.value))
        except ValueError:
            return default

    def duration(
        self, key: str, default: timedelta, least: timedelta = timedelta(), most: timedelta = _LONGEST
    ) -> timedelta:
        """Return a span of elapsed time from `least` to `most`."""
        span = self.optional_duration(key, least, most)
        return default if span is None else span

    def optional_duration(
        self, key: str, least: timedelta = timedelta(), most: timedelta = _LONGEST
    ) -> timedelta | None:
        """Return a span of elapsed time, None where it is not given."""
        value = self.data.get(key)
        if not isinstance(value, str) or not value:
            return None
        try:
            span = parse_duration(value)
        except (ValueError, OverflowError) as error:
            message, _semicolon, remedy = str(error).partition("; ")
            self.wrong(key, message, remedy)
            return None
        if span < least:
            self.wrong(key, f"{value!r} is too short", f"give at least {shown(least)}")
            return None
        if span > most:
            self.wrong(key, f"{value!r} is too long", f"give at most {shown(most)}")
            return None
        return span

    def amount(self, key: str, default: Amount) -> Amount:
        """Return a number or share of hosts."""
        return amount_or(self.data.get(key), default)

    def part(self, key: str) -> Part | None:
        """Return the mapping at a key."""
        value = self.data.get(key)
        return Part(value, self.at(key), self.findings) if isinstance(value, dict) else None

    def items(self, key: str) -> list[Part]:
        """Return the mappings of the list at a key."""
        value = self.data.get(key)
        return [
            Part(item, f"{self.at(key)}[{number}]", self.findings)
            for number, item in enumerate(value if isinstance(value, list) else ())
            if isinstance(item, dict)
        ]

    def keys(self, key: str) -> tuple[str, ...]:
        """Return the names at a key, also those whose values have another form."""
        value = self.data.get(key)
        return tuple(value) if isinstance(value, dict) else ()

    def named(self, key: str) -> dict[str, Part]:
        """Return the mappings by name at a key."""
        value = self.data.get(key)
        return {
            name: Part(item, f"{self.at(key)}.{name}", self.findings)
            for name, item in (value if isinstance(value, dict) else {}).items()
            if isinstance(item, dict)
        }


def amount_or(value: object, default: Amount) -> Amount:
    """Return the amount that is written; `default` where it has another form."""
    try:
        return parse_amount(value)
    except ValueError:
        return default


def shown(span: timedelta) -> str:
    """Return a span as a policy writes it, such as ``2d 4h``."""
    seconds = int(span.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
