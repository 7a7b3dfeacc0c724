# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any pair of versions compares here as it does in apt and rpm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from ansible_collections.patchops.fleet.plugins.plugin_utils import versions
from ansible_collections.patchops.fleet.plugins.plugin_utils.versions import rpm

DEB_PART = st.text("0129~+.abzAZ", max_size=10)
DEB = st.builds(
    "{}{}-{}".format,
    st.sampled_from(["", "0:", "1:"]),
    DEB_PART.map("1{}".format),
    DEB_PART.map("1{}".format),
)
RPM_PART = st.text("0129~^+._abzAZ", min_size=1, max_size=10)
RPM = st.tuples(st.sampled_from(["0", "1", "10"]), RPM_PART, RPM_PART)


class Oracle(Protocol):
    def compare(self, left: object, right: object) -> int: ...


@settings(
    max_examples=settings().max_examples * 5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(left=DEB, right=DEB)
@example(left="1.0-1", right="1.0-1~bpo12+1")
def test_debian_versions_compare_as_in_apt(apt: Oracle, left: str, right: str) -> None:
    assert versions.compare("deb", left, right) == apt.compare(left, right)


@settings(
    max_examples=settings().max_examples * 5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(left=RPM, right=RPM)
@example(left=("0", "1.0^git1", "1"), right=("0", "1.0", "1"))
def test_rpm_versions_compare_as_in_rpm(
    rpm_bindings: Oracle, left: tuple[str, str, str], right: tuple[str, str, str]
) -> None:
    assert versions.compare(
        "rpm", "{}:{}-{}".format(*left), "{}:{}-{}".format(*right)
    ) == rpm_bindings.compare(left, right)


@pytest.mark.shared
@pytest.mark.parametrize("scheme", ["deb", "rpm"])
def test_two_thousand_pairs_of_real_versions_compare_as_recorded(scheme: str, shared_data: Path) -> None:
    recorded = json.loads((shared_data / "vercmp" / f"{scheme}-real-2000.json").read_text())

    assert [[a, b, versions.compare(scheme, a, b)] for a, b, _order in recorded] == recorded
    assert len(recorded) == 2000


def test_an_rpm_label_splits_into_epoch_version_and_release() -> None:
    assert rpm.split("2:4.0.2-25.el8") == ("2", "4.0.2", "25.el8")
    assert rpm.split("4.0.2") == ("0", "4.0.2", "")


PEP440 = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "0!", "1!"]),
    st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts))),
    st.sampled_from(["", "a0", "b2", "rc1", ".alpha1", "-c3", "rc"]),
    st.sampled_from(["", ".post0", ".post2", "-1", ".rev3", "post"]),
    st.sampled_from(["", ".dev0", ".dev3", "dev"]),
    st.sampled_from(["", "+local", "+1.2", "+1.abc", "+abc.1"]),
)


@settings(max_examples=settings().max_examples * 10)
@given(left=PEP440, right=PEP440)
def test_python_versions_compare_as_in_packaging(left: str, right: str) -> None:
    expected = (Version(left) > Version(right)) - (Version(left) < Version(right))

    assert versions.compare("pypi", left, right) == expected
