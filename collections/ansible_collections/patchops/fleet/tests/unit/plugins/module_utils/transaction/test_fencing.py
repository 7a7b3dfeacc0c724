# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fencing tokens of a host only grow, and nothing that is no token passes for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import Lock
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import fencing


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(str(tmp_path / "patchops"))


def outcome(state: StateDirectory, token: int | None, patience: float = 1) -> str:
    """Return why a call with this token is refused, "" where it is admitted."""
    try:
        with fencing.admitted(state, token, patience):
            return ""
    except DriverError as error:
        return error.code


def test_equal_and_newer_tokens_pass_and_so_does_a_person_without_one(state: StateDirectory) -> None:
    told = [outcome(state, token) for token in (3, 3, 5, None, 4)]
    assert told == ["", "", "", "", "stale_fence"]


@given(st.lists(st.integers(0, fencing.LARGEST), max_size=6))
def test_a_host_admits_no_token_below_the_largest_that_it_has_seen(
    tmp_path_factory: pytest.TempPathFactory, tokens: list[int]
) -> None:
    state = StateDirectory(str(tmp_path_factory.mktemp("host") / "patchops"))
    seen = -1
    for token in tokens:
        assert outcome(state, token) == ("" if token >= seen else "stale_fence")
        seen = max(seen, token)


@pytest.mark.parametrize("token", [-1, fencing.LARGEST + 1, 10**5000], ids=["negative", "large", "huge"])
def test_a_number_that_no_scheduler_hands_out_is_refused_in_a_sentence(
    state: StateDirectory, token: int
) -> None:
    for call in (lambda: fencing.look(state, token), lambda: fencing.admitted(state, token, 1).__enter__()):
        with pytest.raises(
            DriverError, match=r"token is not one of 0 to \d+\. Nothing was changed"
        ) as refused:
            call()
        assert refused.value.code == "bad_arguments"
    assert outcome(state, 1) == ""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"seven", "it holds no number"),
        (b"\xff\xfe", "it holds no number"),
        (b"-1", "it holds no number"),
        (b"9" * 5000, "it holds no number"),
        (b"7 7", "it holds no number"),
    ],
)
def test_a_damaged_note_refuses_tokens_names_its_file_and_is_left_as_it_is(
    state: StateDirectory, content: bytes, why: str
) -> None:
    state.make()
    Path(state.fence).write_bytes(content)
    with pytest.raises(DriverError) as refused:
        fencing.look(state, 8)
    assert refused.value.code == "fence_damaged"
    assert f"{state.fence}: {why}. Nothing was changed" in refused.value.message
    assert "remove that file" in refused.value.remedy
    assert outcome(state, 8) == "fence_damaged"
    assert outcome(state, None) == ""
    assert Path(state.fence).read_bytes() == content


def test_a_note_that_is_no_file_is_damaged(state: StateDirectory) -> None:
    state.make()
    Path(state.fence).mkdir()
    assert outcome(state, 8) == "fence_damaged"


def test_looking_remembers_nothing(state: StateDirectory) -> None:
    fencing.look(state, 8)
    assert outcome(state, 7) == ""


def test_a_call_waits_for_another_one_and_says_so(state: StateDirectory) -> None:
    state.make()
    with Lock(state.calls_lock):
        assert outcome(state, None, patience=0) == "lock_held"
