# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.reboot import judge_reboot

OLD = {"release": "6.1.0-25-amd64", "package": "linux-image-6.1.0-25-amd64", "version": "6.1.106-3"}
NEW = {"release": "6.1.0-28-amd64", "package": "linux-image-6.1.0-28-amd64", "version": "6.1.119-1"}


def kernel(running: str, *installed: dict[str, str], build: str | None = None) -> dict[str, Any]:
    newest = installed[-1]["release"] if installed else None
    return {
        "running": running,
        "running_build": build,
        "installed": list(installed),
        "newest_installed": newest,
        "default_boot": newest,
    }


def judge(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "marker": None,
        "kernel": kernel("6.1.0-28-amd64", OLD, NEW, build="6.1.119-1"),
        "in_container": False,
        "restarts": [],
        **changes,
    }
    return judge_reboot(**given)


def test_a_host_on_its_newest_kernel_needs_no_reboot() -> None:
    assert judge() == {"required": False, "reasons": []}


def test_a_newer_kernel_that_does_not_run_asks_for_a_reboot() -> None:
    assert judge(kernel=kernel("6.1.0-25-amd64", OLD, NEW)) == {
        "required": True,
        "reasons": [{"code": "kernel", "detail": "6.1.0-28-amd64 is installed, 6.1.0-25-amd64 runs"}],
    }


def test_the_same_release_built_again_asks_for_a_reboot() -> None:
    assert judge(kernel=kernel("6.1.0-28-amd64", NEW, build="6.1.115-1"))["reasons"] == [
        {"code": "kernel", "detail": "6.1.0-28-amd64 is installed as 6.1.119-1, 6.1.115-1 runs"}
    ]


def test_the_kernel_of_a_container_is_not_its_own() -> None:
    assert judge(kernel=kernel("6.18.44", OLD, NEW), in_container=True)["required"] is False


def test_a_running_kernel_of_no_package_leaves_the_answer_open_and_says_why() -> None:
    foreign = {**kernel("6.18.44-custom", OLD, NEW), "newest_installed": None}
    judged = judge(kernel=foreign)

    assert (judged["required"], judged["reasons"]) == (None, [])
    assert "kernel 6.18.44-custom runs, which belongs to no installed package" in judged["unknown"]
    assert judge(kernel=foreign, marker=["dbus"])["required"] is True


def test_a_host_without_kernel_packages_needs_no_reboot_for_them() -> None:
    assert judge(kernel=kernel("6.18.44"))["required"] is False


def test_the_marker_names_the_packages_that_asked() -> None:
    assert judge(marker=["dbus", "linux-image-amd64"])["reasons"] == [
        {"code": "marker", "detail": "asked for by dbus, linux-image-amd64"}
    ]


def test_a_marker_without_packages_counts_too() -> None:
    assert judge(marker=[])["reasons"] == [{"code": "marker", "detail": "asked for by /run/reboot-required"}]


def test_what_can_not_be_restarted_without_the_host_asks_for_a_reboot() -> None:
    restarts = [
        {"unit": "dbus.service", "processes": [1], "files": ["/usr/lib/libc.so.6"]},
        {"unit": "nginx.service", "processes": [2], "files": ["/usr/lib/libc.so.6"]},
    ]
    assert judge(restarts=restarts)["reasons"] == [
        {"code": "services", "detail": "replaced while it runs: dbus.service"}
    ]


@pytest.mark.parametrize("unread", [{"restarts": None}, {"kernel": None}])
def test_what_could_not_be_read_leaves_the_answer_open(unread: dict[str, Any]) -> None:
    assert judge(**unread) == {"required": None, "reasons": []}


def test_one_reason_is_enough_even_if_others_could_not_be_read() -> None:
    assert judge(marker=["dbus"], restarts=None)["required"] is True
