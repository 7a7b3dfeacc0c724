# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.distribution_keys import (
    keyring_files,
    keyring_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.signatures import (
    parse_signers,
    read_keys,
)

PRIMARY = "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"


@pytest.mark.parametrize(
    ("depends", "packages"),
    [
        ("adduser, gpgv | gpgv2, debian-archive-keyring, libc6 (>= 2.34)", ["debian-archive-keyring"]),
        ("ubuntu-keyring, libc6", ["ubuntu-keyring"]),
        ("libc6", []),
    ],
)
def test_the_distributions_keyring_is_what_apt_depends_on(depends: str, packages: list[str]) -> None:
    assert keyring_packages(depends) == packages


def test_withdrawn_keys_and_files_that_are_no_keyring_are_left_out() -> None:
    listing = (
        "/.\n/usr/share/keyrings\n/usr/share/keyrings/debian-archive-keyring.pgp\n"
        "/usr/share/keyrings/debian-archive-removed-keys.pgp\n/usr/share/doc/debian-archive-keyring/README.gpg\n"
        "/etc/apt/trusted.gpg.d/debian-archive-bookworm-stable.asc\n"
    )
    assert keyring_files(listing) == [
        "/usr/share/keyrings/debian-archive-keyring.pgp",
        "/etc/apt/trusted.gpg.d/debian-archive-bookworm-stable.asc",
    ]


def test_keys_are_read_by_their_content_whatever_the_file_is_called(tmp_path: Path) -> None:
    armored = (
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\n"
        + base64.b64encode(b"key").decode()
        + "\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"
    )
    (tmp_path / "a.gpg").write_text(armored * 2, encoding="ascii")
    (tmp_path / "b.asc").write_bytes(b"\x99binary")
    assert read_keys(str(tmp_path / "a.gpg")) == b"keykey"
    assert read_keys(str(tmp_path / "b.asc")) == b"\x99binary"
    assert read_keys(str(tmp_path / "none")) == b""


def valid(fingerprint: str) -> str:
    return f"[GNUPG:] VALIDSIG {'A' * 40} 2026-11-22 1795341420 0 4 0 1 8 01 {fingerprint}\n"


def test_a_good_signature_names_its_primary_key() -> None:
    assert parse_signers("[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG B7 x\n" + valid(PRIMARY)) == [PRIMARY]


@pytest.mark.parametrize("word", ["EXPKEYSIG", "REVKEYSIG", "BADSIG", "EXPSIG"])
def test_a_signature_that_is_not_good_names_none(word: str) -> None:
    assert parse_signers(f"[GNUPG:] {word} B7 x\n" + valid(PRIMARY)) == []
    assert parse_signers("[GNUPG:] GOODSIG B7 x\n[GNUPG:] NEWSIG\n" + valid(PRIMARY)) == []
