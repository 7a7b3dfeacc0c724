# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import kernels
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import rename

Make = Callable[..., dict[str, Any]]

LINUX = ("DSA-5000-1", "linux", "6.1.140-1", ["CVE-2026-2001"])


def image(package: Make, abi: int, version: str) -> dict[str, Any]:
    """A signed kernel image, whose source repeats the version in its own way."""
    signed = version.replace("-", "+")
    return package(
        f"linux-image-6.1.0-{abi}-amd64", version, source="linux-signed-amd64", source_version=signed
    )


def kernel(running: str, build: str | None = None, default_boot: str | None = None) -> dict[str, Any]:
    return {"running": running, "running_build": build, "installed": [], "default_boot": default_boot}


def codes(finding: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in finding["reasons"]]


@pytest.mark.parametrize(
    ("family", "name", "version", "expected"),
    [
        ("debian", "linux-signed-amd64", "5.10.223+1", ("linux", "5.10.223-1")),
        ("debian", "linux-signed-arm64", "6.12.6+1~bpo12+1", ("linux", "6.12.6-1~bpo12+1")),
        ("debian", "grub-efi-amd64-signed", "1+2.06+13+deb12u1", ("grub2", "2.06-13+deb12u1")),
        ("debian", "shim-helpers-amd64-signed", "1+15.8+1~deb12u1", ("shim", "15.8-1~deb12u1")),
        ("ubuntu", "linux-signed", "5.15.0-91.101", ("linux", "5.15.0-91.101")),
        ("ubuntu", "linux-signed-hwe-6.5", "6.5.0-14.14~22.04.1", ("linux-hwe-6.5", "6.5.0-14.14~22.04.1")),
        ("ubuntu", "grub2-signed", "1.187.6+2.06-2ubuntu14.4", ("grub2", "2.06-2ubuntu14.4")),
        ("debian", "curl", "7.88.1-10+deb12u8", ("curl", "7.88.1-10+deb12u8")),
    ],
)
def test_signed_sources_are_renamed_to_the_real_one(
    family: str, name: str, version: str, expected: tuple[str, str]
) -> None:
    assert rename(family, name, version) == expected


def test_an_old_signed_kernel_misses_the_advisory_of_linux(feeds: Any, debian: Make, package: Make) -> None:
    (finding,) = feeds.dsa(LINUX).matcher().assess(debian(image(package, 35, "6.1.137-1")))["findings"]

    assert (finding["package"], finding["installed"], finding["state"]) == ("linux", "6.1.137-1", "missing")


def test_a_fixed_kernel_that_does_not_run_is_not_in_effect(feeds: Any, debian: Make, package: Make) -> None:
    host = debian(
        image(package, 35, "6.1.137-1"), image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-35-amd64")
    )
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], finding["effective"]) == ("installed", "no")
    assert codes(finding) == ["fix_installed", "kernel_not_running", "old_kernel_installed"]


def test_an_old_kernel_beside_the_running_fixed_one_is_said(feeds: Any, debian: Make, package: Make) -> None:
    host = debian(
        image(package, 35, "6.1.137-1"), image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-37-amd64")
    )
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], finding["effective"]) == ("installed", "yes")
    assert codes(finding) == ["fix_installed", "old_kernel_installed"]
    assert [one["name"] for one in finding["binaries"]] == ["linux-image-6.1.0-35-amd64"]


def test_a_default_boot_entry_of_an_old_kernel_regresses_on_reboot(
    feeds: Any, debian: Make, package: Make
) -> None:
    host = debian(
        image(package, 35, "6.1.137-1"),
        image(package, 37, "6.1.140-1"),
        kernel=kernel("6.1.0-37-amd64", default_boot="6.1.0-35-amd64"),
    )
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert finding["effective"] == "regresses_on_reboot"


