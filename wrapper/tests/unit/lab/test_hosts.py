# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host from outside."""

from pathlib import Path

import pytest

from patchops_lab.distributions.debian import installed_packages
from patchops_lab.errors import LabError
from patchops_lab.hosts import LabHost
from patchops_lab.paths import LabPaths
from patchops_lab.spec import HostSpec
from patchops_lab.state import HostRecord

STATUS = """\
Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1
Description: a shell
 Status: this line only looks like a field

Package: held
Status: hold ok installed
Architecture: all
Version: 1

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 2

Package: half
Status: install ok half-configured
Architecture: all
Version: 3
"""


@pytest.fixture
def host(paths: LabPaths, tmp_path: Path) -> LabHost:
    lower = tmp_path / "image"
    (lower / "etc").mkdir(parents=True)
    (lower / "etc/name").write_text("image")
    host = LabHost(paths, HostRecord(HostSpec("web"), "abc-000", "10.99.0.11", (lower,)))
    (host.paths.upper / "etc").mkdir(parents=True)
    return host


def test_only_what_is_installed_counts_as_installed() -> None:
    assert installed_packages(STATUS) == {("bash", "5.2-1", "amd64"), ("held", "1", "all")}


def test_a_file_the_host_never_wrote_is_that_of_its_image(host: LabHost) -> None:
    assert host.read_from_outside("/etc/name") == "image"


def test_a_file_the_host_wrote_hides_that_of_its_image(host: LabHost) -> None:
    (host.paths.upper / "etc/name").write_text("host")
    assert host.read_from_outside("etc/name") == "host"


def test_a_file_that_is_not_there_is_named(host: LabHost) -> None:
    with pytest.raises(LabError, match="web has no file /etc/other"):
        host.read_from_outside("etc/other")


def test_a_host_of_a_lab_without_supervisor_is_down(host: LabHost) -> None:
    assert host.init_pid() is None
    assert not host.is_up()
    with pytest.raises(LabError, match="doesn't answer"):
        host.state()
