# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what is named passes to Ansible, and our own copy of the collection comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops.errors import InputError
from patchops.runner.environment import build, collections_root

COLLECTIONS = Path("/opt/patchops/collections")


def test_agents_homes_and_proxies_pass() -> None:
    kept = build(
        {"SSH_AUTH_SOCK": "/run/agent", "HOME": "/home/x", "https_proxy": "http://p"}, (), COLLECTIONS
    )

    assert kept["SSH_AUTH_SOCK"] == "/run/agent"
    assert kept["HOME"] == "/home/x"
    assert kept["https_proxy"] == "http://p"


def test_tokens_of_the_shell_do_not_pass() -> None:
    assert "AWS_SECRET_ACCESS_KEY" not in build({"AWS_SECRET_ACCESS_KEY": "x"}, (), COLLECTIONS)


def test_a_named_variable_passes() -> None:
    assert build({"TOKEN": "x"}, ["TOKEN"], COLLECTIONS)["TOKEN"] == "x"


def test_a_named_variable_that_is_not_set_is_refused() -> None:
    with pytest.raises(InputError, match="TOKEN"):
        build({}, ["TOKEN"], COLLECTIONS)


def test_host_keys_are_checked_whatever_the_shell_says() -> None:
    kept = build({"ANSIBLE_HOST_KEY_CHECKING": "False"}, ["ANSIBLE_HOST_KEY_CHECKING"], COLLECTIONS)

    assert kept["ANSIBLE_HOST_KEY_CHECKING"] == "True"


def test_our_collections_come_before_the_users() -> None:
    kept = build({"ANSIBLE_COLLECTIONS_PATH": "/home/x/collections"}, (), COLLECTIONS)

    assert kept["ANSIBLE_COLLECTIONS_PATH"] == "/opt/patchops/collections:/home/x/collections"


def test_a_strategy_that_lets_hosts_run_ahead_is_not_taken_over() -> None:
    assert build({"ANSIBLE_STRATEGY": "free"}, (), COLLECTIONS)["ANSIBLE_STRATEGY"] == "linear"


def test_the_own_collection_is_found_beside_the_package() -> None:
    root = collections_root()

    assert (root / "ansible_collections" / "patchops" / "fleet" / "galaxy.yml").is_file()