def test_a_running_fixed_kernel_alone_leaves_nothing_to_say(feeds: Any, debian: Make, package: Make) -> None:
    host = debian(image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-37-amd64"))

    assert feeds.dsa(LINUX).matcher().assess(host)["findings"] == []


def test_a_rebuilt_kernel_of_the_same_name_runs_only_when_it_says_so(
    feeds: Any, debian: Make, package: Make
) -> None:
    matcher = feeds.dsa(LINUX).matcher()
    installed = image(package, 35, "6.1.140-1")
    before = debian(installed, kernel=kernel("6.1.0-35-amd64", build="6.1.137-1"))
    after = debian(installed, kernel=kernel("6.1.0-35-amd64", build="6.1.140-1"))

    assert [one["effective"] for one in matcher.assess(before)["findings"]] == ["no"]
    assert matcher.assess(after)["findings"] == []


@pytest.mark.parametrize(
    "unseen",
    [
        {"kernel": None},
        {"machine": {"virtualization": {"kind": "container"}}},
        {"machine": None},
        {"kernel": kernel("6.12.0-custom")},
        {"reboot": None},
    ],
)
def test_where_the_running_kernel_can_not_be_told_the_effect_is_unknown(
    feeds: Any, debian: Make, package: Make, unseen: dict[str, Any]
) -> None:
    host = debian(image(package, 37, "6.1.140-1"), **{"kernel": kernel("6.1.0-37-amd64"), **unseen})
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], finding["effective"]) == ("installed", "unknown")
    assert codes(finding) == ["fix_installed", "kernel_running_unknown"]


@pytest.mark.parametrize(
    ("running", "state"),
    [("6.1.0-37-amd64", "installed"), ("6.1.0-35-cloud-amd64", "missing"), (None, "missing")],
)
def test_another_flavour_is_missing_a_fix_unless_the_host_has_left_it(
    feeds: Any, debian: Make, package: Make, running: str | None, state: str
) -> None:
    cloud = package(
        "linux-image-6.1.0-35-cloud-amd64",
        "6.1.137-1",
        source="linux-signed-amd64",
        source_version="6.1.137+1",
    )
    facts = kernel(running) if running else None
    host = debian(cloud, image(package, 37, "6.1.140-1"), kernel=facts)
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], [one["name"] for one in finding["binaries"]]) == (
        state,
        ["linux-image-6.1.0-35-cloud-amd64"],
    )


def test_headers_of_the_c_library_count_as_an_ordinary_package(
    feeds: Any, debian: Make, package: Make
) -> None:
    headers = package("linux-libc-dev", "6.1.137-1", source="linux")
    host = debian(headers, image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-37-amd64"))
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], [one["name"] for one in finding["binaries"]]) == ("missing", ["linux-libc-dev"])


DEB_NAMES = [
    # Name, source, role, what `uname -r` says when it is an image.
    ("linux-image-6.1.0-35-amd64", "linux-signed-amd64", "linux-image-*-amd64", "6.1.0-35-amd64"),
    (
        "linux-image-6.12.43+deb13-amd64",
        "linux-signed-amd64",
        "linux-image-*-amd64",
        "6.12.43+deb13-amd64",
    ),
    (
        "linux-image-6.12.43+deb13-cloud-amd64",
        "linux-signed-amd64",
        "linux-image-*-cloud-amd64",
        "6.12.43+deb13-cloud-amd64",
    ),
    (
        "linux-image-6.12.43+deb13-rt-amd64-unsigned",
        "linux",
        "linux-image-*-rt-amd64",
        "6.12.43+deb13-rt-amd64",
    ),
    ("linux-image-6.12.43+deb13-686-pae", "linux", "linux-image-*-686-pae", "6.12.43+deb13-686-pae"),
    ("linux-image-6.16+deb14-amd64", "linux", "linux-image-*-amd64", "6.16+deb14-amd64"),
    ("linux-image-5.10.0-8-686-pae", "linux", "linux-image-*-686-pae", "5.10.0-8-686-pae"),
    (
        "linux-image-6.1.0-0.deb11.21-amd64",
        "linux-signed-amd64",
        "linux-image-*-amd64",
        "6.1.0-0.deb11.21-amd64",
    ),
    ("linux-image-6.6.31+rpt-rpi-v8", "linux", "linux-image-*-rpi-v8", "6.6.31+rpt-rpi-v8"),
    (
        "linux-image-unsigned-6.8.0-45-generic",
        "linux",
        "linux-image-*-generic",
        "6.8.0-45-generic",
    ),
    ("linux-image-6.1.0-35-amd64-dbg", "linux", "linux-image-*-amd64-dbg", None),
    ("linux-headers-6.12.43+deb13-common-rt", "linux", "linux-headers-*-common-rt", None),
    ("linux-hwe-6.8-headers-6.8.0-45", "linux-hwe-6.8", "linux-hwe-6.8-headers-*", None),
    ("linux-aws-headers-6.8.0-1015", "linux-aws", "linux-aws-headers-*", None),
    ("linux-headers-6.8.0-1015-aws", "linux-aws", "linux-headers-*-aws", None),
    ("linux-tools-6.8.0-45-generic", "linux", "linux-tools-*-generic", None),
    ("linux-cloud-tools-6.8.0-1015-azure", "linux-azure", "linux-cloud-tools-*-azure", None),
    ("linux-modules-extra-6.8.0-45-generic", "linux", "linux-modules-extra-*-generic", None),
    (
        "linux-modules-nvidia-535-6.8.0-45-generic",
        "linux-restricted-modules",
        "linux-modules-nvidia-535-*-generic",
        None,
    ),
    (
        "proxmox-kernel-6.8.12-4-pve-signed",
        "proxmox-kernel-signed-6.8",
        "proxmox-kernel-*-pve",
        "6.8.12-4-pve",
    ),
    ("proxmox-headers-6.8.12-4-pve", "proxmox-kernel-6.8", "proxmox-headers-*-pve", None),
    ("pve-kernel-5.15.102-1-pve", "pve-kernel", "pve-kernel-*-pve", "5.15.102-1-pve"),
    ("linux-image-amd64", "linux-signed-amd64", None, None),
    ("linux-libc-dev", "linux", None, None),
    ("linux-compiler-gcc-12-x86", "linux", None, None),
    ("libpython3.11-minimal", "python3.11", None, None),
    ("util-linux", "util-linux", None, None),
    ("libboost-thread1.74.0", "boost1.74", None, None),
]


