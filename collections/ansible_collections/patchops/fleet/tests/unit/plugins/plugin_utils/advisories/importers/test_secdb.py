# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Read = Callable[..., list[Any]]

YAML = """\
---
distroversion: v3.11
reponame: main
packages:
  - pkg:
      name: apk-tools
      secfixes:
        2.12.6-r0:
          - CVE-2021-30139
        '0':
          - CVE-2021-36159 XSA-1
"""
JSON = {
    "distroversion": "v3.11",
    "packages": [
        {
            "pkg": {
                "name": "apk-tools",
                "secfixes": {"2.12.6-r0": ["CVE-2021-30139"], "0": ["CVE-2021-36159 XSA-1"]},
            }
        }
    ],
}


def test_each_fix_is_a_record_named_by_its_cve(read: Read) -> None:
    fixed, never = read("alpine-secdb", json.dumps(JSON))

    assert fixed == Advisory(
        name="CVE-2021-30139",
        title="apk-tools: CVE-2021-30139",
        url="https://security.alpinelinux.org/vuln/CVE-2021-30139",
        cves=("CVE-2021-30139",),
        affected=(Affected("alpine:3.11", "apk-tools", "fixed", "2.12.6-r0"),),
    )
    assert never.affected == (Affected("alpine:3.11", "apk-tools", "not_affected"),)


def test_the_older_yaml_says_the_same(read: Read) -> None:
    assert read("alpine-secdb", YAML) == read("alpine-secdb", json.dumps(JSON))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "is no file of Alpine's security database"),
        ('{"distroversion": "latest", "packages": []}', "not a release of Alpine: 'latest'"),
        (
            '{"distroversion": "v3.11", "packages": [{"pkg": {"name": "a", "secfixes": []}}]}',
            "expected an object",
        ),
    ],
)
def test_another_file_is_refused(read: Read, text: str, message: str) -> None:
    with pytest.raises(FeedError, match=message):
        read("alpine-secdb", text)


@pytest.mark.shared
def test_every_cve_of_the_real_archive_is_read(shared_data: Path) -> None:
    path = shared_data / "alpine" / "secdb-2020.tar.gz"
    with tarfile.open(path) as archive:
        texts = [archive.extractfile(one).read().decode() for one in archive if one.isfile()]  # type: ignore[union-attr]
    listed = re.findall(r"CVE-\d+-\d{4,}", "\n".join(texts))

    records = list(KINDS["alpine-secdb"](Feed(path)))

    assert {one.name for one in records if isinstance(one, Advisory)} == set(listed)
    assert len(records) == 5652
