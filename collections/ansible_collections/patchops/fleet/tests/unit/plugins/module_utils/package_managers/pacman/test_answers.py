# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pacman 6.0.2 printed on a host of the lab."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.answers import (
    Answer,
    read_answer,
)

EVERYTHING = """\
:: Starting full system upgrade...
:: Replace lab-oldname with core/lab-newname? [Y/n]\x20
resolving dependencies...
:: The following package cannot be upgraded due to unresolvable dependencies:
      lab-needsnew

:: Do you want to skip the above package for this upgrade? [y/N]\x20
looking for conflicting packages...
:: lab-pusher and lab-pushed are in conflict. Remove lab-pushed? [y/N]\x20

Packages (5) lab-goodapp-1.1-1  lab-newname-1.1-1  lab-oldname-1.0-1 [removal]  lab-pushed-1.0-1 [removal]\
  lab-pusher-1.1-1

Total Download Size:   0.01 MiB

:: Proceed with installation? [Y/n]\x20
:: Retrieving packages...
Errors occurred, no packages were upgraded.
"""
WARNINGS = """\
warning: ignoring package lab-newcomer-1.1-1
warning: cannot resolve "lab-newcomer", a dependency of "lab-needsnew"
warning: failed to retrieve some files
error: failed to commit transaction (error invoking external downloader)
"""
NO_DOWNLOAD = ["failed to commit transaction (error invoking external downloader)"]


def test_what_comes_and_what_goes_is_read_before_the_download_that_is_made_to_fail() -> None:
    assert read_answer(EVERYTHING, WARNINGS, NO_DOWNLOAD) == Answer(
        coming=["lab-goodapp-1.1-1", "lab-newname-1.1-1", "lab-pusher-1.1-1"],
        going=["lab-oldname-1.0-1", "lab-pushed-1.0-1"],
        conflicts=[("lab-pusher", "lab-pushed")],
        skipped={"lab-needsnew": "needs lab-newcomer, which can't be had"},
        problem=None,
    )


def test_nothing_to_do_is_an_answer() -> None:
    answer = read_answer(":: Starting full system upgrade...\n there is nothing to do\n", "", [])
    assert answer == Answer([], [], [], {}, None)


def test_an_answer_without_a_list_is_a_problem() -> None:
    assert read_answer("", "error: target not found: x\n", ["target not found: x"]).problem == (
        "target not found: x"
    )
    assert read_answer("", "", []).problem == "pacman gave no answer"


def test_versions_in_the_question_of_newer_pacmans_are_kept_for_the_reader() -> None:
    question = ":: lab-pusher-1.1-1 and lab-pushed-1.0-1 are in conflict. Remove lab-pushed? [y/N] \n"
    answer = read_answer(question + "\nPackages (1) lab-pusher-1.1-1\n", "", [])
    assert answer.conflicts == [("lab-pusher-1.1-1", "lab-pushed")]


def test_who_comes_is_told_from_who_goes_in_whatever_order_they_stand() -> None:
    question = ":: lab-pushed-1.0-1 and lab-pusher-1.1-1 are in conflict. Remove lab-pushed? [y/N] \n"
    assert read_answer(question, "", []).conflicts == [("lab-pusher-1.1-1", "lab-pushed")]
