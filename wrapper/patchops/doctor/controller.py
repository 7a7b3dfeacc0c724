# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller itself: versions, commands, the collection, the data directory."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import patchops
from patchops.doctor.findings import Finding, Health
from patchops.errors import PatchOpsError
from patchops.paths import DataDirectory
from patchops.runner.environment import collections_root, executable
from patchops.store.database import open_state
from patchops.text import plain

SUBJECT = "controller"
_LEAST_CORE = (2, 16)
_LEAST_FREE_BYTES = 200 * 1024 * 1024
_MODULES = frozenset({"patchops.fleet.host_info", "patchops.fleet.transaction"})


def examine(data: DataDirectory, environment: Mapping[str, str]) -> list[Finding]:
    """All checks of the controller. Makes the data directory and the database if they are missing."""
    return [
        _finding("python", Health.OK, f"{platform.python_version()} ({sys.executable})"),
        _ansible_core(),
        *_commands(),
        *_collection(environment),
        *_data_directory(data),
    ]


def _finding(check: str, health: Health, detail: str, remedy: str = "") -> Finding:
    return Finding(SUBJECT, check, health, plain(detail), remedy)


def _ansible_core() -> Finding:
    try:
        found, runner = version("ansible-core"), version("ansible-runner")
    except PackageNotFoundError as error:
        return _finding("ansible", Health.FAIL, f"{error.name} is not installed", "pip install patchops")
    parts = tuple(int(part) for part in found.split(".")[:2])
    if parts < _LEAST_CORE:
        return _finding(
            "ansible", Health.FAIL, f"ansible-core {found} is too old", "pip install -U ansible-core"
        )
    return _finding("ansible", Health.OK, f"ansible-core {found}, ansible-runner {runner}")


def _commands() -> Iterator[Finding]:
    for command, package in (("ssh", "openssh-client"), ("flock", "util-linux")):
        found = shutil.which(command)
        if found:
            yield _finding(command, Health.OK, found)
        else:
            yield _finding(command, Health.FAIL, "not found", f"Install {package}.")


def _collection(environment: Mapping[str, str]) -> Iterator[Finding]:
    try:
        root = collections_root()
    except PatchOpsError as error:
        yield _finding("collection", Health.FAIL, error.message, error.remedy)
        return
    yield _finding("collection", Health.OK, f"patchops.fleet {patchops.__version__} in {root}")
    yield _plugins(environment)
    for other in _other_copies(root):
        yield _finding(
            "collection",
            Health.WARN,
            f"another copy in {other}; `patchops` doesn't use it, a plain ansible-playbook does",
            "Remove it, or keep it at the same version.",
        )


def _plugins(environment: Mapping[str, str]) -> Finding:
    """Ansible, not Python, must find the modules: this is what a run needs."""
    answer = subprocess.run(
        [executable("ansible-doc"), "--type", "module", "--list", "--json", "patchops.fleet"],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        listed = set(json.loads(answer.stdout)) if answer.returncode == 0 else set()
    except ValueError:
        listed = set()
    if missing := sorted(_MODULES - listed):
        return _finding(
            "plugins",
            Health.FAIL,
            f"Ansible does not find {', '.join(missing)}. {plain(answer.stderr, 300)}",
            "Install PatchOps again: pip install --force-reinstall patchops",
        )
    return _finding("plugins", Health.OK, f"{len(listed)} modules found by Ansible")


def _other_copies(own: Path) -> list[Path]:
    places = (Path("~/.ansible/collections").expanduser(), Path("/usr/share/ansible/collections"))
    copies = (place / "ansible_collections" / "patchops" / "fleet" for place in places)
    mine = (own / "ansible_collections" / "patchops" / "fleet").resolve()
    return [copy for copy in copies if copy.is_dir() and copy.resolve() != mine]


def _data_directory(data: DataDirectory) -> Iterator[Finding]:
    try:
        data.make()
        open_state(data).dispose()
    except PatchOpsError as error:
        yield _finding("data directory", Health.FAIL, error.message, error.remedy)
        return
    status = os.statvfs(data.root)
    free = status.f_bavail * status.f_frsize
    if free < _LEAST_FREE_BYTES:
        yield _finding(
            "data directory",
            Health.WARN,
            f"{data.root} has {free // 2**20} MiB free",
            "Free space, or name another place with PATCHOPS_DATA.",
        )
    else:
        yield _finding("data directory", Health.OK, f"{data.root}, {free // 2**20} MiB free")
