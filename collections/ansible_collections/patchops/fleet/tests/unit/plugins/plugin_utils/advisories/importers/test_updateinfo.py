# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Read = Callable[..., list[Any]]

UPDATE = """\
<updates>
<update from="x" status="final" type="security" version="2">
  <id>RLSA-2021:2575</id><title>Moderate: lz4 security update</title>
  <issued date="2021-07-22 03:13:55"/><updated date="2021-07-23 00:00:00"/>
  <release>{release}</release><severity>Moderate</severity>
  <references>
    <reference href="https://errata.rockylinux.org/RLSA-2021:2575" type="self"/>
    <reference href="https://cve.org/" id="CVE-2021-3520" type="cve"/>
  </references>
  <pkglist><collection short="RL8"><name>{release}</name>{module}
    <package name="lz4" version="1.8.3" release="3.el8_4" epoch="0" arch="x86_64"
    src="lz4-1.8.3-3.el8_4.src.rpm"/> <package name="lz4" version="1.8.3" release="3.el8_4" epoch="0"
    arch="src"/>
  </collection></pkglist>
</update></updates>"""


def test_an_update_gives_its_binary_packages_with_epoch_version_release_and_arch(read: Read) -> None:
    assert read("updateinfo", UPDATE.format(release="Rocky Linux 8", module="")) == [
        Advisory(
            name="RLSA-2021:2575",
            type="security",
            title="Moderate: lz4 security update",
            severity="medium",
            issued="2021-07-22",
            updated="2021-07-23",
            url="https://errata.rockylinux.org/RLSA-2021:2575",
            cves=("CVE-2021-3520",),
            affected=(Affected("rocky:8", "lz4", "fixed", "0:1.8.3-3.el8_4", arch="x86_64"),),
        )
    ]


def test_a_module_of_the_collection_is_kept_with_its_stream(read: Read) -> None:
    module = '<module name="nodejs" stream="18" version="1" context="a" arch="x86_64"/>'
    (advisory,) = read("updateinfo", UPDATE.format(release="Rocky Linux 8", module=module))

    assert advisory.affected[0].module == "nodejs:18"


def test_the_release_that_a_feed_is_told_counts(read: Read) -> None:
    (advisory,) = read("updateinfo", UPDATE.format(release="9", module=""), release="almalinux:9")

    assert advisory.affected[0].release == "almalinux:9"


def test_a_feed_that_does_not_say_its_release_is_refused_with_place_and_remedy(
    read: Read, tmp_path: Path
) -> None:
    with pytest.raises(FeedError) as refused:
        read("updateinfo", UPDATE.format(release="9", module=""))

    assert str(refused.value) == (
        f"{tmp_path}/feed: line 15, RLSA-2021:2575:"
        " does not say for which release it is; tell it, like almalinux:9"
    )


def test_an_update_without_an_id_is_refused(read: Read) -> None:
    with pytest.raises(FeedError, match="line 1, an update: an update without an id"):
        read("updateinfo", "<updates><update/></updates>")


def test_a_package_without_a_version_is_refused(read: Read) -> None:
    broken = UPDATE.format(release="Rocky Linux 8", module="").replace('version="1.8.3"', "")

    with pytest.raises(FeedError, match="a package without name, version or release"):
        read("updateinfo", broken)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "told", "count", "release"),
    [
        ("almalinux/updateinfo-el9.xml.gz", "almalinux:9", 1783, "almalinux:9"),
        ("updateinfo/rocky.xml", "", 4, "rocky:8"),
        ("updateinfo/amazon-2-items.xml.gz", "", 2, "amzn:2"),
        ("updateinfo/zoo.xml", "rhel:6", 6, "rhel:6"),
    ],
)
def test_real_files_of_four_vendors_are_read(
    shared_data: Path, path: str, told: str, count: int, release: str
) -> None:
    records = list(KINDS["updateinfo"](Feed(shared_data / path, release=told)))
    advisories = [one for one in records if isinstance(one, Advisory)]

    assert len(advisories) == count
    assert {affected.release for one in advisories for affected in one.affected} == {release}


@pytest.mark.shared
def test_what_fixes_no_vulnerability_is_of_a_type_that_says_so(shared_data: Path, read: Read) -> None:
    text = (shared_data / "truth/updateinfo/bugfix-enhancement-recommended.xml").read_text("utf-8")
    found = read("updateinfo", text, release="almalinux:9")
    assert {(one.name, one.type) for one in found if isinstance(one, Advisory)} == {
        ("ALBA-2026:1", "bugfix"),
        ("ALEA-2026:1", "enhancement"),
        ("SUSE-RU-2026:1", "bugfix"),
    }


@pytest.mark.parametrize(
    ("date", "issued"),
    [
        ("1763596800", "2025-11-20"),
        ("2026-08-20 00:00:00", "2026-08-20"),
        ("2026-08-20T23:30:00-05:00", "2026-08-21"),
        ("2026-08-20 00:30:00 +0200", "2026-08-19"),
        ("2026-08-20 00:30:00 UTC", "2026-08-20"),
        ("", ""),
        ("soon", ""),
    ],
)
def test_dates_are_in_utc_and_may_be_seconds(read: Read, date: str, issued: str) -> None:
    text = UPDATE.format(release="Rocky Linux 8", module="").replace("2021-07-22 03:13:55", date)
    (advisory,) = read("updateinfo", text)

    assert advisory.issued == issued


FEDORA = """\
<updates><update from="u" status="stable" type="{kind}" version="2.0"><id>FEDORA-2026-abc</id>
<title>bash-5.3-1.fc42</title><severity>Important</severity><issued date="2026-08-20 00:00:00"/>
<references>{references}</references><description>fix CVE-2024-3094, see the text</description>
<pkglist><collection short="F42"><name>Fedora 42</name><package name="bash" epoch="0" version="5.3"
release="1.fc42" arch="x86_64" src="s"/></collection></pkglist></update></updates>"""
BUG = '<reference href="https://bugs.example/1" id="1" title="{} bash: bad [fedora-all]" type="bugzilla"/>'


@pytest.mark.parametrize(
    ("kind", "references", "cves"),
    [
        ("security", BUG.format("CVE-2024-3094"), ("CVE-2024-3094",)),
        ("security", BUG.format("TRIAGE CVE-2024-3094 CVE-2024-3095"), ("CVE-2024-3094", "CVE-2024-3095")),
        ("security", "", ("CVE-2024-3094",)),
        ("bugfix", "", ()),
    ],
)
def test_fedoras_cves_stand_in_titles_of_bugs_or_in_the_text(
    read: Read, kind: str, references: str, cves: tuple[str, ...]
) -> None:
    (advisory,) = read("updateinfo", FEDORA.format(kind=kind, references=references))

    assert advisory.cves == cves
    assert advisory.affected[0].release == "fedora:42"


def test_a_release_that_contradicts_the_file_is_refused(read: Read) -> None:
    text = UPDATE.format(release="Rocky Linux 8", module="")

    assert read("updateinfo", text, release="rocky:8")
    with pytest.raises(FeedError, match="is for rocky:8, not for almalinux:9"):
        read("updateinfo", text, release="almalinux:9")
