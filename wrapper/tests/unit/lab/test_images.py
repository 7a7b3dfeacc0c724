# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image a host needs, and that no image is taken for one which was made otherwise."""

from pathlib import Path

import pytest

from patchops_lab.distributions.disguise import change
from patchops_lab.distributions.rocky import Rocky
from patchops_lab.images import image_of
from patchops_lab.spec import HostSpec


def test_hosts_of_one_release_share_an_image_whatever_apps_they_have() -> None:
    assert image_of(HostSpec("r1", "rocky9"), "amd64") == image_of(
        HostSpec("r2", "rocky9", apps=("goodapp",)), "amd64"
    )


def test_a_package_more_is_another_image() -> None:
    assert (
        image_of(HostSpec("r1", "rocky9"), "amd64").key
        != image_of(HostSpec("r1", "rocky9", packages=("vim-tiny",)), "amd64").key
    )


def test_what_a_distribution_writes_into_its_image_decides_which_one_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = HostSpec("r1", "rocky9")
    before = image_of(host, "amd64").key
    monkeypatch.setattr(Rocky, "files", {**Rocky.files, "etc/dnf/dnf.conf": "[main]\ngpgcheck=1\n"})
    assert image_of(host, "amd64").key != before


def test_what_its_release_package_provides_decides_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    host = HostSpec("r1", "rocky9")
    before = image_of(host, "amd64").key
    monkeypatch.setattr(Rocky, "provides", (*Rocky.provides, "glibc"))
    assert image_of(host, "amd64").key != before


def test_what_is_said_on_a_running_host_is_no_part_of_its_image(monkeypatch: pytest.MonkeyPatch) -> None:
    host = HostSpec("r1", "rocky9")
    before = image_of(host, "amd64").key
    monkeypatch.setattr(Rocky, "auditing", ("true",))
    assert image_of(host, "amd64").key == before


def test_an_image_that_stays_debian_is_changed_in_nothing() -> None:
    assert image_of(HostSpec("b1", "bookworm"), "amd64").changes == ""


def test_files_are_written_in_the_place_of_links_and_what_belongs_to_apt_goes(tmp_path: Path) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/os-release").write_text("ID=debian\n")
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").touch()
    (tmp_path / "etc/os-release").symlink_to("../usr/lib/os-release")
    change(tmp_path, {"etc/apt": None, "usr/bin/apt*": None, "etc/os-release": "ID=rocky\n"})
    assert not (tmp_path / "etc/apt").exists()
    assert (tmp_path / "etc/os-release").read_text() == "ID=rocky\n"
    assert (tmp_path / "usr/lib/os-release").read_text() == "ID=debian\n"
