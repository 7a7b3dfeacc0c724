# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ports: whatever reads a host, and whatever changes it, answers every question that may come."""

from __future__ import annotations

import inspect

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils import package_managers
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import (
    Changer,
    Driver,
    DriverError,
    Reader,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.read_only import ReadOnly

MADE = [make() for _program, make in package_managers._DRIVERS]
READERS = [one for one in MADE if not isinstance(one, Driver)]
ACTING = sorted(Changer.__abstractmethods__)
READING = sorted(name for name, _function in inspect.getmembers(Reader, inspect.isfunction))


@pytest.mark.parametrize("made", MADE, ids=lambda one: one.name)
def test_whatever_is_detected_reads(made: Reader) -> None:
    assert isinstance(made, Reader)
    assert made.name


@pytest.mark.parametrize("made", [one for one in MADE if isinstance(one, Driver)], ids=lambda one: one.name)
def test_a_driver_names_the_commands_that_its_remedies_need(made: Driver) -> None:
    assert made.repairing
    assert made.cleaning
    assert made.inspecting


def test_alpine_is_read_and_not_changed() -> None:
    assert [one.name for one in READERS] == ["apk"]


@pytest.mark.parametrize("method", ACTING)
def test_a_read_only_host_refuses_to_be_changed(method: str) -> None:
    arguments = ["x"] * (len(inspect.signature(getattr(Driver, method)).parameters) - 1)
    with pytest.raises(DriverError, match="Hosts with apk are read only") as raised:
        getattr(ReadOnly(READERS[0]), method)(*arguments)
    assert raised.value.code == "unsupported_platform"


@pytest.mark.parametrize("method", READING)
def test_a_read_only_host_answers_what_its_reader_answers(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(READERS[0], method, lambda *given: asked.append(given))
    arguments = tuple("x" * (len(inspect.signature(getattr(Reader, method)).parameters) - 1))
    getattr(ReadOnly(READERS[0]), method)(*arguments)
    assert asked == [arguments]


def test_what_a_host_can_not_be_changed_by_is_still_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_managers, "detect", lambda: READERS[0])
    assert isinstance(package_managers.detect_driver(), ReadOnly)
