# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed patch sets, with the real ssh-keygen."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import PatchSetError, seal
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_signature import (
    NAMESPACE,
    PatchSetNotTrusted,
    Signers,
    check_signature,
    signed,
    signers_of,
)

MEMBER = {"name": "openssl", "arch": "amd64", "version": "3.0.17", "sha256": "0" * 64, "action": "upgrade"}
PLATFORMS = {"debian-12-amd64": {"packages": [{**MEMBER, "proven_on": ["web1"]}], "removals": []}}
SEALED_AT = "2026-11-30T12:00:00Z"


def make_key(path: Path, passphrase: str = "") -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def allow(path: Path, key: Path, options: str = f'namespaces="{NAMESPACE}"') -> Signers:
    public = key.with_suffix(".pub").read_text(encoding="ascii")
    path.write_text(f"ops@example.org {options} {public}", encoding="ascii")
    return Signers(str(path))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "key")


@pytest.fixture
def sealed() -> dict[str, Any]:
    return seal(PLATFORMS, SEALED_AT, "november")


def test_a_signed_set_names_its_signer_and_keeps_its_id(
    tmp_path: Path, key: Path, sealed: dict[str, Any]
) -> None:
    document = signed(sealed, str(key))
    assert check_signature(document, allow(tmp_path / "signers", key)) == "ops@example.org"
    assert document["id"] == sealed["id"]
    # Signing again gives a new signature, where ssh-keygen would keep an old one beside the file.
    assert check_signature(signed(document, str(key)), allow(tmp_path / "signers", key))


def test_a_set_without_a_signature_is_not_trusted(tmp_path: Path, key: Path, sealed: dict[str, Any]) -> None:
    with pytest.raises(PatchSetNotTrusted, match="has no signature"):
        check_signature(sealed, allow(tmp_path / "signers", key))


@pytest.mark.parametrize("field", ["id", "name", "sealed_at"])
def test_what_was_signed_can_not_be_altered(
    tmp_path: Path, key: Path, sealed: dict[str, Any], field: str
) -> None:
    altered = {**signed(sealed, str(key)), field: "2026-11-30T12:00:01Z"}
    with pytest.raises(PatchSetNotTrusted, match="is not good"):
        check_signature(altered, allow(tmp_path / "signers", key))


def test_a_key_that_nobody_allowed_is_not_trusted(tmp_path: Path, key: Path, sealed: dict[str, Any]) -> None:
    other = make_key(tmp_path / "other")
    with pytest.raises(PatchSetNotTrusted, match="doesn't name"):
        check_signature(signed(sealed, str(other)), allow(tmp_path / "signers", key))


def test_a_key_that_is_allowed_for_something_else_is_not_trusted(
    tmp_path: Path, key: Path, sealed: dict[str, Any]
) -> None:
    with pytest.raises(PatchSetNotTrusted):
        check_signature(signed(sealed, str(key)), allow(tmp_path / "signers", key, 'namespaces="git"'))


@pytest.mark.parametrize(("until", "trusted"), [("20261201", True), ("20261130", False)])
def test_a_key_that_was_replaced_counts_for_what_was_sealed_before(
    tmp_path: Path, key: Path, sealed: dict[str, Any], until: str, trusted: bool
) -> None:
    signers = allow(tmp_path / "signers", key, f'namespaces="{NAMESPACE}",valid-before="{until}"')
    document = signed(sealed, str(key))
    if trusted:
        assert check_signature(document, signers) == "ops@example.org"
    else:
        with pytest.raises(PatchSetNotTrusted):
            check_signature(document, signers)


def test_a_revoked_key_never_counts(tmp_path: Path, key: Path, sealed: dict[str, Any]) -> None:
    allowed = allow(tmp_path / "signers", key).allowed
    document = signed(sealed, str(key))
    with pytest.raises(PatchSetNotTrusted, match="is not good"):
        check_signature(document, Signers(allowed, str(key.with_suffix(".pub"))))


@pytest.mark.parametrize("signature", ["", "garbage", "x" * 40_000, 7, None])
def test_a_damaged_signature_is_not_trusted(
    tmp_path: Path, key: Path, sealed: dict[str, Any], signature: Any
) -> None:
    with pytest.raises(PatchSetNotTrusted):
        check_signature({**sealed, "signature": signature}, allow(tmp_path / "signers", key))


def test_a_missing_list_of_signers_trusts_nobody(tmp_path: Path, key: Path, sealed: dict[str, Any]) -> None:
    with pytest.raises(PatchSetNotTrusted, match="can't be read"):
        check_signature(signed(sealed, str(key)), Signers(str(tmp_path / "missing")))


@pytest.mark.parametrize("which", ["missing", "locked"])
def test_a_key_that_can_not_sign_is_told_and_never_asked_for(
    tmp_path: Path, sealed: dict[str, Any], which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_key(tmp_path / "locked", "passphrase")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(PatchSetError, match="could not be signed with"):
        signed(sealed, str(tmp_path / which))


def test_a_revocation_list_alone_is_an_error() -> None:
    assert signers_of(None) is None
    with pytest.raises(PatchSetError, match="set both"):
        signers_of(None, os.devnull)
