# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy of any form is told or accepted; none breaks the check."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import find_problems
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.text import PolicyText
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.yaml_places import read_yaml
from patchops.policy.rollouts import read_rollouts

from .rollout_policy import POLICY, TODAY, write_site

DATA = read_yaml(POLICY).data


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of each value below the top."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*place, key)
        yield from places(item, (*place, key))


PLACES = list(places(DATA))
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "1d", "5%"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["total", "per", "by", "rrule", "hosts", "name"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write_site(folder)
    return folder


@given(place=st.sampled_from(PLACES), junk=JUNK)
def test_any_value_at_any_place_is_told_or_accepted(site: Path, place: tuple[Any, ...], junk: Any) -> None:
    data = copy.deepcopy(DATA)
    holder = data
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = junk
    text = PolicyText("policy.yml", data, {})
    found = find_problems(text)
    _policy, findings = read_rollouts(text, site, TODAY)
    for problem in (*found, *findings.problems, *findings.warnings):
        assert text.told(problem).startswith("policy.yml:1: ")
