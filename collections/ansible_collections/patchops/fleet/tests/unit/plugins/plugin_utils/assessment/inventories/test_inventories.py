# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import Purl, parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory

Inventory = Callable[..., dict[str, Any]]

DPKG = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u9
Description: GNU C Library
 Package: not a field

Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b7
Source: bash (5.2.15-2)

Package: gone
Status: deinstall ok config-files
Version: 1

Package: broken
Status: install ok half-configured
Architecture: all
Version: 2
"""


RPM = """\
openssl\t1:3.0.7-27.el9\tx86_64\topenssl-3.0.7-27.el9.src.rpm\tAlmaLinux\t(none)
nodejs\t1:18.12-1.module_el9\tx86_64\tnodejs-18.12-1.module_el9.src.rpm\tAlmaLinux\tnodejs:18:9010:abc
gpg-pubkey\t0:b86b3716-61e69f29\t(none)\t(none)\t(none)\t(none)
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    """Read a text as an inventory."""

    def _inventory(kind: str, text: str, os_release: str = "", **more: Any) -> dict[str, Any]:
        (tmp_path / "inventory").write_text(text)
        (tmp_path / "os-release").write_text(os_release)
        system = tmp_path / "os-release" if os_release else None
        return read_inventory(kind, tmp_path / "inventory", system, **more)

    return _inventory


def names(document: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [
        (one["name"], one["version"], one["source"], one["source_version"]) for one in document["packages"]
    ]


def test_a_dpkg_status_gives_what_is_installed_with_its_sources(inventory: Inventory) -> None:
    document = inventory(
        "dpkg-status", DPKG, 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', host="img"
    )

    assert names(document) == [
        ("libc6", "2.36-9+deb12u9", "glibc", "2.36-9+deb12u9"),
        ("bash", "5.2.15-2+b7", "bash", "5.2.15-2"),
        ("broken", "2", "broken", "2"),
    ]
    assert document["broken"]["packages"] == [{"name": "broken", "arch": "all", "state": "half-configured"}]
    assert (document["host"], document["os"]["id"], document["os"]["codename"]) == (
        "img",
        "debian",
        "bookworm",
    )


WRITTEN_BY_DPKG = DPKG.replace("Status:", "Maintainer: A\nStatus:")


@pytest.mark.parametrize(
    ("kind", "text", "place"),
    [
        ("dpkg-status", DPKG[:-1], "line 22: has no end"),
        ("dpkg-status", DPKG.partition("Version: 5")[0], "line 9: bash is installed, but has no Version"),
        ("dpkg-status", WRITTEN_BY_DPKG, "line 27: no empty line ends the last stanza"),
        ("apk-installed", "P:a\nV:1\nA:x86_64\no:a\n", "its end: no empty line ends the last package"),
        ("apk-installed", "P:a\nV:1\nA:x86", "line 3: has no end"),
        ("rpm-list", RPM[:-3], "line 3: has no end"),
        ("rpm-list", f"# end\n{RPM}", "line 2: stands behind the end mark '# end'"),
    ],
)
def test_a_file_that_was_cut_is_refused(inventory: Inventory, kind: str, text: str, place: str) -> None:
    with pytest.raises(FeedError, match=re.escape(place)):
        inventory(kind, text)


def test_a_state_that_dpkg_does_not_have_is_refused(inventory: Inventory) -> None:
    with pytest.raises(FeedError, match="line 9: bash has a state that dpkg does not have: 'instaled'"):
        inventory("dpkg-status", DPKG.replace("ok installed\nArchitecture: amd64\nV", "ok instaled\nV"))


def doubts(document: dict[str, Any]) -> set[str]:
    return {one["code"] for one in document["doubts"]}


@pytest.mark.parametrize(("kind", "text"), [("dpkg-status", DPKG), ("rpm-list", RPM)])
def test_a_file_whose_form_does_not_prove_it_whole_is_doubted_until_something_else_does(
    inventory: Inventory, kind: str, text: str
) -> None:
    number = len(inventory(kind, text)["packages"])
    proof = hashlib.sha256(text.encode()).hexdigest()

    assert doubts(inventory(kind, text)) == {"inventory_may_be_cut"}
    assert doubts(inventory(kind, text, packages=number)) == set()
    assert doubts(inventory(kind, text, sha256=proof)) == set()
    with pytest.raises(FeedError, match=f"lists {number} packages, expected 99; copy it again"):
        inventory(kind, text, packages=99)
    with pytest.raises(FeedError, match=f"has the SHA-256 {proof}, expected beef; copy it again"):
        inventory(kind, text, sha256="beef")


@pytest.mark.parametrize(("kind", "text"), [("dpkg-status", f"{DPKG}\n"), ("rpm-list", f"{RPM}# end\n")])
def test_a_file_with_its_end_is_whole(inventory: Inventory, kind: str, text: str) -> None:
    assert doubts(inventory(kind, text)) == set()


def test_a_list_without_vendors_leaves_the_publishers_unknown(inventory: Inventory) -> None:
    document = inventory("rpm-list", "bash\t0:5.1-2.el9\tx86_64\tbash-5.1-2.el9.src.rpm\n# end\n")

    assert doubts(document) == {"package_origin_unknown"}


@pytest.mark.shared
@pytest.mark.parametrize("host", ["sandbox-python", "bookworm-lab"])
def test_no_cut_of_a_real_status_file_is_believed(shared_data: Path, tmp_path: Path, host: str) -> None:
    whole = gzip.decompress((shared_data / f"debian/hosts/dpkg-status.{host}.gz").read_bytes())
    path = tmp_path / "status"
    chosen = random.Random(20)  # noqa: S311 - a sample, not a secret
    for end in chosen.sample(range(1, len(whole)), 60):
        path.write_bytes(whole[:end])
        # What ends with a whole stanza can be told by a count or a hash alone.
        with pytest.raises(FeedError):
            read_inventory("dpkg-status", path, packages=whole.count(b"\nStatus: install ok installed"))


def test_what_only_a_live_host_tells_is_null(inventory: Inventory) -> None:
    document = inventory("dpkg-status", DPKG)

    assert document["security_source"]["status"] == "unreadable"
    assert [document[key] for key in ("os", "kernel", "updates", "restarts", "reboot", "machine")] == [
        None
    ] * 6


def test_a_list_of_rpm_gives_versions_vendors_and_streams(inventory: Inventory) -> None:
    openssl, nodejs = inventory("rpm-list", RPM, "ID=almalinux\nVERSION_ID=9.6\n")["packages"]

    assert (openssl["version"], openssl["arch"], openssl["source"]) == ("1:3.0.7-27.el9", "x86_64", "openssl")
    assert (openssl["origin"], openssl["module"], nodejs["module"]) == ("AlmaLinux", "", "nodejs:18")


def test_a_list_without_labels_leaves_the_stream_unknown(inventory: Inventory) -> None:
    (package,) = inventory("rpm-list", "nodejs\t1:18.12-1.module_el9\tx86_64\n")["packages"]

    assert "module" not in package


def test_apks_database_gives_packages_with_their_origin(inventory: Inventory) -> None:
    document = inventory(
        "apk-installed", "C:Q1abc=\nP:libcrypto3\nV:3.5.0-r2\nA:x86_64\no:openssl\nF:lib\n\n"
    )

    assert names(document) == [("libcrypto3", "3.5.0-r2", "openssl", "3.5.0-r2")]


CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "components": [
        {"type": "operating-system", "name": "debian", "version": "12.5"},
        {
            "type": "library",
            "name": "libssl3",
            "purl": "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&upstream=openssl&distro=debian-12",
            "components": [{"type": "library", "purl": "pkg:npm/left-pad@1.3.0"}],
        },
        {"type": "library", "name": "bash", "purl": "pkg:deb/debian/bash@5.2-1?arch=amd64"},
    ],
}


