# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]


def rpm(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "arch": "x86_64", "origin": "AlmaLinux", "suite": None, **more}


@pytest.fixture
def el9(debian: Make) -> Make:
    """An AlmaLinux 9 host of which everything is known."""
    os = {"id": "almalinux", "version_id": "9.6", "codename": "", "support": {"status": "unknown"}}

    def _el9(*packages: dict[str, Any], **more: Any) -> dict[str, Any]:
        return debian(*packages, os=os, **more)

    return _el9


def updateinfo(name: str, version: str, release: str, arch: str = "x86_64", module: str = "") -> str:
    epoch, _separator, version = version.rpartition(":")
    return f"""<updates><update type="security"><id>ALSA-2026:1</id><title>Important: {name} security
    update</title>
<issued date="2026-08-20"/><severity>Important</severity>
<references><reference type="cve" id="CVE-2026-3001"/></references>
<pkglist><collection>{module}<package name="{name}" epoch="{epoch or 0}" version="{version}"
release="{release}" arch="{arch}"/></collection></pkglist></update></updates>"""


def add(feeds: Any, *arguments: str, **more: str) -> Any:
    return feeds.add("updateinfo", updateinfo(*arguments, **more), "el9", release="almalinux:9").matcher()


def only(matcher: Any, host: dict[str, Any]) -> dict[str, Any]:
    (finding,) = matcher.assess(host)["findings"]
    found: dict[str, Any] = finding
    return found


def test_the_binary_counts_with_its_epoch(feeds: Any, el9: Make) -> None:
    matcher = add(feeds, "openssl", "1:3.0.7", "28.el9_5")

    older = only(matcher, el9(rpm("openssl", "1:3.0.7-27.el9")))
    assert (older["state"], older["package"], older["fixed"]) == ("missing", "openssl", "1:3.0.7-28.el9_5")
    assert older["severity"] == "high"
    assert matcher.assess(el9(rpm("openssl", "1:3.0.7-28.el9_5")))["findings"] == []
    assert only(matcher, el9(rpm("openssl", "0:9.9-1.el9")))["state"] == "missing"


def test_an_advisory_that_two_feeds_carry_is_one_finding(feeds: Any, el9: Make) -> None:
    the_same = {
        "id": "ALSA-2026:1",
        "aliases": ["CVE-2026-3001"],
        "affected": [
            {
                "package": {"ecosystem": "AlmaLinux:9", "name": "curl"},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "7.76.1-29.el9"}]}
                ],
            }
        ],
    }
    feeds.add("osv", json.dumps(the_same))
    matcher = add(feeds, "curl", "7.76.1", "29.el9")

    found = only(matcher, el9(rpm("curl", "0:7.76.1-26.el9")))
    assert (found["state"], len(found["binaries"])) == ("missing", 1)


def test_a_fix_of_another_architecture_does_not_concern(feeds: Any, el9: Make) -> None:
    matcher = add(feeds, "openssl", "3.0.7", "28.el9_5", arch="aarch64")

    assert matcher.assess(el9(rpm("openssl", "0:3.0.7-27.el9")))["findings"] == []


def offered(name: str, candidate: str, **more: Any) -> dict[str, Any]:
    """A pending update as dnf's driver tells it: the source's version has no epoch."""
    return {
        "name": name,
        "arch": "x86_64",
        "installed": "1:3.0.7-27.el9",
        "candidate": candidate,
        "suite": "baseos",
        "security": True,
        "held": False,
        "blocked": False,
        "source": name,
        "source_version": candidate.rpartition(":")[2],
        **more,
    }


def test_an_offer_of_rpm_counts_with_its_own_epoch(feeds: Any, el9: Make) -> None:
    matcher = add(feeds, "openssl", "1:3.0.7", "28.el9_5")
    host = el9(rpm("openssl", "1:3.0.7-27.el9"), updates=[offered("openssl", "1:3.0.7-28.el9_5")])

    assert only(matcher, host)["fix_available"] is True


