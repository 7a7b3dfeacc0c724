# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf takes of several versions, and why it passes over the others."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.choice import (
    Choice,
    Pair,
    pair_updates,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
    newest,
)

from .test_planning import package

INSTALLED = newest([package("bash", "1.0-1", None)])
OLD, NEW = package("bash", "1.9-1"), package("bash", "1.10-1")
LOW = package("bash", "2.0-1", "low")


def only_pair(offers: list[Package], choice: Choice) -> Pair:
    [found] = pair_updates(INSTALLED, offers, choice)
    return found


def test_the_newest_version_that_nothing_hides_is_the_update() -> None:
    found = only_pair([NEW, OLD], Choice([OLD, NEW], {}))
    assert (found.after, found.blocked, found.passed_over) == (NEW, False, None)


def test_a_version_that_is_excluded_is_passed_over() -> None:
    choice = Choice([OLD], {})
    found = only_pair([NEW, OLD], choice)
    assert (found.after, found.blocked, found.passed_over) == (OLD, False, NEW)
    assert choice.why_not(NEW)[0] is Cause.EXCLUDE


def test_an_update_without_any_version_that_is_left_is_blocked() -> None:
    choice = Choice([], {})
    found = only_pair([NEW, OLD], choice)
    assert (found.after, found.blocked, found.passed_over) == (NEW, True, NEW)
    kept = choice.kept_back(found, security=False)
    assert kept is not None
    assert (kept.version, kept.cause, kept.security) == ("1.10-1", Cause.EXCLUDE, False)


def test_what_a_repository_of_a_worse_priority_has_is_passed_over_however_new() -> None:
    choice = Choice([NEW, LOW], {"updates": 99, "low": 150})
    found = only_pair([NEW, LOW], choice)
    assert (found.after, found.passed_over) == (NEW, LOW)
    assert choice.kept_back(found, security=False) is None
    kept = choice.kept_back(found, security=True)
    assert kept is not None
    assert kept.cause is Cause.PRIORITY
    assert "2.0-1 of low stands back, whose priority is 150" in kept.reason


def test_a_better_repository_keeps_updates_back_even_with_what_is_installed() -> None:
    choice = Choice([package("bash", "1.0-1", "own"), NEW], {"own": 10, "updates": 99})
    assert only_pair([NEW], choice).blocked is True


def test_what_module_filtering_hides_names_the_stream() -> None:
    choice = Choice([], {}, {"bash-1.10-1.noarch": "shell:1"})
    assert choice.why_not(NEW) == (
        Cause.MODULE,
        "1.10-1 of updates is of the module stream shell:1, which is not enabled",
    )
