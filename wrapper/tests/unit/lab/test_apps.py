# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own packages: what is in which version."""

import subprocess
from pathlib import Path

from patchops_lab import apps


def test_only_the_update_of_webapp_fails_to_start() -> None:
    unit = "usr/lib/systemd/system/lab-webapp.service"
    assert "ExecStartPre=/bin/false" not in apps.files_of("webapp", apps.OLD)[unit][0]
    assert "ExecStartPre=/bin/false" in apps.files_of("webapp", apps.NEW)[unit][0]


def test_the_old_version_of_a_package_without_a_service_has_no_postinst() -> None:
    assert "DEBIAN/postinst" not in apps.files_of("failapp", apps.OLD)
    assert "exit 7" in apps.files_of("failapp", apps.NEW)["DEBIAN/postinst"][0]


def test_the_update_that_needs_a_new_package_is_served_with_it() -> None:
    assert apps.served_with(("needsnew",)) == ("needsnew", "newcomer")
    assert apps.with_companions(("needsnew",)) == ("needsnew",)


def test_the_package_that_an_update_removes_is_on_the_host() -> None:
    assert apps.with_companions(("pusher",)) == ("pushed", "pusher")
    assert "Conflicts: lab-pushed" in apps.files_of("pusher", apps.NEW)["DEBIAN/control"][0]


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = apps.build("confapp", apps.OLD, tmp_path / "a")
    second = apps.build("confapp", apps.OLD, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


def test_a_built_package_says_its_name_and_version(tmp_path: Path) -> None:
    deb = apps.build("goodapp", apps.NEW, tmp_path)
    shown = subprocess.run(
        ["dpkg-deb", "--show", str(deb)], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert shown.stdout == "lab-goodapp\t1.1\n"
    assert list(tmp_path.iterdir()) == [deb]


def test_packages_of_standing_apps_are_known_by_their_names() -> None:
    packages = [apps.package_of(name) for name in apps.STANDING]
    assert "firmware-lab" in packages
    assert len(packages) > 10
    assert [apps.app_of(package) for package in packages] == list(apps.STANDING)


def test_what_an_update_waits_for_is_on_the_host_with_it() -> None:
    assert apps.with_companions(("heldback",)) == ("heldapp", "heldback")
    assert "Depends: lab-heldapp (>= 1.1)" in apps.files_of("heldback", apps.NEW)["DEBIAN/control"][0]


def test_each_version_of_exactuser_needs_the_same_one_of_exactbase() -> None:
    for version in (apps.OLD, apps.NEW):
        control = apps.files_of("exactuser", version)["DEBIAN/control"][0]
        assert f"Depends: lab-exactbase (= {version})" in control
