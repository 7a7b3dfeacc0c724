# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with dnf: what their packages are made of, and what their repository says about them."""

import xml.etree.ElementTree as ElementTree

import pytest

from patchops_lab.distributions import DISTRIBUTIONS, rpm_apps, rpm_repository
from patchops_lab.distributions.rpm import KEY_FILE
from patchops_lab.distributions.rpm_apps import CATALOGUE, NEW, NEW_KERNEL, OLD
from patchops_lab.errors import LabError
from patchops_lab.lab_file import checked
from patchops_lab.spec import HostSpec, LabSpec


def test_the_update_of_the_bad_service_is_what_fails_to_start() -> None:
    unit = "usr/lib/systemd/system/lab-webapp.service"
    assert "ExecStartPre" not in rpm_apps.payload_of(CATALOGUE.package("webapp", OLD))[unit]
    assert "ExecStartPre=/bin/false" in rpm_apps.payload_of(CATALOGUE.package("webapp", NEW))[unit]


def test_only_the_update_fails_after_its_installation() -> None:
    assert "exit 7" not in rpm_apps.spec_of(CATALOGUE.package("failapp", OLD))
    assert "%post\nexit 7" in rpm_apps.spec_of(CATALOGUE.package("failapp", NEW))


def test_a_kernel_installs_beside_its_older_version() -> None:
    assert "Provides: installonlypkg(kernel)" in rpm_apps.spec_of(
        CATALOGUE.package("kernel-core", NEW_KERNEL)
    )


def test_each_new_version_has_an_advisory() -> None:
    document = rpm_repository.updateinfo(
        [
            CATALOGUE.package("goodapp", OLD),
            CATALOGUE.package("goodapp", NEW),
            CATALOGUE.package("plainapp", NEW),
            CATALOGUE.package("kernel-core", NEW_KERNEL),
        ]
    )
    notices = ElementTree.fromstring(document).findall("update")  # noqa: S314 - our own
    assert [notice.findtext("id") for notice in notices] == [
        "RLSA-2026:0001",
        "RLBA-2026:0002",
        "RLSA-2026:0003",
    ]
    assert [notice.get("type") for notice in notices] == ["security", "bugfix", "security"]
    assert notices[2].findtext(".//reboot_suggested") == "True"


def test_a_host_gets_the_repository_and_the_key_that_signs_it() -> None:
    files = DISTRIBUTIONS["rocky9"].host_files(HostSpec("r1", "rocky9"), "the key\n")
    repository = files["etc/yum.repos.d/lab.repo"][0]
    assert "repo_gpgcheck=1" in repository
    assert f"gpgkey=file:///{KEY_FILE}" in repository
    assert files[KEY_FILE] == ("the key\n", 0o644)


@pytest.mark.parametrize(
    ("host", "complaint"),
    [
        (HostSpec("r1", "rocky9", third_party_repo=True), "third_party_repo: a host of rocky9 has no such"),
        (HostSpec("r1", "rocky9", apps=("confapp",)), "apps: 'confapp' is not one of bulkapp, failapp"),
        (HostSpec("d1", "bookworm", apps=("bulkapp",)), "apps: 'bulkapp' is not one of choosyapp, confapp"),
    ],
)
def test_settings_of_the_other_family_are_refused(host: HostSpec, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        checked(LabSpec("lab", (host,)))
