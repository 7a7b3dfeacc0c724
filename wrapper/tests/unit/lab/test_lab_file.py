# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab file becomes a LabSpec, or an error that names the place."""

from pathlib import Path

import pytest

from patchops_lab.errors import LabError
from patchops_lab.lab_file import checked, parse_lab, read_lab_file
from patchops_lab.spec import HostSpec, LabSpec


def test_defaults_hold_for_every_host_that_says_nothing_else() -> None:
    lab = parse_lab({"defaults": {"release": "trixie"}, "hosts": {"a": None, "b": {"release": "bullseye"}}})
    assert lab.hosts == (HostSpec("a", release="trixie"), HostSpec("b", release="bullseye"))


def test_a_host_with_a_count_stands_for_several_numbered_from_one() -> None:
    lab = parse_lab({"hosts": {"web": {"count": 2, "groups": ["canary"]}}})
    assert lab.hosts == (HostSpec("web1", groups=("canary",)), HostSpec("web2", groups=("canary",)))


def test_every_setting_of_a_host_is_read() -> None:
    settings = {
        "release": "trixie",
        "groups": ["canary"],
        "variables": {"x": 1},
        "bastion": "jump",
        "sudo_password": "secret",
        "noexec_tmp": True,
        "third_party_repo": True,
        "security_repo": False,
        "python_apt": True,
        "kernel": True,
        "packages": ["nginx-light"],
        "apps": ["webapp"],
    }
    lab = parse_lab({"hosts": {"jump": None, "db": settings}})
    assert lab.hosts[1] == HostSpec(
        "db",
        release="trixie",
        groups=("canary",),
        variables={"x": 1},
        bastion="jump",
        sudo_password="secret",
        noexec_tmp=True,
        third_party_repo=True,
        security_repo=False,
        python_apt=True,
        kernel=True,
        packages=("nginx-light",),
        apps=("webapp",),
    )


def test_the_name_given_outside_wins_over_the_one_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "lab.yml"
    file.write_text("name: inside\nhosts: {a: }\n")
    assert read_lab_file(file).name == "inside"
    assert read_lab_file(file, "outside").name == "outside"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the file: expected names with their values, found []"),
        ({}, "hosts: there is none; name at least one."),
        ({"host": {}}, "the file: 'host' is not known here; known are defaults, hosts, name, old_gone."),
        ({"name": "A b", "hosts": {"a": None}}, "The lab's name 'A b' must be"),
        ({"old_gone": "yes", "hosts": {"a": None}}, "old_gone: 'yes' is neither true nor false."),
        ({"hosts": {"a": {"relase": "trixie"}}}, "hosts.a: 'relase' is not known here"),
        (
            {"hosts": {"a": {"release": "sid"}}},
            "hosts.a.release: 'sid' is not one of bullseye, bookworm",
        ),
        ({"hosts": {"a": {"release": 12}}}, "hosts.a.release: 12 is not a text; put it in quotes."),
        ({"hosts": {"a": {"kernel": "yes"}}}, "hosts.a.kernel: 'yes' is neither true nor false."),
        ({"hosts": {"a": {"apps": "webapp"}}}, "hosts.a.apps: 'webapp' is not a list of names."),
        ({"hosts": {"a": {"apps": ["nope"]}}}, "hosts.a.apps: 'nope' is not one of "),
        (
            {"hosts": {"a": {"apps": ["goodapp"], "python": False}}},
            "hosts.a.apps: the service of goodapp needs",
        ),
        ({"hosts": {"a": {"packages": ["-oX=1"]}}}, "hosts.a.packages: '-oX=1' is not the name of a Debian"),
        ({"hosts": {"a": {"count": 0}}}, "hosts.a.count: 0 is not a number from 1 to 250."),
        ({"hosts": {"a": {"groups": ["a-b"]}}}, "hosts.a.groups: 'a-b' must be"),
        ({"hosts": {"../a": None}}, "hosts.../a: a host's name is lower-case letters"),
        ({"hosts": {"a": {"bastion": "b"}}}, "hosts.a.bastion: 'b' must be a host of this lab"),
        ({"hosts": {"a": {"python": False, "python_apt": True}}}, "hosts.a.python_apt: needs python."),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document: object, message: str) -> None:
    with pytest.raises(LabError) as caught:
        parse_lab(document)
    assert str(caught.value).startswith(message)


def test_a_bastion_behind_a_bastion_is_refused() -> None:
    hosts = (HostSpec("a"), HostSpec("b", bastion="a"), HostSpec("c", bastion="b"))
    with pytest.raises(LabError, match=r"hosts\.c\.bastion: 'b' must be"):
        checked(LabSpec("x", hosts))


def test_two_hosts_of_one_name_are_refused() -> None:
    with pytest.raises(LabError, match=r"hosts\.a1: there are two hosts of this name"):
        parse_lab({"hosts": {"a1": None, "a": {"count": 1}}})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"Could not read the lab file .*gone.yml: No such file"):
        read_lab_file(tmp_path / "gone.yml")


def test_a_file_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lab.yml"
    file.write_text("hosts: {")
    with pytest.raises(LabError, match=r"lab.yml is not valid YAML"):
        read_lab_file(file)
