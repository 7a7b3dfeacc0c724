# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.products import (
    of_cpe,
    of_name,
    of_osv,
    osv_name_arches,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import release_key


@pytest.mark.parametrize(
    ("name", "products"),
    [
        ("Red Hat Enterprise Linux for x86_64 - BaseOS (v. 9)", [("rhel:9", "")]),
        ("Red Hat Enterprise Linux AppStream (v. 8)", [("rhel:8", "")]),
        ("Red Hat Enterprise Linux Server (v. 7)", [("rhel:7", "")]),
        ("Red Hat Enterprise Linux 10", [("rhel:10", "")]),
        ("Red Hat Enterprise Linux for aarch64 10", [("rhel:10", "")]),
        ("Red Hat Enterprise Linux BaseOS EUS (v.9.2)", []),
        ("Red Hat Enterprise Linux Server AUS (v. 7.7)", []),
        ("Red Hat Enterprise Linux 7 Extended Lifecycle Support", []),
        ("SUSE Linux Enterprise Server 15 SP6", [("sles:15.6", "")]),
        ("SUSE Linux Enterprise Server 12", [("sles:12", "")]),
        ("SUSE Linux Enterprise Server 16.0", [("sles:16.0", "")]),
        ("SUSE Linux Enterprise Desktop 15 SP6", [("sled:15.6", "")]),
        ("SUSE Linux Enterprise Server 15 SP3-LTSS", [("sles:15.3", "ltss")]),
        ("SUSE Linux Enterprise Server 11 SP4 LTSS", [("sles:11.4", "ltss")]),
        ("SUSE Linux Enterprise Server LTSS 12 SP5", [("sles:12.5", "ltss")]),
        ("SUSE Linux Enterprise Server for SAP Applications 15 SP4", [("sles:15.4", "sap")]),
        ("SUSE Linux Enterprise Server 11 SP1-TERADATA", [("sles:11.1", "teradata")]),
        (
            "SUSE Linux Enterprise Module for Basesystem 15 SP5",
            [("sles:15.5", ""), ("sled:15.5", "")],
        ),
        (
            "SUSE Linux Enterprise Software Development Kit 12 SP5",
            [("sles:12.5", ""), ("sled:12.5", "")],
        ),
        ("SUSE Linux Enterprise Workstation Extension 12", [("sles:12", ""), ("sled:12", "")]),
        ("SUSE Linux Enterprise Micro 5.5", []),
        ("SUSE Linux Enterprise High Performance Computing 15 SP1-LTSS", []),
        ("SUSE Manager Server 4.2", []),
        ("openSUSE Leap 15.6", [("opensuse-leap:15.6", "")]),
        ("openSUSE Tumbleweed", []),
        ("AlmaLinux 9", [("almalinux:9", "")]),
        ("Rocky Linux 8", [("rocky:8", "")]),
        ("Amazon Linux 2 2017.12", [("amzn:2", "")]),
        ("Amazon Linux 2023.6.20241010", [("amzn:2023", "")]),
        ("Fedora EPEL 9", [("epel:9", "")]),
        ("Fedora 42", [("fedora:42", "")]),
        ("Windows Server 2022", []),
    ],
)
def test_a_name_gives_the_releases_that_get_the_products_fixes(
    name: str, products: list[tuple[str, str]]
) -> None:
    assert list(of_name(name)) == products