def test_an_advisory_that_only_the_hosts_repositories_carry_is_a_finding(feeds: Any, el9: Make) -> None:
    feeds.add("kev", "cveID,vulnerabilityName,dateAdded,dueDate\nCVE-2026-3002,x,2026-08-01,2026-08-15\n")
    matcher = add(feeds, "bash", "5.1", "9.el9")
    own = [
        {"id": "ACME-2026:7", "type": "security", "severity": "Important", "cves": ["CVE-2026-3002"]},
        {"id": "ACME-2026:8", "type": "bugfix", "severity": None, "cves": []},
    ]
    host = el9(
        rpm("openssl", "1:3.0.7-27.el9"), updates=[offered("openssl", "1:3.0.7-29.el9", advisories=own)]
    )
    document = matcher.assess(host)

    (finding,) = document["findings"]
    assert (finding["advisory"], finding["package"], finding["state"]) == (
        "ACME-2026:7",
        "openssl",
        "missing",
    )
    assert (finding["severity"], finding["source"], finding["fix_available"]) == ("high", "repository", True)
    assert finding["kev"]["date_added"] == "2026-08-01"
    assert document["updates_explained"][0]["advisories"] == ["ACME-2026:7"]


MODULE = '<module name="nodejs" stream="18"/>'


@pytest.mark.parametrize(
    ("module", "state"),
    [("nodejs:18", "missing"), ("nodejs:20", None), (None, "unknown")],
)
def test_a_modular_fix_concerns_its_own_stream_and_without_the_stream_nobody_knows(
    feeds: Any, el9: Make, module: str | None, state: str | None
) -> None:
    matcher = add(feeds, "nodejs", "1:18.19", "1.module_el9.3.0+1+a", module=MODULE)
    host = el9(rpm("nodejs", "1:18.12-1.module_el9.1.0+1+a", module=module))

    assert [one["state"] for one in matcher.assess(host)["findings"]] == ([state] if state else [])


def test_an_unknown_stream_that_is_newer_than_the_fix_is_not_vulnerable_by_it(feeds: Any, el9: Make) -> None:
    matcher = add(feeds, "nodejs", "1:18.19", "1.module_el9.3.0+1+a")

    assert matcher.assess(el9(rpm("nodejs", "1:20.1-1.module_el9.3.0+9+b")))["findings"] == []


def test_a_package_of_no_module_is_not_measured_against_a_modular_fix(feeds: Any, el9: Make) -> None:
    matcher = add(feeds, "nodejs", "1:18.19", "1.module_el9.3.0+1+a", module=MODULE)

    assert matcher.assess(el9(rpm("nodejs", "1:16.20-1.el9_2", module="")))["findings"] == []


def test_packages_of_another_vendor_are_not_matched(feeds: Any, el9: Make) -> None:
    document = add(feeds, "nginx", "1.24", "5.el9").assess(
        el9(rpm("nginx", "0:1.22-1.el9", origin="Fedora Project"))
    )

    assert document["findings"] == []
    assert document["coverage"]["uncovered"] == [{"package": "nginx", "origin": "Fedora Project"}]


def kernel(running: str) -> dict[str, Any]:
    return {"running": running, "running_build": None, "installed": [], "default_boot": None}


@pytest.mark.parametrize(
    ("running", "effective"), [("5.14.0-503.el9.x86_64", "no"), ("5.14.0-570.el9.x86_64", "yes")]
)
def test_of_two_kernels_the_newer_one_decides_and_the_running_one_is_in_effect(
    feeds: Any, el9: Make, running: str, effective: str
) -> None:
    matcher = add(feeds, "kernel-core", "5.14.0", "570.el9")
    host = el9(
        rpm("kernel-core", "0:5.14.0-503.el9"), rpm("kernel-core", "0:5.14.0-570.el9"), kernel=kernel(running)
    )

    finding = only(matcher, host)
    assert (finding["state"], finding["effective"]) == ("installed", effective)
    assert "old_kernel_installed" in [reason["code"] for reason in finding["reasons"]]


def osv(ecosystem: str, fixed: str) -> str:
    return json.dumps(
        {
            "id": "USN-7000-1",
            "modified": "2026-08-20T00:00:00Z",
            "upstream": ["CVE-2026-4001"],
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": "curl"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
                }
            ],
        }
    )