@pytest.mark.parametrize(("name", "source", "role", "release"), DEB_NAMES)
def test_builds_of_debs_kernels_are_known_by_the_structure_of_their_names(
    name: str, source: str, role: str | None, release: str | None
) -> None:
    package = {"name": name, "version": "1", "source": source}

    assert kernels.role("deb", package) == role
    assert list(kernels.image_releases("deb", package)) == ([release] if release else [])


RPM_NAMES = [
    ("kernel-core", "kernel", "5.14.0-570.el9", "5.14.0-570.el9.x86_64"),
    ("kernel", "kernel", "3.10.0-1160.el7", "3.10.0-1160.el7.x86_64"),
    ("kernel-debug-core", "kernel", "5.14.0-570.el9", "5.14.0-570.el9.x86_64+debug"),
    ("kernel-rt-core", "kernel", "5.14.0-570.el9", "5.14.0-570.el9.x86_64+rt"),
    ("kernel-rt-core", "kernel-rt", "4.18.0-553.rt7.342.el8", "4.18.0-553.rt7.342.el8.x86_64"),
    ("kernel-64k-core", "kernel", "5.14.0-570.el9", "5.14.0-570.el9.x86_64+64k"),
    ("kernel-uek-core", "kernel-uek", "5.15.0-200.131.27.el8uek", "5.15.0-200.131.27.el8uek.x86_64"),
    ("kernel-ml", "kernel-ml", "6.9.7-1.el9.elrepo", "6.9.7-1.el9.elrepo.x86_64"),
    ("kernel-plus", "kernel-plus", "3.10.0-1160.el7.centos.plus", "3.10.0-1160.el7.centos.plus.x86_64"),
    ("kernel6.12", "kernel6.12", "6.12.20-23.97.amzn2023", "6.12.20-23.97.amzn2023.x86_64"),
    ("kernel-default", "kernel-default", "6.4.0-150600.23.25.1", "6.4.0-150600.23.25-default"),
    ("kernel-default-base", "kernel-default-base", "6.4.0-150600.23.25.1", "6.4.0-150600.23.25-default"),
    ("kernel-azure", "kernel-azure", "6.4.0-150600.8.11.1", "6.4.0-150600.8.11-azure"),
    ("kernel-uek-modules-extra", "kernel-uek", "5.15.0-200.el8uek", None),
    ("kernel-modules-core", "kernel", "5.14.0-570.el9", None),
    ("kernel-default-devel", "kernel-default", "6.4.0-150600.23.25.1", None),
    ("kernel-headers", "kernel", "5.14.0-570.el9", None),
]


@pytest.mark.parametrize(("name", "source", "version", "release"), RPM_NAMES)
def test_builds_of_rpms_kernels_replace_those_of_their_own_name(
    name: str, source: str, version: str, release: str | None
) -> None:
    package = {"name": name, "version": version, "source": source, "arch": "x86_64"}
    releases = kernels.image_releases("rpm", package)

    assert kernels.role("rpm", package) == name
    assert release in releases if release else not releases