def test_a_cyclonedx_sbom_gives_distribution_packages_and_the_system(inventory: Inventory) -> None:
    document = inventory("cyclonedx", json.dumps(CYCLONEDX))

    assert names(document) == [
        ("libssl3", "3.0.11-1", "openssl", "3.0.11-1"),
        ("bash", "5.2-1", None, "5.2-1"),
    ]
    assert (document["os"]["id"], document["os"]["version_id"]) == ("debian", "12.5")


def test_an_spdx_sbom_gives_the_same_packages(inventory: Inventory) -> None:
    purl = "pkg:rpm/rocky/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1&distro=rocky-9"
    package = {"name": "x", "externalRefs": [{"referenceType": "purl", "referenceLocator": purl}]}
    document = inventory("spdx", json.dumps({"spdxVersion": "SPDX-2.3", "packages": [package]}))

    assert names(document) == [("openssl-libs", "1:3.0.7-27.el9", None, "1:3.0.7-27.el9")]
    assert (document["os"]["id"], document["os"]["version_id"]) == ("rocky", "9")


OPENSSL = "pkg:rpm/centos/openssl-libs@1.0.2k-16.el7?arch=x86_64&epoch=1&distro=centos-7.6.1810"
TAG_VALUE = f"""\
SPDXVersion: SPDX-2.2
##### Package: centos
PackageName: centos
PackageVersion: 7.6.1810
PackageComment: <text>several
lines</text>
PackageName: openssl-libs
PackageSourceInfo: built package from: openssl 1:1.0.2k-16.el7
ExternalRef: PACKAGE-MANAGER purl {OPENSSL}
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-ContainerImage
"""


