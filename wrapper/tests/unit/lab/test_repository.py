# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the repository lists."""

import pytest

from patchops_lab.distributions.debian_suite import place_of
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab
from patchops_lab.mirror_faults import suite_of
from patchops_lab.paths import LabPaths
from patchops_lab.pools import identity_of, split_stanzas
from patchops_lab.repository import SuitePlace, field, merged, stanza_file, without_superseded
from patchops_lab.spec import HostSpec, LabSpec
from patchops_lab.state import LabRecord

OLD = "Package: zlib1g\nArchitecture: amd64\nVersion: 1:1.2\nFilename: main/zlib1g_1.2_amd64.deb"
NEW = "Package: zlib1g\nArchitecture: amd64\nVersion: 1:1.3\nFilename: security/zlib1g_1.3_amd64.deb"
OTHER = "Package: bash\nArchitecture: amd64\nVersion: 5\nFilename: main/bash_5_amd64.deb"


def test_a_packages_file_splits_into_its_entries() -> None:
    assert split_stanzas(f"{OLD}\n\n{OTHER}\n\n\n") == (OLD, OTHER)


def test_a_field_is_read_and_a_missing_one_is_empty() -> None:
    assert field(OLD, "Version") == "1:1.2"
    assert field(OLD, "Source") == ""
    assert stanza_file(OLD) == "zlib1g_1.2_amd64.deb"


def test_superseded_versions_leave_and_others_stay() -> None:
    assert without_superseded([OLD, OTHER], [NEW]) == [OTHER]


def test_the_same_package_from_two_images_is_listed_once() -> None:
    assert merged([OLD, OTHER, OLD, NEW]) == [OTHER, OLD, NEW]


def test_only_what_identifies_a_suite_is_taken_from_its_release_file() -> None:
    release = (
        "Origin: Debian\nLabel: Debian-Security\nDate: Sat\nSuite: stable-security\nSHA256:\n abc 1 main\n"
    )
    assert identity_of(release) == {
        "Origin": "Debian",
        "Label": "Debian-Security",
        "Suite": "stable-security",
    }


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("bookworm", SuitePlace("debian", "bookworm")),
        ("bookworm-security", SuitePlace("debian-security", "bookworm-security")),
        ("stable", SuitePlace("vendor", "stable")),
    ],
)
def test_a_suite_is_found_by_its_name(name: str, place: SuitePlace) -> None:
    assert place_of(name) == place


def test_an_unknown_suite_can_not_be_broken(paths: LabPaths) -> None:
    lab = Lab(paths, LabRecord(LabSpec("lab", (HostSpec("a"),)), ()))
    with pytest.raises(LabError, match=r"'\.\.' is not a suite: it is one of .*bookworm, bookworm-security"):
        suite_of(lab, "../etc")
