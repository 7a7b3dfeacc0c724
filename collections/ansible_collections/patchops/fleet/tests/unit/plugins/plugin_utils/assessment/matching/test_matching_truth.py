# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vendors' own documents, and the answers that their text gives."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError

Make = Callable[..., dict[str, Any]]
EXCERPTS = Path(__file__).parent / "truth"
# An excerpt, and the whole document in the shared reference data.
WHOLE = {
    "csaf-suse-su-403.json": "suse/csaf-suse-su-403.json.gz",
    "osv-suse-su-403.json": "suse/osv-SUSE-SU-403.json",
    "vex-suse-cve-2023-5568.json": "suse/vex-cve-2023-5568.json.gz",
    "vex-redhat-cve-2026-2297.json": "redhat/vex-cve-2026-2297.json.gz",
    "vex-redhat-cve-2024-6923.json": "redhat/vex2-CVE-2024-6923.json.gz",
}
VENDORS = {
    "rhel": "Red Hat, Inc.",
    "rocky": "Rocky Enterprise Software Foundation",
    "sles": "SUSE LLC <https://www.suse.com/>",
}
RHEL, SLES = "rhel 8.10", "sles 12.1"
PYTHON39 = "3.9.19-7.module+el8.10.0+21815+bb024982"


def rpm(name: str, version: str, source: str = "", **more: Any) -> dict[str, Any]:
    """A package with a source RPM of the same version and release."""
    return {
        "name": name,
        "version": version,
        "arch": "x86_64",
        "source": source or name,
        "source_version": version.rpartition(":")[2],
        "suite": None,
        "module": "",
        **more,
    }


LIBQT4 = [rpm("libqt4", "4.8.1-1.1"), rpm("libqt4-x11", "4.8.1-1.1", "libqt4")]
PYTHON3 = [
    rpm("platform-python", "3.6.8-60.el8", "python3"),
    rpm("python3-libs", "3.6.8-60.el8", "python3"),
]
CASES: list[Any] = [
    ("csaf-suse-su-403.json", SLES, LIBQT4, "CVE-2006-7250", "missing", {"libqt4", "libqt4-x11"}),
    ("osv-suse-su-403.json", "sles 12", LIBQT4, "CVE-2006-7250", "missing", {"libqt4", "libqt4-x11"}),
    ("csaf-suse-su-403.json", SLES, [rpm("libqt4", "4.8.6-7.1")], "CVE-2006-7250", "installed", set()),
    (
        "vex-suse-cve-2023-5568.json",
        "sles 12.5",
        [rpm("samba", "4.15.13-3.82.1")],
        "CVE-2023-5568",
        "not_affected",
        set(),
    ),
    (
        "vex-redhat-cve-2026-2297.json",
        RHEL,
        [rpm("python3-pyyaml", "3.12-12.el8", "PyYAML")],
        "CVE-2026-2297",
        "not_affected",
        set(),
    ),
    (
        "vex-redhat-cve-2026-2297.json",
        RHEL,
        [rpm("python39", PYTHON39, module="python39:3.9")],
        "CVE-2026-2297",
        "no_fix",
        {"python39"},
    ),
    (
        "vex-redhat-cve-2026-2297.json",
        RHEL,
        PYTHON3,
        "CVE-2026-2297",
        "no_fix",
        {"platform-python", "python3-libs"},
    ),
    (
        "vex-redhat-cve-2024-6923.json",
        RHEL,
        PYTHON3,
        "CVE-2024-6923",
        "missing",
        {"platform-python", "python3-libs"},
    ),
    # The version of a module's build, of which this host says nothing.
    (
        "vex-redhat-cve-2024-6923.json",
        RHEL,
        [rpm("python39", PYTHON39, module="python39:3.9")],
        "CVE-2024-6923",
        "unknown",
        {"python39"},
    ),
    (
        "vex-redhat-cve-2024-6923.json",
        RHEL,
        [rpm("python39", PYTHON39, module="python39:3.9", module_version="8100020240101000000.d47b87a4")],
        "CVE-2024-6923",
        "missing",
        {"python39"},
    ),
]


