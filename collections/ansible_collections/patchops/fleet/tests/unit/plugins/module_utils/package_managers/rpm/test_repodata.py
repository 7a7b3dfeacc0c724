# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repodata as repositories of SUSE and others write it, and as nobody should."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import repodata, xml_files
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.advisories import Advisories
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.installed import (
    parse_installed,
)

PACKAGE = """\
<package type="rpm"><name>{name}</name><arch>x86_64</arch><version epoch="{epoch}" ver="{version}" rel="1"/>
<checksum type="{sum}" pkgid="YES">abc</checksum><summary>S</summary><description>&lt;name></description>
<size package="100" installed="300" archive="400"/><location href="x86_64/{name}.rpm"/>
<format><rpm:license>MIT</rpm:license><rpm:vendor>SUSE LLC</rpm:vendor><rpm:group>System</rpm:group>
<rpm:sourcerpm>{name}-{version}-1.src.rpm</rpm:sourcerpm>
<rpm:provides><rpm:entry name="{name}"/></rpm:provides>
<rpm:obsoletes>{obsoletes}</rpm:obsoletes><file>/usr/bin/{name}</file></format></package>
"""
UPDATEINFO = """\
<updates><update from="maint" status="stable" type="security" version="1"><id>SUSE-2026-1</id>
<title>Security update for bash</title><severity>important</severity>
<references><reference type="bugzilla" id="1"/><reference type="cve" id="CVE-2026-1"/></references>
<pkglist><collection><package name="bash" epoch="0" version="5.2" release="1" arch="x86_64">
<reboot_suggested>True</reboot_suggested></package></collection></pkglist></update>
<update status="retracted" type="security"><id>SUSE-2026-2</id></update>
<update status="stable" type="recommended"><id>SUSE-2026-3</id><severity>None</severity>
<pkglist><collection><package name="bash" version="5.3" release="1" arch="x86_64"/></collection></pkglist>
</update></updates>
"""


def package(name: str, version: str = "5", epoch: str = "0", sum: str = "sha256", obsoletes: str = "") -> str:
    return PACKAGE.format(name=name, version=version, epoch=epoch, sum=sum, obsoletes=obsoletes)


def primary(path: Path, *packages: str) -> Path:
    text = f'<?xml version="1.0"?>\n<metadata packages="{len(packages)}">\n{"".join(packages)}</metadata>'
    path.write_bytes(gzip.compress(text.encode()))
    return path


def read(path: Path, *names: str) -> list[Package]:
    return list(repodata.read_packages(str(path), "updates", set(names)))


def test_packages_are_those_of_the_given_names(tmp_path: Path) -> None:
    (found,) = read(primary(tmp_path / "primary.xml.gz", package("bash", epoch="1"), package("zsh")), "bash")
    assert (found.name, found.version, found.arch, found.repository) == ("bash", "1:5-1", "x86_64", "updates")
    assert (found.sha256, found.download_bytes, found.disk_bytes) == ("abc", 100, 300)
    assert (found.vendor, found.section, found.source_rpm) == ("SUSE LLC", "System", "bash-5-1.src.rpm")


def test_what_replaces_a_package_of_another_name_is_found(tmp_path: Path) -> None:
    entry = '<rpm:entry name="old" flags="LT" epoch="0" ver="2"/>'
    (new,) = read(primary(tmp_path / "p.xml.gz", package("new", obsoletes=entry), package("zsh")), "old")
    old, later = parse_installed(
        "".join(f"old\t{one}-1\tx86_64\t1\t2\t\t\tSUSE\n" for one in ("1.9", "2")), ()
    )
    assert repodata.obsoletes(new, old)
    assert not repodata.obsoletes(new, later)


def test_another_sum_than_sha256_is_none(tmp_path: Path) -> None:
    (found,) = read(primary(tmp_path / "p.xml.gz", package("bash", sum="sha")), "bash")
    assert found.sha256 is None