def test_a_fix_in_an_entitled_channel_says_so_where_it_is_not_offered(
    feeds: Any, debian: Make, package: Make
) -> None:
    matcher = feeds.add("osv", osv("Ubuntu:Pro:20.04:LTS", "7.68.0-1ubuntu2.26+esm1"), whole=True).matcher()
    os = {"id": "ubuntu", "version_id": "20.04", "codename": "focal", "support": {"status": "lts"}}

    finding = only(matcher, debian(package("curl", "7.68.0-1ubuntu2.25", origin="Ubuntu"), os=os))

    assert (finding["state"], finding["fix_available"]) == ("missing", False)
    assert finding["reasons"][1]["code"] == "fix_needs_entitlement"


def test_alpine_is_matched_by_the_origin_of_its_packages(feeds: Any, debian: Make, package: Make) -> None:
    secdb = {
        "distroversion": "v3.22",
        "packages": [{"pkg": {"name": "openssl", "secfixes": {"3.5.1-r0": ["CVE-2026-5001"]}}}],
    }
    matcher = feeds.add("alpine-secdb", json.dumps(secdb)).matcher()
    os = {"id": "alpine", "version_id": "3.22.1", "codename": "", "support": {"status": "unknown"}}
    older = package("libcrypto3", "3.5.0-r2", source="openssl", source_version="3.5.0-r2", origin="")

    finding = only(matcher, debian(older, os=os, repositories=[{"suite": "v3.22", "component": "main"}]))

    assert (finding["advisory"], finding["package"], finding["state"]) == (
        "CVE-2026-5001",
        "openssl",
        "missing",
    )


def test_a_source_without_a_fix_is_one_finding_that_names_its_binaries(feeds: Any, el9: Make) -> None:
    vex = {
        "document": {"csaf_version": "2.0", "category": "csaf_vex", "title": "t", "tracking": {"id": "x"}},
        "product_tree": {
            "branches": [
                {"product": {"product_id": "el9", "name": "AlmaLinux 9"}},
                {"product": {"product_id": "vim", "name": "vim"}},
            ],
            "relationships": [
                {
                    "product_reference": "vim",
                    "relates_to_product_reference": "el9",
                    "full_product_name": {"product_id": "el9:vim"},
                }
            ],
        },
        "vulnerabilities": [{"cve": "CVE-2026-7001", "product_status": {"known_affected": ["el9:vim"]}}],
    }
    matcher = feeds.add("csaf", json.dumps(vex), whole=True).matcher()
    host = el9(
        rpm("vim-common", "2:8.2-1.el9", source="vim"), rpm("vim-minimal", "2:8.2-1.el9", source="vim")
    )

    finding = only(matcher, host)

    assert (finding["package"], finding["state"], finding["no_fix"]) == ("vim", "no_fix", "none_yet")
    assert [one["name"] for one in finding["binaries"]] == ["vim-common", "vim-minimal"]
    assert matcher.verdict(host, "CVE-2026-7001")["state"] == "no_fix"


def advisory(name: str, package: str, *events: dict[str, str]) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *events]}]
    affected = [{"package": {"ecosystem": "PyPI", "name": package}, "ranges": ranges}]
    return {"id": name, "aliases": [name], "modified": "2026-08-20T00:00:00Z", "affected": affected}


def application(*packages: tuple[str, str, str]) -> dict[str, Any]:
    """The host document of an application's SBOM, which is of no release."""
    found = [{"name": name, "version": version, "ecosystem": kind} for name, version, kind in packages]
    return {"kind": "patchops.host", "schema": 1, "host": "app", "packages": [], "language_packages": found}


@pytest.fixture
def python(feeds: Any) -> Any:
    return feeds.add(
        "osv",
        json.dumps(
            [
                advisory("CVE-2026-8001", "Zope.Interface", {"fixed": "6.1rc1"}),
                advisory("CVE-2026-8002", "requests", {"last_affected": "2.31.0"}),
            ]
        ),
    ).matcher()


def test_python_packages_of_an_sbom_are_matched_in_their_own_order(python: Any) -> None:
    found = python.assess(application(("zope-interface", "6.1b2", "pypi"), ("requests", "2.32.0", "pypi")))

    assert [(one["advisory"], one["state"]) for one in found["findings"][1:]] == [
        ("CVE-2026-8001", "missing")
    ]
    assert [feed["name"] for feed in found["feeds"]] == ["osv"]
    assert "release_unknown" not in [reason["code"] for reason in found["coverage"]["reasons"]]


