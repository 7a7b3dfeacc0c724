# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import preflight
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import FakeDriver

MIB = 1024 * 1024


def space(purpose: str, mount: str, free: int, inodes: int | None = 100_000) -> dict[str, Any]:
    path = {"root": "/", "var": "/var", "state": "/var/lib/patchops", "boot": "/boot"}[purpose]
    return {"path": path, "purpose": purpose, "mount": mount, "free_bytes": free, "free_inodes": inodes}


def test_enough_room_is_no_problem() -> None:
    assert preflight.space_problems([space("root", "/", 500 * MIB)], {"root": 100 * MIB}) == []


def test_what_lies_on_one_file_system_adds_up() -> None:
    here = [space("root", "/", 300 * MIB), space("state", "/", 300 * MIB)]
    [problem] = preflight.space_problems(here, {"root": 200 * MIB, "state": 200 * MIB})
    assert problem == "/ (for /, /var/lib/patchops) has 300 MiB free, 465 MiB are needed"


def test_a_small_boot_is_named_when_a_kernel_comes() -> None:
    plan = {"packages": [{"name": "linux-image-6.1.0-9", "to": "1", "size": MIB}], "disk_bytes": 0}
    [problem] = preflight.space_problems([space("boot", "/boot", 50 * MIB)], preflight.applying_needs(plan))
    assert problem.startswith("/boot (for /boot) has 50 MiB free")


def test_a_full_boot_is_no_problem_without_a_kernel() -> None:
    plan = {"packages": [{"name": "bash", "to": "2", "size": MIB}], "disk_bytes": 0}
    assert preflight.space_problems([space("boot", "/boot", 0)], preflight.applying_needs(plan)) == []


def test_few_inodes_are_a_problem() -> None:
    [problem] = preflight.space_problems([space("root", "/", 500 * MIB, 10)], {"root": MIB})
    assert problem == "/ has 10 inodes free, 2000 are needed"


def test_the_way_back_takes_room_too() -> None:
    plan = {"packages": [], "disk_bytes": 0, "download_bytes": 100}
    assert preflight.staging_needs(plan, "required")["state"] == 200
    assert preflight.staging_needs(plan, "none")["state"] == 100


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("The following signatures were invalid: BADSIG 1234", "repository_unsigned"),
        ("The repository is not signed.", "repository_unsigned"),
        ("Release file for http://m is expired (invalid since 3d)", "repository_expired"),
        ("SSL certificate problem: certificate is not yet valid", "repository_expired"),
        ("Release file is not valid yet (invalid for another 2d)", "repository_expired"),
        ("404  Not Found [IP: 10.0.0.1 80]", "repository_unreadable"),
        ("Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)", "lock_held"),
    ],
)
def test_what_is_wrong_with_a_repository_is_told_apart(message: str, code: str) -> None:
    errors = [{"repository": "http://mirror/debian bookworm", "message": message}]
    with pytest.raises(DriverError) as refused:
        preflight.check_repositories([], errors)
    assert refused.value.code == code
    assert "http://mirror/debian bookworm" in refused.value.message
    assert refused.value.remedy


def test_repositories_without_errors_pass() -> None:
    preflight.check_repositories([{"id": "a", "error": None}], [])


def test_what_is_mounted_read_only_is_named_before_anything_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeDriver()
    monkeypatch.setattr(driver, "remounts", lambda: False)
    monkeypatch.setattr(preflight, "read_only", lambda paths: [one for one in paths if one == "/usr"])
    with pytest.raises(DriverError, match="Read-only on this host: /usr") as refused:
        preflight.check_writable(driver)
    assert refused.value.code == "read_only"


def test_a_package_manager_that_makes_it_writable_itself_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "read_only", lambda paths: ["/usr"])
    preflight.check_writable(FakeDriver())


def test_a_var_without_the_right_to_run_scripts_is_refused_before_anything_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = FakeDriver()
    monkeypatch.setattr(preflight, "read_only", lambda paths: [])
    monkeypatch.setattr(preflight, "no_exec", lambda paths: list(paths))
    preflight.check_writable(driver)  # apt remounts it by itself
    monkeypatch.setattr(driver, "remounts", lambda: False)
    with pytest.raises(DriverError, match="/var/lib/dpkg/info lies on a file system") as refused:
        preflight.check_writable(driver)
    assert refused.value.code == "no_exec"


def test_packages_left_half_done_refuse_with_a_remedy() -> None:
    driver = FakeDriver()
    driver.half_done.add("tzdata")
    with pytest.raises(DriverError, match="half done: tzdata") as refused:
        preflight.check_clean(driver)
    assert "dpkg --configure -a" in refused.value.remedy


def test_the_holder_of_a_lock_is_named() -> None:
    driver = FakeDriver()
    driver.holder = {"pid": 4711, "command": "aptitude"}
    with pytest.raises(DriverError, match=r"process 4711 \(aptitude\); waited 0 seconds"):
        preflight.wait_for_lock(driver, 0)


KERNELS = [
    {"release": "6.1.0-1-amd64", "package": "linux-image-6.1.0-1-amd64", "version": "6.1.1-1"},
    {"release": "6.1.0-2-amd64", "package": "linux-image-6.1.0-2-amd64", "version": "6.1.2-1"},
    {"release": "6.1.0-3-amd64", "package": "linux-image-6.1.0-3-amd64", "version": "6.1.3-1"},
]


def removing(*kernels: dict[str, str]) -> dict[str, Any]:
    return {"packages": [{"name": one["package"], "from": one["version"], "to": None} for one in kernels]}


def test_an_old_kernel_may_go_while_another_one_is_left_to_boot() -> None:
    preflight.check_kernels(removing(KERNELS[0]), KERNELS, "6.1.0-3-amd64")


@pytest.mark.parametrize("gone", [KERNELS[2:], KERNELS[:2], KERNELS])
def test_neither_the_running_kernel_goes_nor_the_last_other_one(gone: list[dict[str, str]]) -> None:
    with pytest.raises(DriverError, match=gone[0]["package"]) as refused:
        preflight.check_kernels(removing(*gone), KERNELS, "6.1.0-3-amd64")
    assert refused.value.code == "kernel_removal"


def test_of_kernels_that_share_a_name_the_version_says_which_one_goes() -> None:
    kernels = [
        {"release": f"5.14.0-{number}", "package": "kernel-core", "version": f"5.14.0-{number}"}
        for number in (70, 162, 362)
    ]
    preflight.check_kernels(removing(kernels[0]), kernels, "5.14.0-362")
    with pytest.raises(DriverError, match="kernel-core"):
        preflight.check_kernels(removing(kernels[2]), kernels, "5.14.0-362")


def test_a_host_whose_kernel_is_not_its_own_keeps_the_last_one_it_has() -> None:
    with pytest.raises(DriverError, match="linux-image-6"):
        preflight.check_kernels(removing(KERNELS[0]), KERNELS[:1], "6.12.0-of-the-outer-host")


def test_a_plan_without_kernels_is_not_asked_for_any() -> None:
    preflight.check_kernels({"packages": [{"name": "vim", "from": "1", "to": None}]}, [], "6.1.0")
