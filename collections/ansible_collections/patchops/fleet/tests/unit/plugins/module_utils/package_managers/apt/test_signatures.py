# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.signatures import (
    check,
    judge,
    usable_keyrings,
)

RELEASE = "Origin: Test\nDate: Sun, 22 Nov 2026 08:57:00 UTC\n"


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with a signed InRelease file, its keyring, and the keyring of somebody else."""
    if not (shutil.which("gpg") and shutil.which("gpgv")):
        pytest.skip("gpg and gpgv are needed to sign a repository")
    home = tmp_path_factory.mktemp("gpg")
    (home / "Release").write_text(RELEASE)
    for name in ("ours", "theirs"):
        _gpg(home, "--quick-generate-key", f"{name} <{name}@example.com>", "default", "default", "never")
        _gpg(home, "--output", str(home / f"{name}.gpg"), "--export", f"{name}@example.com")
    sign = ["--local-user", "ours@example.com", "--output"]
    _gpg(home, *sign, str(home / "InRelease"), "--clearsign", str(home / "Release"))
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=True)


def _gpg(home: Path, *arguments: str) -> None:
    command = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
    for _attempt in range(3):
        done = subprocess.run([*command, *arguments], check=False, capture_output=True)
        # On a busy machine gpg gives its agent too little time to start.
        if done.returncode == 0 or b"agent" not in done.stderr:
            break
        time.sleep(1)
    done.check_returncode()


def test_a_signature_by_the_configured_key_is_good(keyring: Path) -> None:
    assert check(str(keyring / "InRelease"), str(keyring / "ours.gpg")) == (True, None)


def test_a_signature_by_another_key_is_told(keyring: Path) -> None:
    assert check(str(keyring / "InRelease"), str(keyring / "theirs.gpg")) == (
        False,
        "its signature can't be checked",
    )


def test_an_altered_file_has_a_bad_signature(keyring: Path, tmp_path: Path) -> None:
    altered = tmp_path / "InRelease"
    altered.write_text((keyring / "InRelease").read_text().replace("Origin: Test", "Origin: Fake"))
    assert check(str(altered), str(keyring / "ours.gpg")) == (False, "its signature is bad")


def test_a_release_file_without_any_signature_is_not_signed(tmp_path: Path) -> None:
    (tmp_path / "Release").write_text(RELEASE)
    assert check(str(tmp_path / "Release"), None) == (False, "it is not signed")


def test_apts_own_check_stands_where_keys_are_armored(tmp_path: Path) -> None:
    (tmp_path / "key.asc").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    assert check(str(tmp_path / "InRelease"), str(tmp_path / "key.asc")) == (True, None)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("[GNUPG:] GOODSIG 1 x\n[GNUPG:] VALIDSIG 1\n", (True, None)),
        ("[GNUPG:] NO_PUBKEY 2\n[GNUPG:] GOODSIG 1 x\n", (True, None)),
        ("[GNUPG:] EXPKEYSIG 1 x\n[GNUPG:] VALIDSIG 1\n", (False, "its signing key has expired")),
        ("[GNUPG:] REVKEYSIG 1 x\n", (False, "its signing key was revoked")),
        ("[GNUPG:] GOODSIG 1 x\n[GNUPG:] BADSIG 2 y\n", (False, "its signature is bad")),
        ("gpgv: no valid OpenPGP data found.\n", (False, "it carries no signature")),
    ],
)
def test_the_words_of_gpgv_are_judged(status: str, expected: tuple[bool, str | None]) -> None:
    assert judge(status) == expected


def test_only_keyrings_that_gpgv_reads_are_usable(tmp_path: Path) -> None:
    (tmp_path / "a.gpg").touch()
    assert usable_keyrings(str(tmp_path / "a.gpg")) == [str(tmp_path / "a.gpg")]
    assert usable_keyrings(f"{tmp_path}/a.gpg,{tmp_path}/missing.gpg") is None
    assert usable_keyrings("embedded key") is None