@pytest.mark.parametrize(
    ("cpe", "products"),
    [
        ("cpe:/a:redhat:enterprise_linux:9::appstream", [("rhel:9", "")]),
        ("cpe:/o:redhat:enterprise_linux:10.0", [("rhel:10", "")]),
        ("cpe:/a:redhat:rhel_eus:9.2::appstream", []),
        ("cpe:/o:redhat:rhel_els:7", []),
        ("cpe:/o:suse:sles:15:sp6", [("sles:15.6", "")]),
        ("cpe:/o:suse:suse_sles:11:sp4", [("sles:11.4", "")]),
        ("cpe:/o:suse:sles:12", [("sles:12", "")]),
        ("cpe:/o:suse:sles:11:sp1:teradata", [("sles:11.1", "teradata")]),
        ("cpe:2.3:o:suse:sles:15:sp6:*:*:*:*:*:*", [("sles:15.6", "")]),
        ("cpe:/o:suse:sles-ltss:12:sp2", [("sles:12.2", "ltss")]),
        ("cpe:/o:suse:suse_sles_ltss:11:sp1", [("sles:11.1", "ltss")]),
        ("cpe:/o:suse:sles_sap:15:sp4", [("sles:15.4", "sap")]),
        ("cpe:/o:suse:sled:12:sp1", [("sled:12.1", "")]),
        ("cpe:/o:suse:sle-module-basesystem:15:sp5", [("sles:15.5", ""), ("sled:15.5", "")]),
        ("cpe:/o:suse:sle-sdk:12:sp5", [("sles:12.5", ""), ("sled:12.5", "")]),
        ("cpe:/o:suse:sle-ha:12:sp5", [("sles:12.5", ""), ("sled:12.5", "")]),
        ("cpe:/o:suse:sle-hpc:12:sp5", []),
        ("cpe:/o:suse:sle-micro:5.4", []),
        ("cpe:/o:suse:caasp:4.0", []),
        ("cpe:/o:opensuse:leap:15.6", [("opensuse-leap:15.6", "")]),
        ("cpe:/o:opensuse:tumbleweed", []),
    ],
)
def test_a_cpe_gives_the_releases_that_get_the_products_fixes(
    cpe: str, products: list[tuple[str, str]]
) -> None:
    assert list(of_cpe(cpe) or ()) == products


def test_a_cpe_of_another_vendor_says_nothing_and_the_name_counts() -> None:
    assert of_cpe("cpe:/o:almalinux:almalinux:9") is None
    assert of_cpe("") is None


@pytest.mark.parametrize(
    ("ecosystem", "products", "arches"),
    [
        ("Rocky Linux:8", [("rocky:8", "")], ("src",)),
        ("AlmaLinux:9", [("almalinux:9", "")], ("",)),
        ("Red Hat:enterprise_linux:9::baseos", [("rhel:9", "")], ("src", "")),
        ("SUSE:Linux Enterprise Server for SAP Applications 12 SP1", [("sles:12.1", "sap")], ("src",)),
        ("openSUSE:Leap 15.6", [("opensuse-leap:15.6", "")], ("src",)),
        ("Debian:12", [("debian:bookworm", "")], ("",)),
        ("Ubuntu:Pro:20.04:LTS", [("ubuntu:20.04", "esm")], ("",)),
    ],
)
def test_an_osv_ecosystem_says_what_its_names_mean(
    ecosystem: str, products: list[tuple[str, str]], arches: tuple[str, ...]
) -> None:
    assert list(of_osv(ecosystem)) == products
    assert osv_name_arches(ecosystem) == arches


@pytest.mark.parametrize(
    ("family", "version", "key"),
    [
        ("ubuntu", "22.04.2", "ubuntu:22.04"),
        ("alma", "9.4", "almalinux:9"),
        ("amazon", "2 (Karoo)", "amzn:2"),
        ("amazon", "2023.3.20240312", "amzn:2023"),
        ("oracle", "8.9", "ol:8"),
        ("redhat", "8.10", "rhel:8"),
        ("opensuse.leap", "15.5", "opensuse-leap:15.5"),
        ("sles", "15-SP4", "sles:15.4"),
        ("sles_sap", "15.4", "sles:15.4"),
        ("sles", "12", "sles:12"),
        ("debian", "10.13", "debian:buster"),
        ("alpine", "3.18.4", "alpine:3.18"),
        ("alpine", "edge", "alpine:edge"),
    ],
)
def test_a_release_has_one_key_whoever_names_it(family: str, version: str, key: str) -> None:
    assert release_key(family, version) == key