def test_packages_that_only_sound_like_kernels_are_ordinary() -> None:
    assert kernels.role("rpm", {"name": "kernelshark", "version": "1", "source": "kernelshark"}) is None
    assert kernels.role("pacman", {"name": "linux", "version": "1", "source": "linux"}) is None


TRIXIE = {"id": "debian", "version_id": "13", "codename": "trixie", "support": {"status": "supported"}}


def builds(package: Make, flavour: str, *, source: str = "linux-signed-amd64") -> list[dict[str, Any]]:
    """Two builds of Debian 13's kernel; the newer one has the fix."""
    return [
        package(
            f"linux-image-6.12.{patch}+deb13-{flavour}",
            f"6.12.{patch}-1",
            source=source,
            source_version=f"6.12.{patch}+1" if "signed" in source else f"6.12.{patch}-1",
        )
        for patch in (41, 43)
    ]


def owning(running: str, *images: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a host says of its kernels, when it tells which packages own them."""
    installed = [
        {"release": one["name"].partition("image-")[2], "package": one["name"], "version": one["version"]}
        for one in images
    ]
    owner = next((one for one in installed if one["release"] == running), None)
    return {
        **kernel(running),
        "installed": installed,
        "newest_installed": None,
        "running_package": owner and {"name": owner["package"], "version": owner["version"]},
        **more,
    }


@pytest.fixture
def trixie(feeds: Any) -> Any:
    line = {
        "id": "DSA-5999-1",
        "date": "2026-08-20",
        "package": "linux",
        "title": "security update",
        "cves": ["CVE-2026-0001"],
        "fixed": [["trixie", "linux", "6.12.43-1"]],
    }
    return feeds.add("jsonl", json.dumps(line)).matcher()


@pytest.mark.parametrize("flavour", ["amd64", "cloud-amd64", "rt-amd64", "686-pae"])
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(("patch", "effective"), [(41, "no"), (43, "yes")])
def test_of_two_builds_of_debian_13_the_newest_is_installed_and_the_running_one_is_in_effect(
    trixie: Any, debian: Make, package: Make, flavour: str, told: bool, patch: int, effective: str
) -> None:
    images, running = builds(package, flavour), f"6.12.{patch}+deb13-{flavour}"
    facts = owning(running, *images) if told else kernel(running)
    (finding,) = trixie.assess(debian(*images, os=TRIXIE, kernel=facts))["findings"]

    assert (finding["state"], finding["effective"]) == ("installed", effective)
    assert [one["name"] for one in finding["binaries"]] == [images[0]["name"]]


def test_a_fixed_kernel_beside_the_running_old_one_is_not_clean(
    trixie: Any, debian: Make, package: Make
) -> None:
    new = builds(package, "amd64")[1]
    old = "6.12.41+deb13-amd64"
    document = trixie.assess(debian(new, os=TRIXIE, kernel=owning(old, new)))

    assert [(one["state"], one["effective"]) for one in document["findings"] if one["advisory"]] == [
        ("installed", "unknown")
    ]
    assert not document["coverage"]["complete"]
    assert "kernel_of_no_package" in [one["code"] for one in document["coverage"]["reasons"]]


def test_old_headers_and_tools_that_newer_ones_stand_beside_are_not_missing(
    feeds: Any, debian: Make, package: Make
) -> None:
    feeds.dsa(("DSA-5000-1", "linux", "6.8.0-45.45", ["CVE-2026-2001"]))
    names = ("linux-headers-6.8.0-{}-generic", "linux-tools-6.8.0-{}-generic", "linux-aws-headers-6.8.0-{}")
    packages = [
        package(name.format(build), f"6.8.0-{build}.{build}", source="linux")
        for build in (44, 45)
        for name in names
    ]
    host = debian(*packages, machine={"virtualization": {"kind": "container"}})

    assert feeds.matcher().verdict(host, "CVE-2026-2001")["state"] == "installed"
    # Which kernel runs on a machine of its own is not known here.
    assert feeds.matcher().verdict(debian(*packages), "CVE-2026-2001")["state"] == "unknown"


def test_while_another_kernel_of_the_distribution_runs_the_fix_of_this_one_is_in_effect(
    trixie: Any, debian: Make, package: Make
) -> None:
    new = builds(package, "amd64")[1]
    other = package("linux-image-6.1.0-37-amd64", "6.1.140-1", source="linux-6.1")
    facts = owning("6.1.0-37-amd64", new)
    facts["installed"].append(
        {"release": "6.1.0-37-amd64", "package": other["name"], "version": other["version"]}
    )
    verdict = trixie.verdict(debian(new, other, os=TRIXIE, kernel=facts), "CVE-2026-0001")

    assert (verdict["state"], verdict["effective"]) == ("installed", "yes")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("running", "effective"),
    [(None, "unknown"), ("6.12.41+deb13-amd64", "no"), ("6.12.43+deb13-amd64", "yes")],
)
def test_the_shared_inventory_of_two_kernels_has_the_newest_build_installed(
    feeds: Any, shared_data: Path, running: str | None, effective: str
) -> None:
    folder = shared_data / "truth" / "kernels"
    document = read_inventory(
        "dpkg-status", folder / "trixie-two-kernels.dpkg-status", folder / "trixie.os-release"
    )
    if running:
        document["kernel"] = kernel(running)
        document["machine"] = {"virtualization": {"kind": "vm"}}
        document["reboot"] = {"required": False, "reasons": []}
    feeds.add("jsonl", (folder / "dsa-linux-trixie.jsonl").read_text(encoding="utf-8"))
    found = [one for one in feeds.matcher().assess(document)["findings"] if one["advisory"]]

    assert [(one["state"], one["effective"]) for one in found] == [("installed", effective)]
    assert "linux-image-6.12.41+deb13-amd64" in [one["name"] for one in found[0]["binaries"]]


def told(package: dict[str, Any] | None, running: str, **more: Any) -> dict[str, Any]:
    """The kernel facts of a host that tells by files which package owns what runs."""
    owner = None if package is None else {"name": package["name"], "version": package["version"]}
    installed = (
        []
        if package is None
        else [{"release": running, "package": owner["name"], "version": owner["version"]}]
    )
    return {**kernel(running), "installed": installed, "running_package": owner, **more}


def proxmox(package: Make) -> dict[str, Any]:
    return package(
        "proxmox-kernel-6.8.12-4-pve-signed", "6.8.12-4", source="proxmox-kernel-signed-6.8", origin="Proxmox"
    )


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("beside", [True, False])
def test_a_cve_of_linux_is_unknown_while_proxmox_kernel_runs(
    feeds: Any, debian: Make, package: Make, tells: bool, beside: bool
) -> None:
    other, release = proxmox(package), "6.8.12-4-pve"
    facts = told(other, release) if tells else kernel(release)
    images = [image(package, 37, "6.1.140-1")] if beside else []
    host = debian(other, *images, kernel=facts)
    matcher = feeds.dsa(LINUX).matcher()
    verdict = matcher.verdict(host, "CVE-2026-2001")

    assert verdict["state"] == "unknown"
    assert "kernel_not_judged" in [one["code"] for one in verdict["reasons"]]
    assert {one["effective"] for one in matcher.assess(host, include_installed=True)["findings"]} <= {
        "unknown"
    }


@pytest.mark.parametrize("facts", [told(None, "6.18.0-self-built"), kernel("6.18.0-self-built"), None])
def test_a_cve_of_linux_is_unknown_while_a_kernel_of_no_package_runs(
    feeds: Any, debian: Make, package: Make, facts: dict[str, Any] | None
) -> None:
    matcher = feeds.dsa(LINUX).matcher()

    assert matcher.verdict(debian(kernel=facts), "CVE-2026-2001")["state"] == "unknown"
    host = debian(image(package, 37, "6.1.140-1"), kernel=facts)
    verdict = matcher.verdict(host, "CVE-2026-2001")
    assert (verdict["state"], verdict["effective"]) in (("unknown", None), ("installed", "unknown"))


def test_a_container_runs_the_kernel_of_another_machine(feeds: Any, debian: Make, package: Make) -> None:
    host = debian(package("bash", "5-1"), machine={"virtualization": {"kind": "container"}})

    assert feeds.dsa(LINUX).matcher().verdict(host, "CVE-2026-2001")["state"] == "not_affected"


def test_a_cve_of_another_package_does_not_ask_which_kernel_runs(
    feeds: Any, debian: Make, package: Make
) -> None:
    matcher = feeds.dsa(("DSA-1-1", "curl", "8.0-1", ["CVE-2026-1001"])).matcher()

    assert matcher.verdict(debian(proxmox(package)), "CVE-2026-1001")["state"] == "not_affected"


ELREPO = "The ELRepo Project (http://elrepo.org)"


def el9(debian: Make, *packages: dict[str, Any], **more: Any) -> dict[str, Any]:
    system = {"id": "almalinux", "version_id": "9.6", "codename": "", "support": {"status": "supported"}}
    return debian(*packages, os=system, repositories=[], **more)


def rpm(name: str, version: str, vendor: str) -> dict[str, Any]:
    parts = {"source": "kernel", "source_version": version.partition(":")[2], "suite": "baseos", "module": ""}
    return {"name": name, "version": version, "arch": "x86_64", "origin": vendor, **parts}


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("name", ["kernel-ml-core", "kernel-lt", "kernel-core"])
def test_a_cve_of_an_rpm_kernel_is_unknown_while_another_publishers_runs(
    feeds: Any, debian: Make, name: str, beside: bool
) -> None:
    text = (
        '<updates><update type="security"><id>ALSA-1</id><issued date="2026-08-20"/><references>'
        '<reference type="cve" id="CVE-2026-2001"/></references><pkglist><collection short="c">'
        '<package name="kernel-core" epoch="0" version="5.14.0" release="611.el9" arch="x86_64"/>'
        "</collection></pkglist></update></updates>"
    )
    matcher = feeds.add("updateinfo", text, "baseos", "almalinux:9").matcher()
    other = rpm(name, "0:6.18.1-1.el9.elrepo", ELREPO)
    images = [rpm("kernel-core", "0:5.14.0-611.el9", "AlmaLinux")] if beside else []
    host = el9(debian, other, *images, kernel=told(other, "6.18.1-1.el9.elrepo.x86_64"))

    assert matcher.verdict(host, "CVE-2026-2001")["state"] == "unknown"


HWE_OLD, HWE_NEW = "6.8.0-45-generic", "6.11.0-8-generic"
JAMMY = {"id": "ubuntu", "version_id": "22.04", "codename": "jammy", "support": {"status": "supported"}}


def hwe(package: Make, release: str) -> dict[str, Any]:
    series, build = release[:-8].rpartition("-")[0].rpartition(".")[0], release.split("-")[1]
    version = f"{release.split('-')[0]}-{build}.{build}~22.04.1"
    return package(
        f"linux-image-{release}",
        version,
        source=f"linux-signed-hwe-{series}",
        source_version=version,
        origin="Ubuntu",
    )


def hwe_fix(series: str, version: str) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": version}]
    return {
        "package": {"ecosystem": "Ubuntu:22.04:LTS", "name": f"linux-hwe-{series}"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }


def hwe_host(debian: Make, package: Make, running: str, **more: Any) -> dict[str, Any]:
    images = [hwe(package, release) for release in (HWE_OLD, HWE_NEW)]
    facts = {**owning(running, *images), **more.pop("facts", {})}
    return debian(*images, os=JAMMY, kernel=facts, **more)


@pytest.fixture
def two_series(feeds: Any) -> Any:
    affected = [hwe_fix("6.8", "6.8.0-47.47~22.04.1"), hwe_fix("6.11", "6.11.0-8.8~22.04.1")]
    text = {"id": "UBUNTU-CVE-2026-2001", "upstream": ["CVE-2026-2001"], "affected": affected}
    return feeds.add("osv", json.dumps({**text, "modified": "2026-08-20T00:00:00Z"}), whole=True).matcher()


def test_a_kernel_of_a_series_that_the_host_has_left_is_not_missing(
    two_series: Any, debian: Make, package: Make
) -> None:
    host = hwe_host(debian, package, HWE_NEW)
    (left,) = [one for one in two_series.assess(host)["findings"] if one["advisory"]]

    assert two_series.verdict(host, "CVE-2026-2001")["state"] == "installed"
    assert (left["state"], codes(left)) == ("installed", ["old_kernel_installed"])
    assert [one["name"] for one in left["binaries"]] == [f"linux-image-{HWE_OLD}"]


@pytest.mark.parametrize(
    ("running", "more"),
    [
        (HWE_OLD, {}),
        (HWE_NEW, {"facts": {"default_boot": HWE_OLD}}),
        (HWE_NEW, {"updates": None}),
        (
            HWE_NEW,
            {
                "updates": [
                    {"name": f"linux-image-{HWE_OLD}", "arch": "amd64", "candidate": "6.8.0-47.47~22.04.1"}
                ]
            },
        ),
        ("6.18.0-self-built", {}),
    ],
)
def test_a_kernel_that_runs_or_would_boot_or_is_replaced_is_missing(
    two_series: Any, debian: Make, package: Make, running: str, more: dict[str, Any]
) -> None:
    host = hwe_host(debian, package, running, **more)

    assert two_series.verdict(host, "CVE-2026-2001")["state"] == "missing"
