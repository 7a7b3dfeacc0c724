# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils import versions

VECTORS = Path(__file__).parent / "vectors"
SCHEMES = ("apk", "deb", "npm", "pacman", "pypi", "rpm")
# Few different characters, so that near-equal versions are common.
NEAR_EQUAL = st.text("019~^+-._:abzrp", max_size=12)


def vectors(name: str) -> list[tuple[str, str, int]]:
    rows = (line.split("\t") for line in (VECTORS / f"{name}.tsv").read_text().splitlines())
    return [(left, right, int(expected)) for left, right, expected in rows]


@pytest.mark.parametrize(
    ("scheme", "name", "count"),
    [("deb", "dpkg", 43), ("rpm", "rpm", 91), ("apk", "apk", 738), ("pacman", "pacman", 46)],
)
def test_every_published_vector_passes(scheme: str, name: str, count: int) -> None:
    expected = vectors(name)
    answers = [(left, right, versions.compare(scheme, left, right)) for left, right, _order in expected]

    assert answers == expected
    assert len(answers) == count


@pytest.mark.parametrize("scheme", SCHEMES)
@given(left=NEAR_EQUAL, right=NEAR_EQUAL)
def test_swapping_the_sides_swaps_the_answer(scheme: str, left: str, right: str) -> None:
    assert versions.compare(scheme, left, right) == -versions.compare(scheme, right, left)


@pytest.mark.parametrize("scheme", SCHEMES)
@given(versions_of_one_package=st.lists(NEAR_EQUAL, min_size=3, max_size=3))
def test_any_three_versions_have_an_order_without_circles(
    scheme: str, versions_of_one_package: list[str]
) -> None:
    key = versions.key_function(scheme)
    oldest, middle, newest = sorted(versions_of_one_package, key=key)

    assert key(oldest) <= key(middle) <= key(newest)
    assert key(oldest) <= key(newest)


@pytest.mark.parametrize("scheme", SCHEMES)
@example(version="\U0010ffff")
@given(version=st.text(max_size=40))
def test_every_string_has_a_key_and_equals_itself(scheme: str, version: str) -> None:
    assert versions.compare(scheme, version, version) == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_number_longer_than_python_reads_is_still_a_number(scheme: str) -> None:
    assert versions.compare(scheme, "1" * 6000, "2" * 5999) == 1


def test_equal_debian_versions_share_one_key_and_so_one_dictionary_entry() -> None:
    assert len({versions.KEYS["deb"](version) for version in ("1.0-1", "0:1.0-1", "01.00-01")}) == 1


def test_an_unknown_scheme_is_refused_by_name() -> None:
    with pytest.raises(
        ValueError,
        match=r"'gentoo'; known: apk, deb, golang, maven, npm, pacman, pypi, rpm",
    ):
        versions.key_function("gentoo")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_memoised_comparisons_run_at_half_a_million_a_second(scheme: str) -> None:
    pairs = vectors({"apk": "apk", "pacman": "pacman", "rpm": "rpm"}.get(scheme, "dpkg"))
    rounds = range(100_000 // len(pairs))
    started = time.process_time()
    for _round in rounds:
        for left, right, _expected in pairs:
            versions.compare(scheme, left, right)

    assert time.process_time() - started < 0.2


NPM_IN_ORDER = [
    "0.9.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2",
    "1.10.0",
]


def test_npm_versions_are_in_the_order_of_the_semver_specification() -> None:
    assert sorted(set(NPM_IN_ORDER), key=versions.KEYS["npm"]) == NPM_IN_ORDER
    assert versions.compare("npm", "1.0.0+build.5", "v1.0.0") == 0
