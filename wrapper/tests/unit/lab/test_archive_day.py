# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the archive's updates a mirror has, and what stands in for those that the archive has not."""

from pathlib import Path

import pytest

from patchops_lab import archive_day, repacking
from patchops_lab.errors import LabError
from patchops_lab.pools import Pool, Suite
from patchops_lab.repository import field


def entry(package: str, version: str = "1", source: str = "", depends: str = "") -> str:
    lines = [f"Package: {package}", f"Version: {version}", f"Filename: main/{package}_{version}_all.deb"]
    lines += [f"Source: {source}"] if source else []
    lines += [f"Depends: {depends}"] if depends else []
    return "\n".join(lines)


INSTALLED = (
    entry("bash"),
    entry("login", source="shadow (4.1)"),
    entry("passwd", source="shadow (4.1)"),
    entry("perl-base", source="perl"),
    entry("needs-perl", depends="perl-base (= 1)"),
    entry("linux-image-6.1.0-41-cloud-amd64", source="linux-signed-amd64"),
)
OFFERED = (entry("tzdata", "2"), entry("libssl3", "3.1", "openssl"), entry("openssl", "3.1"))


def names(stanzas: tuple[str, ...] | list[str]) -> set[str]:
    return {field(stanza, "Package") for stanza in stanzas}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that would be made."""
    entries: list[str] = []

    def note(like: Pool, stanzas: list[str], _build: object) -> Pool:
        entries.extend(names(stanzas))
        return Pool(Path("made"), Suite({}, ()), Suite({}, tuple(stanzas)))

    monkeypatch.setattr(archive_day, "_made", note)
    return entries


def offered_on(monkeypatch: pytest.MonkeyPatch, day: str, *installed: str) -> set[str]:
    monkeypatch.setenv(archive_day.VARIABLE, day)
    pool = Pool(Path("pool"), Suite({}, INSTALLED + installed), Suite({}, OFFERED))
    pools = archive_day.pools_of_the_day([pool])
    return {name for pool in pools for name in names(pool.security.stanzas)}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("", {"tzdata", "libssl3", "openssl"}),
        ("0", set()),
        ("1", {"tzdata"}),
        ("2", {"tzdata", "bash"}),
        ("3", {"tzdata", "libssl3", "openssl"}),
    ],
)
def test_packages_of_one_source_come_together_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, made: list[str], day: str, expected: set[str]
) -> None:
    assert offered_on(monkeypatch, day) == expected
    assert set(made) <= expected


def test_more_than_the_archive_has_are_made_of_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, made: list[str]
) -> None:
    offered_on(monkeypatch, "100")
    assert set(made) == {"bash", "login", "passwd", "needs-perl"}


def test_a_package_on_whose_exact_version_another_one_depends_is_not_made_anew() -> None:
    assert "perl-base" not in names(archive_day.repackable(INSTALLED, (), 100))
    assert "login" not in names(archive_day.repackable(INSTALLED, ("shadow",), 100))


def test_a_kernel_without_an_update_gets_one(monkeypatch: pytest.MonkeyPatch, made: list[str]) -> None:
    meta = entry("linux-image-cloud-amd64", depends="linux-image-6.1.0-41-cloud-amd64 (= 1)")
    assert "linux-image-cloud-amd64" in offered_on(monkeypatch, "", meta)
    assert made == ["linux-image-cloud-amd64"]


def test_a_number_of_updates_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(archive_day.VARIABLE, "many")
    with pytest.raises(LabError, match=r"PATCHOPS_LAB_ARCHIVE_UPDATES='many' is no number of updates"):
        archive_day.wanted_updates()


@pytest.mark.parametrize(
    ("release", "later"),
    [
        ("5.10.0-35-cloud-amd64", "5.10.0-935-cloud-amd64"),
        ("6.12.57+deb13-cloud-arm64", "6.12.957+deb13-cloud-arm64"),
    ],
)
def test_the_next_kernel_has_a_name_of_its_own(release: str, later: str) -> None:
    assert repacking.next_kernel(release) == later


def test_a_repacked_package_has_a_higher_version_and_else_the_same_control_file() -> None:
    control = "Package: bash\nVersion: 5.2-1\nDepends: libc6 (>= 2.36)\n"
    assert repacking.with_higher_version(control) == control.replace("5.2-1", "5.2-1+lab1")
