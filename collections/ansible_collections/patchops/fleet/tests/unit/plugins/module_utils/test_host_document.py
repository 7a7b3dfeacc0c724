# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts import restarts, units
from ansible_collections.patchops.fleet.plugins.module_utils.host_document import SUBSETS, collect
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError, Reader
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema, read_document

COLLECTIONS = Path(__file__).resolve().parents[7]
HAS_APT = shutil.which("apt-get") is not None and Path("/var/lib/dpkg/status").exists()
needs_apt = pytest.mark.skipif(not HAS_APT, reason="this machine has no apt to ask")

COLLECT_IN_A_CHILD = """
import json, sys
from ansible_collections.patchops.fleet.plugins.module_utils.host_document import SUBSETS, collect
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect
print(json.dumps(collect(SUBSETS, detect(), refresh=False)))
"""


class Unreadable(Reader):
    """A package manager that is there and answers nothing."""

    name = "apt"

    def version(self) -> str:
        return "1"

    def _refuse(self, *arguments: Any) -> Any:
        raise DriverError("repository_unreadable", "apt can't read its sources.", "Repair them.")

    platform_arch = installed = holds = broken = repositories = updates = kernel_packages = _refuse
    refresh = owners = security_source = lock_holder = _refuse

    def available(self) -> bool:
        return True

    def forget(self) -> None:
        pass

    def space_paths(self) -> list[dict[str, str]]:
        return []


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(str(tmp_path / "patchops"))


def check(document: dict[str, Any]) -> None:
    schema = json_schema("patchops.host")
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


@needs_apt
def test_the_document_of_this_machine_is_what_its_schema_says(state: StateDirectory) -> None:
    document = collect(SUBSETS, detect(), refresh=False, state=state)
    check(document)
    assert read_document(document, "patchops.host") is document
    # The controller knows the inventory and whom it knew before, the host doesn't.
    of_the_controller = {"inventory", "known_machine"}
    assert set(json_schema("patchops.host")["properties"]) - of_the_controller == set(document)
    assert len(document["packages"]) > 50


@needs_apt
def test_the_document_is_collected_under_python_3_6_as_well() -> None:
    pythons = sorted((Path.home() / ".pyenv/versions").glob("3.6.*/bin/python3.6"))
    python = shutil.which(pythons[0] if pythons else "python3.6")
    if python is None:
        pytest.skip("no Python 3.6 on this machine: the document was collected by a newer one only")
    done = subprocess.run(
        [python, "-W", "error", "-c", COLLECT_IN_A_CHILD],
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
        cwd="/",
        capture_output=True,
        check=True,
    )
    document = json.loads(done.stdout)
    check(document)
    assert document["python"]["version"].startswith("3.6.")


@needs_apt
def test_only_what_was_asked_for_is_in_the_document(state: StateDirectory) -> None:
    document = collect(["boot"], detect(), refresh=False, state=state)
    check(document)
    assert document["subsets"] == ["boot"]
    assert "packages" not in document


def test_what_the_package_manager_does_not_tell_is_null_and_named(state: StateDirectory) -> None:
    document = collect(SUBSETS, Unreadable(), refresh=False, state=state)
    check(document)
    asked = ("packages", "holds", "broken", "updates", "repositories", "kernel")
    assert [document[part] for part in asked] == [None] * len(asked)
    assert document["security_source"]["status"] == "unreadable"
    assert {
        "subset": "packages",
        "code": "repository_unreadable",
        "message": "packages: apt can't read its sources. Repair them.",
    } in document["errors"]


def test_a_host_with_an_unknown_package_manager_still_tells_the_rest(state: StateDirectory) -> None:
    reason = DriverError("unsupported_platform", "No package manager that PatchOps knows was found.")
    document = collect(SUBSETS, None, refresh=True, reason=reason, state=state)
    check(document)
    assert (document["package_manager"], document["packages"]) == (None, None)
    assert document["refresh"]["ok"] is False
    assert document["boot"]["id"]
    assert document["errors"][0]["code"] == "unsupported_platform"


def test_a_fact_that_the_kernel_refuses_is_null_and_named(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(owners: object) -> None:
        raise PermissionError(13, "Permission denied", "/proc/1/maps")

    monkeypatch.setattr(restarts, "collect_restarts", refuse)
    document = collect(["restarts", "reboot"], Unreadable(), refresh=False, state=state)
    assert document["restarts"] is None
    assert document["reboot"]["required"] is not False
    assert {
        "subset": "restarts",
        "code": "permission_denied",
        "message": "restarts: /proc/1/maps: Permission denied",
    } in document["errors"]


def test_a_systemd_that_does_not_answer_is_named(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise units.UnitsError("systemctl list-units: Failed to connect to bus")

    monkeypatch.setattr(units, "collect_units", refuse)
    document = collect(["units"], Unreadable(), refresh=False, state=state)
    assert document["units"] is None
    assert document["errors"][-1]["subset"] == "units"


def test_transactions_that_are_not_closed_are_listed(state: StateDirectory) -> None:
    _write_journal(state, "txn1", ["staging", "staged", "applying", "applied", "committed"])
    _write_journal(state, "txn2", ["staging", "staged", "applying", "applied"])
    document = collect([], Unreadable(), refresh=False, state=state)
    assert [(one["id"], one["state"]) for one in document["transactions"]] == [("txn2", "applied")]


def test_a_damaged_journal_is_named_and_the_list_is_null(state: StateDirectory) -> None:
    directory = Path(state.transactions) / "txn1"
    directory.mkdir(parents=True)
    (directory / "journal.jsonl").write_text("not json\n")
    document = collect([], Unreadable(), refresh=False, state=state)
    assert document["transactions"] is None
    assert document["errors"][-1]["subset"] == "transactions"


def _write_journal(state: StateDirectory, name: str, states: list[str]) -> None:
    directory = Path(state.transactions) / name
    directory.mkdir(parents=True)
    lines = [
        {"seq": seq, "at": "2026-11-22T09:57:00Z", "boot": "b", "event": "state", "state": one}
        for seq, one in enumerate(states, start=1)
    ]
    (directory / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
