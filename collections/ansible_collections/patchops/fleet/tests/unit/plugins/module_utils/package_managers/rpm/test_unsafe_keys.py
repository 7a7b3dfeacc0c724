# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.signatures import (
    unsafe_key,
    unsafe_metadata_key,
)

HTTP = "http://user:secret@mirror.example.org/RPM-GPG-KEY"


@pytest.mark.parametrize("url", [HTTP, HTTP.replace("http", "HTTP", 1), "ftp://mirror.example.org/KEY"])
def test_a_key_over_an_unprotected_line_is_not_taken(url: str) -> None:
    told = unsafe_key("base", ["file:///etc/pki/rpm-gpg/KEY", url])
    assert "the key of the repository base would come unprotected" in told
    assert "secret" not in told


@pytest.mark.parametrize("url", ["https://mirror.example.org/KEY", "file:///etc/pki/KEY", "/etc/pki/KEY"])
def test_a_key_of_the_host_or_over_https_is_taken(url: str) -> None:
    assert unsafe_key("base", [url]) == ""


def test_a_key_of_metadata_that_was_accepted_before_is_not_asked_for_again(tmp_path: Path) -> None:
    assert unsafe_metadata_key("base", [HTTP], str(tmp_path))
    (tmp_path / "pubring").mkdir()
    assert unsafe_metadata_key("base", [HTTP], str(tmp_path))
    (tmp_path / "pubring" / "key").write_text("", encoding="ascii")
    assert unsafe_metadata_key("base", [HTTP], str(tmp_path)) == ""
