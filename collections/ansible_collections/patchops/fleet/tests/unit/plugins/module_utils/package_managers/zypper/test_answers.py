# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What zypper 1.14.42 printed on a host of the lab, and what is understood of it."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import answers
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper.answers import (
    Change,
    Offer,
)

RECORDED = Path(__file__).parent / "recorded"


def text(name: str) -> str:
    return (RECORDED / f"{name}.xml").read_text(encoding="utf-8")


def stream(name: str) -> Element:
    root = answers.read_stream(text(name))
    assert root is not None
    return root


def test_a_summary_is_what_would_change_and_patches_are_no_packages() -> None:
    changes = answers.changes(stream("update"))
    assert Change("lab-slowapp", "noarch", "noarch", "1.0-1.el9", "1.1-1.el9") in changes
    assert Change("lab-newcomer", "noarch", "noarch", None, "1.1-1.el9") in changes
    assert Change("lab-oldname", "noarch", "noarch", "1.0-1.el9", None) in changes
    assert Change("kernel-core", "x86_64", "x86_64", None, "5.14.0-162.el9") in changes
    assert "RLSA-2026:0001" not in {one.name for one in changes}


def test_updates_name_the_repository_that_has_them() -> None:
    offers = answers.updates(stream("list-updates"))
    assert Offer("lab-webapp", "noarch", "1.1-1.el9", "baseos") in offers
    assert not {"lab-goodapp", "lab-plainapp"} & {one.name for one in offers}


def test_a_lock_of_an_installed_package_holds_it_and_one_of_a_version_blocks_that() -> None:
    locks = answers.locks(stream("locks"))
    assert locks.held == {"lab-plainapp"}
    assert ("lab-goodapp", "noarch", "1.1-1.el9") in locks.blocked


def test_repositories_say_what_of_them_is_signed() -> None:
    (repository,) = answers.repositories(stream("repos"))
    assert (repository["alias"], repository["priority"]) == ("baseos", 99)
    assert (repository["metadata_signed"], repository["uri"]) == (True, "http://mirror.lab/sles15/baseos")


def test_a_conflict_is_told_without_the_solutions() -> None:
    assert answers.why_not(stream("install-locked")) == "conflicting requests"


def test_a_dead_repository_is_told_without_credentials_and_advice() -> None:
    said = answers.errors(stream("refresh-dead"))
    assert "Valid metadata not found at specified URL" in said
    assert "user@" not in said
    assert "Please check" not in said
    assert "Skipping" not in said


def test_the_script_that_failed_is_named() -> None:
    assert answers.failed_scripts(text("install-failapp")) == [
        "%post(lab-failapp-1.1-1.el9.noarch) scriptlet failed, exit status 7"
    ]
    assert answers.failed_scripts(text("update")) == []


def test_a_killed_rpm_is_an_error_that_names_the_package() -> None:
    assert "Installation of lab-killapp-1.1-1.el9.noarch failed" in answers.errors(stream("install-killapp"))


def test_a_download_that_ended_with_success_names_what_is_missing() -> None:
    root = stream("download-faults")
    assert [(one["name"], one["version"]) for one in answers.downloads(root)] == [
        ("lab-goodapp", "1.0-1.el9")
    ]
    problems = answers.download_problems(root)
    assert "Digest verification failed" in problems["lab-slowapp-1.1-1.el9.noarch"]
    assert "not found on medium" in problems["lab-webapp-1.1-1.el9.noarch"]
    assert set(problems) == {"lab-slowapp-1.1-1.el9.noarch", "lab-webapp-1.1-1.el9.noarch"}


def test_what_was_downloaded_is_where_zypper_says() -> None:
    paths = {one["name"]: one["path"] for one in answers.downloads(stream("download"))}
    assert paths["lab-goodapp"] == "/tmp/x/baseos/Packages/lab-goodapp-1.1-1.el9.noarch.rpm"


def test_plugins_may_print_before_the_answer() -> None:
    root = answers.read_stream("refreshing the service\n" + text("repos"))
    assert root is not None
    assert len(answers.repositories(root)) == 1


def test_no_answer_is_none() -> None:
    assert answers.read_stream("Segmentation fault\n") is None


@given(st.integers(min_value=0))
def test_an_answer_that_was_cut_off_is_read_as_far_as_it_goes(place: int) -> None:
    whole = text("update")
    root = answers.read_stream(whole[: place % len(whole)])
    known = answers.changes(stream("update"))
    assert root is None or set(answers.changes(root)) <= set(known)
