# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirrors are found among this machine's own sources."""

import pytest

from patchops_lab import mirrors
from patchops_lab.errors import LabError
from patchops_lab.mirrors import Mirrors, from_index_targets


def test_the_archive_and_the_security_archive_are_told_apart() -> None:
    listing = (
        "https://packages.test/tool/ stable main Tool Inc\n"
        "http://mirror.test/debian/ bookworm-updates main Debian\n"
        "http://mirror.test/debian/ bookworm main Debian\n"
        "http://mirror.test/debian-security/ bookworm-security main Debian\n"
    )
    assert from_index_targets(listing) == (
        "http://mirror.test/debian/",
        "http://mirror.test/debian-security/",
    )


def test_sources_that_were_never_downloaded_are_taken_too() -> None:
    listing = "http://mirror.test/debian/ bookworm main $(ORIGIN)\n"
    assert from_index_targets(listing) == ("http://mirror.test/debian/", None)


def test_another_distribution_is_no_debian_archive() -> None:
    assert from_index_targets("http://mirror.test/ubuntu/ noble main Ubuntu\n") == (None, None)


def test_addresses_in_the_environment_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mirrors.ARCHIVE_VARIABLE, "http://one.test/debian")
    monkeypatch.setenv(mirrors.SECURITY_VARIABLE, "http://one.test/security")
    assert mirrors.machine_mirrors() == Mirrors("http://one.test/debian", "http://one.test/security")


def test_a_machine_without_debian_sources_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(mirrors.ARCHIVE_VARIABLE, raising=False)
    monkeypatch.delenv(mirrors.SECURITY_VARIABLE, raising=False)
    monkeypatch.setattr(mirrors, "run", lambda *_words, **_options: "")
    with pytest.raises(LabError, match="Set PATCHOPS_LAB_ARCHIVE and PATCHOPS_LAB_SECURITY_ARCHIVE"):
        mirrors.machine_mirrors()
