# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a policy says about rollouts, with every mistake of the policy at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import (
    PolicyError,
    find_problems,
    read_policy_text,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import build
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.text import PolicyText
from patchops.assessment.assess import unusable_policy
from patchops.policy.calendars import Calendars, folder_of, read_calendars
from patchops.policy.cycles import MANUAL, Names, read_cycle
from patchops.policy.due import check_due_dates
from patchops.policy.gates import read_command
from patchops.policy.model import Cycle, Recipient, RolloutPolicy, Source
from patchops.policy.part import Findings, Part
from patchops.policy.timing import check_timing

_KINDS_OF_RECIPIENTS = ("command", "webhook", "mail")


@dataclass(frozen=True)
class Examined:
    """What a policy says about rollouts, its text, what is wrong with it, and what a person should look at.

    With problems the policy is only good for looking at those parts that have none.
    """

    policy: RolloutPolicy
    text: PolicyText
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def refuse(self, *more: Problem) -> None:
        """Raise InputError with one line for each mistake, those in `more` included, if there is one."""
        if found := [*self.problems, *more]:
            raise unusable_policy([self.text.told(problem) for problem in found])

    def sound(self, place: str) -> bool:
        """Tell whether nothing is wrong at a place and below it."""
        return not any(
            problem.place == place or problem.place.startswith((f"{place}.", f"{place}["))
            for problem in self.problems
        )


def load_rollout_policy(path: Path, today: date) -> RolloutPolicy:
    """Return what a policy (a file, or a folder of files) says about rollouts.

    :param today: from when on calendars have to occur
    :raises InputError: one line for each mistake: file, line, place, what is wrong, remedy
    """
    examined = examine(path, today)
    examined.refuse()
    return examined.policy


def examine(path: Path, today: date) -> Examined:
    """Return a policy with all that is wrong with it. Raises InputError when it can't be read."""
    path = path.absolute()
    try:
        text = read_policy_text(path)
    except PolicyError as error:
        raise unusable_policy(error.args) from None
    formal = find_problems(text)
    policy, findings = read_rollouts(text, folder_of(path), today)
    places = {problem.place for problem in formal}
    problems = formal + [problem for problem in findings.problems if problem.place not in places]
    if not problems:
        rules = build(text.data, text.name).rules
        for name, part in Part(text.data, "", findings).named("cycles").items():
            check_due_dates(part, policy.cycles[name], rules, today)
    return Examined(policy, text, tuple(problems), tuple(findings.warnings))


def read_rollouts(text: PolicyText, folder: Path, today: date) -> tuple[RolloutPolicy, Findings]:
    """Return what a policy says about rollouts, and what is wrong with it beside its form.

    :param folder: what relative paths count from
    """
    findings = Findings()
    whole = Part(text.data if isinstance(text.data, dict) else {}, "", findings)
    calendars, problems = read_calendars(text, folder, today)
    findings.problems += problems
    names = Names(
        folder=folder,
        calendars=calendars.named,
        calendar_names=whole.keys("calendars"),
        people=_people(whole),
        inventories=whole.keys("inventories"),
        recipients=whole.keys("recipients"),
    )
    _manual_is_no_calendar(whole)
    policy = RolloutPolicy(
        zone=calendars.zone,
        calendars=calendars.named,
        inventories={name: _source(name, part, folder) for name, part in whole.named("inventories").items()},
        cycles=_cycles(whole, names, calendars, today),
        recipients={name: _recipient(name, part) for name, part in whole.named("recipients").items()},
        people=names.people,
    )
    return policy, findings


def _cycles(whole: Part, names: Names, calendars: Calendars, today: date) -> dict[str, Cycle]:
    cycles = {}
    for name, part in whole.named("cycles").items():
        cycle = cycles[name] = read_cycle(name, part, names)
        check_timing(part, cycle, calendars.named, calendars.zone, today)
    return cycles


def _manual_is_no_calendar(whole: Part) -> None:
    if MANUAL in whole.keys("calendars"):
        whole.findings.wrong(
            f"calendars.{MANUAL}", f"{MANUAL} means a start by hand", "give the calendar another name"
        )


def _people(whole: Part) -> dict[str, tuple[str, ...]]:
    people: dict[str, tuple[str, ...]] = {}
    part = whole.part("people")
    if part is None:
        return people
    for name in part.data:
        logins = part.texts(name)
        for number, login in enumerate(logins):
            if login in logins[:number]:
                whole.findings.wrong(
                    f"people.{name}[{number}]", f"{login} is given twice", "keep one of the two"
                )
        people[name] = tuple(dict.fromkeys(logins))
    return people


def _source(name: str, part: Part, folder: Path) -> Source:
    paths = []
    for number, source in enumerate(part.texts("sources")):
        place = f"{part.at('sources')}[{number}]"
        path = folder / source
        if "," in source:
            part.findings.wrong(place, "a list of names is no inventory of a policy", "write a file")
        elif not path.exists():
            part.findings.wrong(place, f"there is no {path}", "name an inventory file or folder")
        paths.append(path)
    return Source(name, tuple(paths), part.duration("refresh", timedelta(hours=1), timedelta(seconds=1)))


def _recipient(name: str, part: Part) -> Recipient:
    kinds = part.has(*_KINDS_OF_RECIPIENTS)
    if len(kinds) != 1:
        part.findings.wrong(
            part.place,
            f"a recipient is one kind, and this has {' and '.join(kinds) or 'none of them'}",
            f"keep one of {', '.join(_KINDS_OF_RECIPIENTS)}",
        )
    return Recipient(name, read_command(part), part.text("webhook"), part.texts("mail"))