def test_an_spdx_sbom_of_tags_is_read(inventory: Inventory) -> None:
    document = inventory("spdx", TAG_VALUE)

    assert names(document) == [("openssl-libs", "1:1.0.2k-16.el7", "openssl", "1:1.0.2k-16.el7")]
    assert (document["os"]["id"], document["os"]["version_id"]) == ("centos", "7.6.1810")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SPDXVersion: SPDX-3.0\n", "line 1: expected an SPDX 2 document"),
        ("SPDXVersion: SPDX-2.3\nhello\n", "line 2: not a tag of SPDX: 'hello'"),
    ],
)
def test_an_spdx_sbom_of_other_tags_is_refused_with_its_line(
    inventory: Inventory, text: str, message: str
) -> None:
    with pytest.raises(FeedError, match=message):
        inventory("spdx", text)


def component(purl: str, **source: str) -> dict[str, Any]:
    properties = [{"name": f"aquasecurity:trivy:{key}", "value": value} for key, value in source.items()]
    return {"type": "library", "name": "x", "purl": purl, "properties": properties}


def bom(*components: dict[str, Any]) -> str:
    return json.dumps({"bomFormat": "CycloneDX", "components": list(components)})


def test_trivys_properties_name_the_source(inventory: Inventory) -> None:
    libc = component(
        "pkg:deb/debian/libc6@2.28-10?arch=amd64&distro=debian-10.2", SrcName="glibc", SrcVersion="2.28-10"
    )
    dns = component(
        "pkg:rpm/centos/bind-libs@9.11.4-16?arch=x86_64&epoch=32&distro=centos-7",
        SrcName="bind",
        SrcEpoch="32",
        SrcVersion="9.11.4",
        SrcRelease="16",
    )

    assert names(inventory("cyclonedx", bom(libc))) == [("libc6", "2.28-10", "glibc", "2.28-10")]
    assert names(inventory("cyclonedx", bom(dns))) == [("bind-libs", "32:9.11.4-16", "bind", "32:9.11.4-16")]


@pytest.mark.parametrize(
    ("name", "version", "purl", "os"),
    [
        ("alma", "9.4", "pkg:rpm/alma/a@1-1?distro=alma-9.4", ("almalinux", "9.4")),
        ("oracle", "8.9", "pkg:rpm/oracle/a@1-1?distro=oracle-8.9", ("ol", "8.9")),
        ("amazon", "2 (Karoo)", "pkg:rpm/amazon/a@1-1?distro=amazon-2%20%28Karoo%29", ("amzn", "2 (Karoo)")),
        (
            "opensuse.leap",
            "15.5",
            "pkg:rpm/opensuse/a@1-1?distro=opensuse.leap-15.5",
            ("opensuse-leap", "15.5"),
        ),
        ("redhat", "8.10", "pkg:rpm/redhat/a@1-1?distro=redhat-8.10", ("rhel", "8.10")),
        ("redhat", "", "pkg:rpm/redhat/a@1-1?distro=rhel-8.10", ("rhel", "8.10")),
        ("something", "1", "pkg:rpm/rocky/a@1-1?distro=rocky-9.3", ("rocky", "9.3")),
        ("ubuntu", "22.04.2", "pkg:deb/ubuntu/a@1-1?distro=ubuntu-22.04", ("ubuntu", "22.04.2")),
    ],
)
def test_scanners_names_of_systems_are_those_of_os_release(
    inventory: Inventory, name: str, version: str, purl: str, os: tuple[str, str]
) -> None:
    system = {"type": "operating-system", "name": name, "version": version}
    document = inventory("cyclonedx", bom(component(purl), system))

    assert (document["os"]["id"], document["os"]["version_id"]) == os


def test_sources_are_not_installed_and_other_machines_packages_are_of_another_origin(
    inventory: Inventory,
) -> None:
    arches = {"a": "amd64", "b": "amd64", "c": "i386", "d": "all", "e": "arm64", "f": "src"}
    document = inventory(
        "cyclonedx",
        bom(
            *(
                component(f"pkg:deb/debian/{name}@1?arch={arch}&distro=debian-12")
                for name, arch in arches.items()
            )
        ),
    )

    assert {one["name"]: one["origin"] for one in document["packages"]} == {
        "a": "",
        "b": "",
        "c": "",
        "d": "",
        "e": "architecture arm64",
    }