def host(debian: Make, system: str, packages: list[dict[str, Any]]) -> dict[str, Any]:
    family, version = system.split()
    os = {"id": family, "version_id": version, "codename": "", "support": {"status": "supported"}}
    return debian(*({"origin": VENDORS[family], **one} for one in packages), os=os)


def answer(feeds: Any, text: str, kind: str, document: dict[str, Any], cve: str) -> tuple[str, set[str]]:
    """The state of a CVE on a host, and the packages that its findings name; the feed's age doesn't count."""
    feeds.add(kind, text, whole=True)
    verdict = feeds.matcher().verdict(document, cve)
    reasons = [one["code"] for one in verdict["reasons"]]
    state = "not_affected" if reasons == ["feed_stale"] else verdict["state"]
    return state, {binary["name"] for finding in verdict["findings"] for binary in finding["binaries"]}


@pytest.mark.parametrize(("excerpt", "system", "packages", "cve", "state", "binaries"), CASES)
def test_an_excerpt_gives_the_answer_of_the_vendors_text(
    feeds: Any,
    debian: Make,
    excerpt: str,
    system: str,
    packages: list[dict[str, Any]],
    cve: str,
    state: str,
    binaries: set[str],
) -> None:
    kind = excerpt.partition("-")[0].replace("vex", "csaf")
    text = (EXCERPTS / excerpt).read_text(encoding="utf-8")

    assert answer(feeds, text, kind, host(debian, system, packages), cve) == (state, binaries)


@pytest.mark.shared
@pytest.mark.parametrize(("excerpt", "system", "packages", "cve", "state", "binaries"), CASES)
def test_the_whole_document_gives_the_same_answer(
    feeds: Any,
    debian: Make,
    shared_data: Path,
    excerpt: str,
    system: str,
    packages: list[dict[str, Any]],
    cve: str,
    state: str,
    binaries: set[str],
) -> None:
    kind = excerpt.partition("-")[0].replace("vex", "csaf")
    file = shared_data / "truth" / WHOLE[excerpt]
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()

    found = answer(feeds, data.decode("utf-8"), kind, host(debian, system, packages), cve)
    assert found == (state, binaries)


