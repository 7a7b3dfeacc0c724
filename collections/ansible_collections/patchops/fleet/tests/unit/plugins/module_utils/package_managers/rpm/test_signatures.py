# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures are checked by the keys of the package's own repository, which are read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    signatures,
)

IMPORTED: dict[str, str] = {}


def rpmkeys(database: str, action: str, path: str) -> bool:
    """Take a package for good that is named like the key of its repository."""
    if action == "--import":
        IMPORTED[database] = Path(path).read_text(encoding="ascii")
    return action == "--import" or Path(path).name.startswith(IMPORTED[database])


def test_the_keys_of_a_repository_are_read_once_and_hold_for_its_packages_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signatures, "_rpmkeys", rpmkeys)
    read: list[str] = []

    def keys_of(name: str) -> list[bytes]:
        read.append(name)
        return [name.encode("ascii")]

    with signatures.Keyrings() as keyrings:
        assert keyrings.check("/p/base-1.rpm", "base", lambda: keys_of("base")) == ""
        assert keyrings.check("/p/base-2.rpm", "base", lambda: keys_of("base")) == ""
        wrong = keyrings.check("/p/base-3.rpm", "extras", lambda: keys_of("extras"))
    assert wrong == "base-3.rpm is not signed by a key of its repository extras"
    assert read == ["base", "extras"]
    assert not [database for database in IMPORTED if Path(database).exists()]