def test_up_to_the_last_affected_version_there_is_no_fix(python: Any) -> None:
    verdict = python.verdict(application(("requests", "2.31.0", "pypi")), "CVE-2026-8002")

    assert (verdict["state"], verdict["findings"][0]["no_fix"]) == ("no_fix", "none_yet")


def test_languages_without_a_feed_or_an_order_are_not_called_clean(python: Any) -> None:
    found = python.assess(application(("left-pad", "1.3.0", "npm"), ("log4net", "2.0.8", "nuget")))

    assert "feed_missing" in [reason["code"] for reason in found["coverage"]["reasons"]]
    assert found["coverage"]["uncovered"] == [{"package": "log4net", "origin": "nuget"}]


def test_a_statement_without_a_fix_speaks_of_its_stream_and_up_to_its_version(feeds: Any, el9: Make) -> None:
    def part(name: str) -> dict[str, Any]:
        return {
            "product_reference": name,
            "relates_to_product_reference": "el9",
            "full_product_name": {"product_id": f"el9:{name}"},
        }

    tracking = {"id": "x", "current_release_date": "2026-08-20T00:00:00Z"}
    names = ("good-0:1.0-1.x86_64", "nodejs:18/npm")
    vex = {
        "document": {"csaf_version": "2.0", "category": "csaf_vex", "title": "t", "tracking": tracking},
        "product_tree": {
            "branches": [{"product": {"product_id": "el9", "name": "AlmaLinux 9"}}]
            + [{"product": {"product_id": name, "name": name}} for name in names],
            "relationships": [part(name) for name in names],
        },
        "vulnerabilities": [
            {
                "cve": "CVE-2026-7001",
                "product_status": {"known_affected": [f"el9:{name}" for name in names]},
            }
        ],
    }
    matcher = feeds.add("csaf", json.dumps(vex), whole=True).matcher()

    assert only(matcher, el9(rpm("good", "0:1.0-1", source="good")))["state"] == "no_fix"
    other = only(matcher, el9(rpm("good", "0:2.0-1", source="good")))
    assert (other["state"], other["reasons"][0]["code"]) == ("unknown", "advisory_unclear")
    assert (
        only(matcher, el9(rpm("npm", "10-1.module+el9+1", source="nodejs", module="nodejs:18")))["state"]
        == "no_fix"
    )
    assert (
        matcher.assess(el9(rpm("npm", "10-1.module+el9+1", source="nodejs", module="nodejs:20")))["findings"]
        == []
    )
    assert matcher.assess(el9(rpm("npm", "10-1.el9", source="nodejs", module="")))["findings"] == []
    assert (
        only(matcher, el9(rpm("npm", "10-1.module+el9+1", source="nodejs", module=None)))["state"]
        == "unknown"
    )


def test_epels_packages_are_judged_by_epels_advisories(feeds: Any, el9: Make) -> None:
    feeds.add("updateinfo", updateinfo("nginx", "1.24", "5.el9"), "epel", release="epel:9")
    matcher = add(feeds, "bash", "5.1", "9.el9")
    host = el9(
        rpm("nginx", "0:1.22-1.el9", origin="Fedora Project", module=""),
        rpm("htop", "0:3.3-1.el9", origin="Fedora Project", module=""),
        rpm("bash", "0:5.1-9.el9", module=""),
    )
    document = matcher.assess(host)

    assert [(one["package"], one["state"]) for one in document["findings"]] == [("nginx", "missing")]
    assert document["coverage"]["uncovered"] == []
    assert [feed["name"] for feed in document["feeds"]] == ["el9", "epel"]
    assert matcher.verdict(host, "CVE-2026-3001")["state"] == "missing"


@pytest.mark.parametrize(("of_fix", "installed"), [("noarch", "x86_64"), ("x86_64", "noarch")])
def test_a_package_that_is_of_every_architecture_or_of_one_is_the_same(
    feeds: Any, el9: Make, of_fix: str, installed: str
) -> None:
    matcher = add(feeds, "tuned", "2.0", "1.el9", of_fix)

    assert only(matcher, el9(rpm("tuned", "0:1.0-1.el9", arch=installed)))["state"] == "missing"
