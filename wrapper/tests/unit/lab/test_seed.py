# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make an image into one host."""

from dataclasses import replace
from pathlib import Path

import pytest

from patchops_lab.seed import Seed, plant
from patchops_lab.spec import HostSpec


@pytest.fixture
def seed() -> Seed:
    return Seed(
        spec=HostSpec("web"),
        address="10.99.0.11",
        addresses={"mirror.lab": "10.99.0.1", "jump": "10.99.0.10", "web": "10.99.0.11"},
        authorized_key="ssh-ed25519 AAAA user\n",
        host_key="PRIVATE\n",
        shadow="root:*:1:0:99999:7:::\nadmin:!:1:0:99999:7:::\n",
        password_hash=None,
        repository_key="PUBLIC\n",
    )


def test_a_host_knows_every_other_by_name(seed: Seed) -> None:
    hosts = seed.files()["etc/hosts"][0]
    assert "10.99.0.1 mirror.lab\n" in hosts
    assert "10.99.0.10 jump\n" in hosts


def test_sudo_asks_for_nothing_unless_the_host_has_a_password(seed: Seed) -> None:
    assert seed.files()["etc/sudoers.d/lab"] == ("admin ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
    assert "etc/shadow" not in seed.files()


def test_a_password_changes_the_line_of_the_user_alone(seed: Seed) -> None:
    files = replace(seed, password_hash="$6$hash").files()
    assert files["etc/sudoers.d/lab"][0] == "admin ALL=(ALL:ALL) ALL\n"
    assert files["etc/shadow"] == ("root:*:1:0:99999:7:::\nadmin:$6$hash:1:0:99999:7:::\n", 0o640)


def test_behind_a_bastion_ssh_takes_only_who_comes_from_there(seed: Seed) -> None:
    behind = replace(seed, spec=HostSpec("web", bastion="jump"))
    assert "AllowUsers admin@10.99.0.10\n" in behind.files()["etc/ssh/sshd_config.d/lab.conf"][0]
    assert "AllowUsers admin\n" in seed.files()["etc/ssh/sshd_config.d/lab.conf"][0]


def test_sources_are_lines_before_trixie_and_a_paragraph_each_since(seed: Seed) -> None:
    new = replace(seed, spec=HostSpec("web", release="trixie"))
    assert seed.files()["etc/apt/sources.list"][0].count("deb [signed-by=") == 2
    assert new.files()["etc/apt/sources.list.d/debian.sources"][0].count("Types: deb\n") == 2


def test_a_host_can_lack_the_security_suite_and_have_a_third_party(seed: Seed) -> None:
    files = replace(seed, spec=HostSpec("web", security_repo=False, third_party_repo=True)).files()
    assert "security" not in files["etc/apt/sources.list"][0]
    assert "http://mirror.lab/vendor stable main" in files["etc/apt/sources.list.d/vendor.list"][0]


def test_every_host_has_a_machine_id_of_its_own(seed: Seed) -> None:
    assert seed.files()["etc/machine-id"] != seed.files()["etc/machine-id"]


def test_planted_directories_have_the_modes_of_the_image(tmp_path: Path) -> None:
    image, upper = tmp_path / "image", tmp_path / "upper"
    (image / "etc/sudoers.d").mkdir(parents=True)
    (image / "etc/sudoers.d").chmod(0o750)
    plant({"etc/sudoers.d/lab": ("x\n", 0o440), "new/deep/file": ("y\n", 0o644)}, upper, image)
    assert (upper / "etc/sudoers.d").stat().st_mode & 0o777 == 0o750
    assert (upper / "etc/sudoers.d/lab").stat().st_mode & 0o777 == 0o440
    assert (upper / "new/deep").stat().st_mode & 0o777 == 0o755
    assert (upper / "new/deep/file").read_text() == "y\n"