@pytest.mark.parametrize(
    ("name", "pack"),
    [("p.xml", bytes), ("p.xml.gz", gzip.compress), ("p.xml.xz", lzma.compress), ("p.xml.bz2", bz2.compress)],
)
def test_every_compression_is_read(tmp_path: Path, name: str, pack: object) -> None:
    path = tmp_path / name
    path.write_bytes(pack(f"<metadata>{package('bash')}</metadata>".encode()))  # type: ignore[operator]
    assert [one.name for one in read(path, "bash")] == ["bash"]


def test_an_element_that_two_blocks_share_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_files, "_CHUNK", 7)
    path = primary(tmp_path / "p.xml.gz", package("bash"), package("zsh", "ü"))
    assert [one.name for one in read(path, "bash", "zsh")] == ["bash", "zsh"]


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    path = primary(tmp_path / "p.xml.gz", package("bash"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises((ValueError, OSError)):
        read(path, "bash")


def test_an_element_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_files, "_LARGEST_ELEMENT", 100)
    path = tmp_path / "p.xml"
    path.write_text("<package>" + "x" * 1000)
    with pytest.raises(ValueError, match="no end of <package>"):
        read(path, "bash")


def test_entities_are_refused() -> None:
    with pytest.raises(ValueError, match="entities"):
        xml_files.parse('<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')


def test_advisories_are_told_in_our_words_and_retracted_ones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "updateinfo.xml"
    path.write_text(UPDATEINFO)
    security, recommended = repodata.read_advisories(str(path))
    assert (security["id"], security["type"], security["severity"]) == (
        "SUSE-2026-1",
        "security",
        "important",
    )
    assert (security["cves"], security["reboot_suggested"]) == (["CVE-2026-1"], True)
    assert (recommended["type"], recommended["severity"], recommended["reboot_suggested"]) == (
        "bugfix",
        None,
        False,
    )


def test_an_update_answers_what_is_newer_than_the_installed_version_and_not_newer_than_itself(
    tmp_path: Path,
) -> None:
    path = tmp_path / "updateinfo.xml"
    path.write_text(UPDATEINFO)
    advisories = Advisories(repodata.read_advisories(str(path)))
    assert [one["id"] for one in advisories.between("bash", "x86_64", "5.1-1", "5.3-1")] == [
        "SUSE-2026-1",
        "SUSE-2026-3",
    ]
    assert [one["id"] for one in advisories.between("bash", "x86_64", "5.2-1", "5.3-1")] == ["SUSE-2026-3"]
    assert advisories.between("bash", "i586", "5.1-1", "5.3-1") == []
    assert [one["id"] for one in advisories.between("bash", "x86_64", None, "5.2-1")] == ["SUSE-2026-1"]
    assert advisories.about("bash", "5.2-1") == ["SUSE-2026-1"]


def test_an_index_names_its_files_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "repomd.xml").write_text(
        '<repomd><data type="primary"><location href="repodata/a-primary.xml.gz"/>'
        "<timestamp>1700000000</timestamp>"
        '</data><data type="updateinfo"><location href="../../etc/passwd"/></data></repomd>'
    )
    index = repodata.read_index(str(tmp_path / "repomd.xml"))
    assert index["published_at"] == 1700000000
    assert index["files"]["primary"] == str(tmp_path / "a-primary.xml.gz")
    assert index["files"]["updateinfo"] == str(tmp_path / "passwd")


def test_the_database_lists_packages_and_not_the_keys_among_them() -> None:
    listing = (
        "bash\t5-1\tx86_64\t1700000000\t300\tbash-5-1.src.rpm\t(none)\tSUSE LLC\n"
        "gpg-pubkey\t1-1\t(none)\t1\t0\t(none)\tPublic Keys\t(none)\n"
        "libx\t1:2-1\tnoarch\t1\t5\tlibx-2-1.src.rpm\tSystem\tA\tB\n"
    )
    bash, libx = parse_installed(listing, {"libx"})
    assert (bash.name, bash.arch, bash.section, bash.manual, bash.disk_bytes) == (
        "bash",
        "x86_64",
        "",
        True,
        300,
    )
    assert (libx.version, libx.vendor, libx.manual) == ("1:2-1", "A\tB", False)