def rocky(package: str, fixed: str) -> str:
    """An advisory in the form of Rocky's OSV archive."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {
        "package": {"ecosystem": "Rocky Linux:8", "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return json.dumps(
        {
            "id": "RLSA-2024:8121",
            "summary": f"Important: {package} security update",
            "modified": "2026-08-20T00:00:00Z",
            "upstream": ["CVE-2024-21208"],
            "affected": [affected],
        }
    )


@pytest.mark.parametrize(
    ("source", "fixed", "package", "state"),
    [
        (
            "java-11-openjdk",
            "1:11.0.25.0.9-2.el8",
            rpm("java-11-openjdk-headless", "1:11.0.20.0.8-2.el8", "java-11-openjdk"),
            "missing",
        ),
        (
            "java-11-openjdk",
            "1:11.0.25.0.9-2.el8",
            rpm("java-11-openjdk-headless", "1:11.0.25.0.9-3.el8", "java-11-openjdk"),
            "installed",
        ),
        ("kernel", "0:4.18.0-553.51.1.el8_10", rpm("kernel-core", "4.18.0-553.1.1.el8", "kernel"), "missing"),
        # A binary with a version of its own, whose source RPM's file name does not tell the epoch.
        (
            "perl",
            "4:5.26.3-422.el8",
            rpm("perl-Errno", "1.28-420.el8", "perl", source_version="5.26.3-420.el8"),
            "missing",
        ),
        (
            "perl",
            "4:5.26.3-422.el8",
            rpm("perl-Errno", "1.28-422.el8", "perl", source_version="5.26.3-422.el8"),
            "installed",
        ),
        # A binary that bears the source's name and comes from another one.
        ("tools", "2.0-1.el8", rpm("tools", "1.0-1.el8", "others"), "not_affected"),
    ],
)
def test_rockys_names_are_those_of_source_rpms(
    feeds: Any, debian: Make, source: str, fixed: str, package: dict[str, Any], state: str
) -> None:
    document = host(debian, "rocky 8.10", [package])

    assert answer(feeds, rocky(source, fixed), "osv", document, "CVE-2024-21208")[0] == state


def test_a_package_whose_source_is_not_told_is_not_called_clean(feeds: Any, debian: Make) -> None:
    package = {**rpm("java-11-openjdk-headless", "1:11.0.20.0.8-2.el8"), "source": None}
    document = host(debian, "rocky 8.10", [package])
    feeds.add("osv", rocky("java-11-openjdk", "1:11.0.25.0.9-2.el8"))
    verdict = feeds.matcher().verdict(document, "CVE-2024-21208")

    assert verdict["state"] == "unknown"
    assert "package_source_unknown" in [one["code"] for one in verdict["reasons"]]


def test_an_offer_is_measured_by_the_version_of_its_source(feeds: Any, debian: Make) -> None:
    package = rpm("perl-Errno", "1.28-420.el8", "perl", source_version="5.26.3-420.el8")
    offer = {
        "name": "perl-Errno",
        "arch": "x86_64",
        "installed": "1.28-420.el8",
        "candidate": "1.28-422.el8",
        "source": "perl",
        "source_version": "5.26.3-422.el8",
    }
    document = {**host(debian, "rocky 8.10", [package]), "updates": [offer]}
    feeds.add("osv", rocky("perl", "4:5.26.3-422.el8"), whole=True)
    (finding,) = feeds.matcher().verdict(document, "CVE-2024-21208")["findings"]

    assert (finding["state"], finding["fix_available"]) == ("missing", True)


def test_the_fix_of_a_long_term_support_stream_needs_its_entitlement(feeds: Any, debian: Make) -> None:
    text = (EXCERPTS / "osv-suse-su-403.json").read_text(encoding="utf-8")
    feeds.add("osv", text.replace("Server 12 SP1", "Server 12 SP1-LTSS"))
    (finding, *_more) = feeds.matcher().verdict(host(debian, SLES, LIBQT4), "CVE-2006-7250")["findings"]

    assert (finding["state"], finding["fix_available"]) == ("missing", False)
    assert "fix_needs_entitlement" in [one["code"] for one in finding["reasons"]]


def test_another_publishers_build_of_a_named_source_is_not_called_clean(feeds: Any, debian: Make) -> None:
    package = rpm("perl-Errno", "1.28-420.el8", "perl", origin="Somebody", source_version="5.26.3-420.el8")
    document = host(debian, "rocky 8.10", [package])
    feeds.add("osv", rocky("perl", "4:5.26.3-422.el8"), whole=True)
    verdict = feeds.matcher().verdict(document, "CVE-2024-21208")

    assert (verdict["state"], [one["code"] for one in verdict["reasons"]]) == ("unknown", ["foreign_package"])


@pytest.mark.shared
def test_a_statement_on_wolfis_curl_says_nothing_of_debians(
    feeds: Any, debian: Make, package: Make, shared_data: Path
) -> None:
    text = (shared_data / "truth/vex/openvex-not-affected-wolfi-curl.json").read_text("utf-8")
    (cve,) = {one["vulnerability"]["name"] for one in json.loads(text)["statements"]}
    feeds.dsa(("DSA-1-1", "curl", "999-1", [cve]))
    with pytest.raises(FeedError, match="speaks of nothing that a host can be matched with"):
        feeds.add("openvex", text)

    assert feeds.matcher().verdict(debian(package("curl", "1-1")), cve)["state"] == "missing"
