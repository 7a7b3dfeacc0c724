# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    detach,
    etc_back,
    inhibit,
    services,
    survey,
    worker,
)
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FakeHost,
    Killed,
)


@pytest.fixture
def make_host(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], FakeHost]:
    """Makes hosts without systemd whose workers run in this process and can be killed."""

    def launch(state: StateDirectory, directory: Any, goal: str, asked: dict[str, Any]) -> None:
        attempt = Journal(directory.journal).view().attempt + 1
        Journal(directory.journal).append("launched", attempt=attempt, goal=goal, **asked)
        with contextlib.suppress(Killed):
            worker.main([state.root, directory.id, str(attempt), goal])

    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(survey, "_SECOND_LOOK", 0)
    monkeypatch.setattr(detach, "launch", launch)
    monkeypatch.setattr(worker, "_settle_in", lambda environment, log: None)
    for module in (inhibit, services):
        monkeypatch.setattr(module, "has_systemd", lambda: False)

    def make() -> FakeHost:
        host = FakeHost(tmp_path_factory.mktemp("host"))
        monkeypatch.setattr(worker, "detect_driver", lambda: host.driver)
        monkeypatch.setattr(etc_back, "ETC", str(host.etc))
        return host

    return make


@pytest.fixture
def host(make_host: Callable[[], FakeHost]) -> FakeHost:
    return make_host()