@pytest.mark.shared
def test_trivys_real_sboms_name_their_sources(shared_data: Path) -> None:
    fluentd = read_inventory("cyclonedx", shared_data / "truth/sbom/trivy-fluentd-debian10.cdx.json.gz")
    centos = read_inventory("spdx", shared_data / "truth/sbom/trivy-centos7.spdx.txt")

    assert len(fluentd["packages"]) == 105
    assert all(one["source"] for one in fluentd["packages"])
    assert fluentd["os"]["id"] == "debian"
    assert [one["name"] for one in centos["packages"]] == ["bash", "openssl-libs"]
    assert (centos["os"]["id"], centos["os"]["version_id"]) == ("centos", "7.6.1810")


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("dpkg-status", "hello\n", "line 1: not a field: 'hello'"),
        ("dpkg-status", "Package: a\nVersion: 1\n", "line 1: a stanza without Package or Status"),
        ("dpkg-status", "", "lists no installed package; is it an inventory of kind dpkg-status?"),
        ("rpm-list", "openssl 3.0\n", "line 1: expected name, epoch:version-release and arch: 'openssl 3.0'"),
        ("apk-installed", "hello\n", "line 1: not a field of apk's database: 'hello'"),
        ("apk-installed", "P:a\n\n", "a package without name or version"),
        ("cyclonedx", "{}", "bomFormat: expected 'CycloneDX'"),
        ("spdx", "[]", "expected an object, found a list"),
        ("spdx", "{}", "spdxVersion: expected an SPDX 2 document in JSON"),
        ("pip-freeze", "", "unknown kind of inventory 'pip-freeze'; known: apk-installed, cyclonedx"),
    ],
)
def test_another_file_is_refused_with_its_place(
    inventory: Inventory, tmp_path: Path, kind: str, text: str, message: str
) -> None:
    with pytest.raises(FeedError) as refused:
        inventory(kind, text)

    assert str(refused.value).startswith(f"{tmp_path}/inventory: {message}")


def test_a_file_that_can_not_be_read_is_an_error_and_no_empty_host(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="nowhere: can't be read: No such file or directory"):
        read_inventory("dpkg-status", tmp_path / "nowhere")
    with pytest.raises(FeedError, match="can't be read: Is a directory"):
        read_inventory("rpm-list", tmp_path)


def test_an_os_release_without_id_is_refused(inventory: Inventory) -> None:
    with pytest.raises(FeedError, match=r"has no ID; is it an os-release file\?"):
        inventory("dpkg-status", DPKG, "NAME=x\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pkg:npm/%40angular/core@1.2.3", Purl("npm", "@angular", "core", "1.2.3", {})),
        (
            "pkg:deb/debian/g%2B%2B@4%3A12.2?arch=amd64",
            Purl("deb", "debian", "g++", "4:12.2", {"arch": "amd64"}),
        ),
        ("pkg:pypi/django", Purl("pypi", "", "django", "", {})),
        ("https://example.org", None),
        ("pkg:deb", None),
    ],
)
def test_package_urls_are_taken_apart(text: str, expected: Purl | None) -> None:
    assert parse(text) == expected


def test_packages_of_languages_are_kept_apart_under_their_one_name(inventory: Inventory) -> None:
    purls = ["pkg:pypi/Zope.Interface@6.0", "pkg:npm/%40angular/core@1.2.3", "pkg:pypi/zope-interface@6.0"]
    components = [{"type": "library", "purl": purl} for purl in purls]
    document = inventory("cyclonedx", json.dumps({"bomFormat": "CycloneDX", "components": components}))

    assert document["language_packages"] == [
        {"name": "zope-interface", "version": "6.0", "ecosystem": "pypi"},
        {"name": "@angular/core", "version": "1.2.3", "ecosystem": "npm"},
    ]


@pytest.mark.shared
def test_a_real_sbom_of_an_application_has_packages_of_its_language(shared_data: Path) -> None:
    document = read_inventory("cyclonedx", shared_data / "scanners" / "cyclonedx" / "log4j.json")

    assert document["packages"] == []
    assert {one["ecosystem"] for one in document["language_packages"]} == {"maven"}


def test_packages_of_another_release_or_publisher_in_an_sbom_are_of_another_origin(tmp_path: Path) -> None:
    urls = [
        "pkg:rpm/almalinux/bash@5-1?distro=almalinux-9.6",
        "pkg:rpm/almalinux/curl@7-1?distro=almalinux-9.6",
        "pkg:rpm/almalinux/zlib@1-1?distro=almalinux-8.10",
        "pkg:rpm/remi/php@8-1?distro=almalinux-9.6",
        "pkg:golang/github.com/gin-gonic/gin@v1.9.0",
    ]
    file = tmp_path / "sbom.json"
    components = [{"type": "library", "name": "x", "purl": url} for url in urls]
    file.write_text(json.dumps({"bomFormat": "CycloneDX", "components": components}), encoding="utf-8")
    document = read_inventory("cyclonedx", file)

    assert {one["name"]: one["origin"] for one in document["packages"]} == {
        "bash": "",
        "curl": "",
        "zlib": "release almalinux-8.10",
        "php": "remi",
    }
    assert [one["name"] for one in document["language_packages"]] == ["github.com/gin-gonic/gin"]
