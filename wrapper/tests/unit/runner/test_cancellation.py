# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request drains, two warn, three end; a run that changes nothing ends at the first."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from patchops.runner.cancellation import Act, Cancellation, next_act, signals_request


@dataclass
class Watched:
    cancellation: Cancellation
    acts: list[Act]
    ends: list[bool]
    time: list[float] = field(default_factory=lambda: [0.0])


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    acts: list[Act] = []
    ends: list[bool] = []
    time = [0.0]
    cancellation = Cancellation(
        drains=True,
        drain_file=tmp_path / "drain",
        announce=acts.append,
        end=lambda: ends.append(True),
        clock=lambda: time[0],
    )
    return Watched(cancellation, acts, ends, time)


@pytest.mark.parametrize(
    ("requests", "drains", "act"),
    [(1, True, Act.DRAIN), (2, True, Act.WARN), (3, True, Act.END), (7, True, Act.END), (1, False, Act.END)],
)
def test_what_a_request_means(requests: int, drains: bool, act: Act) -> None:
    assert next_act(requests, drains) is act


def test_nothing_happens_before_a_request(watched: Watched) -> None:
    assert watched.cancellation.poll() is False
    assert watched.acts == []
    assert not watched.cancellation.drain_file.exists()


def test_the_first_request_leaves_the_drain_file(watched: Watched) -> None:
    watched.cancellation.request()
    watched.cancellation.poll()

    assert watched.cancellation.drain_file.exists()
    assert watched.ends == []


def test_each_request_is_carried_out_once(watched: Watched) -> None:
    watched.cancellation.request()
    watched.cancellation.poll()
    watched.cancellation.poll()

    assert watched.acts == [Act.DRAIN]


def test_requests_that_came_together_are_carried_out_in_order(watched: Watched) -> None:
    watched.cancellation.requests = 3
    watched.cancellation.poll()

    assert watched.acts == [Act.DRAIN, Act.WARN, Act.END]
    assert watched.ends == [True]


def test_nothing_is_ended_twice(watched: Watched) -> None:
    watched.cancellation.requests = 5
    watched.cancellation.poll()

    assert watched.ends == [True]


def test_a_deadline_ends_the_run(watched: Watched) -> None:
    watched.cancellation.deadline = 10.0
    watched.time[0] = 10.5
    watched.cancellation.poll()
    watched.cancellation.poll()

    assert watched.ends == [True]
    assert watched.cancellation.deadline_passed
    assert not watched.cancellation.requested


def test_signals_count_as_requests_and_handlers_are_put_back(watched: Watched) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with signals_request(watched.cancellation):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)

    assert watched.cancellation.requests == 2
    assert signal.getsignal(signal.SIGTERM) is before
