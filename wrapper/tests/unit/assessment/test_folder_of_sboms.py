# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many images in one call: a folder of SBOMs, each of which is a host of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Patchops = Callable[..., Result]


def image(openssl: str) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [
            {"type": "operating-system", "name": "debian", "version": "12"},
            {
                "type": "library",
                "name": "libssl3",
                "purl": f"pkg:deb/debian/libssl3@{openssl}?arch=amd64&distro=debian-12&upstream=openssl",
            },
        ],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = tmp_path / "images"
    images.mkdir()
    (images / "old.json").write_text(json.dumps(image("3.0.1-1")))
    (images / "new.json").write_text(json.dumps(image("3.0.2-1")))
    return images


def test_each_file_of_a_folder_is_a_host(patchops: Patchops, folder: Path) -> None:
    document = json.loads(patchops("assess", "--sbom", folder, "--json").stdout)

    assert sorted(host["host"] for host in document["hosts"]) == ["new.json", "old.json"]
    missing = {one["host"] for one in document["findings"] if one["state"] == "missing"}
    assert missing == {"old.json"}


def test_a_file_that_can_not_be_read_leaves_the_others_and_is_unknown(
    patchops: Patchops, folder: Path
) -> None:
    (folder / "broken.json").write_text("{")

    document = json.loads(patchops("assess", "--sbom", folder, "--json").stdout)

    assert document["totals"]["hosts"] == 3
    [broken] = [host for host in document["hosts"] if host["host"] == "broken.json"]
    assert broken["status"] == "unknown"
    assert any(
        "broken.json" in reason["message"]
        for one in document["findings"]
        if one["host"] == "broken.json"
        for reason in one["reasons"]
    )


def test_a_cve_is_asked_of_a_folder(patchops: Patchops, folder: Path) -> None:
    answer = json.loads(patchops("cve", "CVE-2026-9001", "--sbom", folder, "--json").stdout)

    assert answer["has_it"] == ["old.json"]
    assert "new.json" not in answer["has_it"]


def test_a_cve_is_asked_of_one_inventory_file(patchops: Patchops, folder: Path) -> None:
    answer = json.loads(patchops("cve", "CVE-2026-9001", "--sbom", folder / "old.json", "--json").stdout)

    assert answer["has_it"] == ["old.json"]


@pytest.mark.parametrize("option", [("--host", "x"), ("--expect-packages", "2"), ("--expect-sha256", "0")])
def test_what_belongs_to_one_file_is_refused_for_a_folder(
    patchops: Patchops, folder: Path, option: tuple[str, str]
) -> None:
    result = patchops("assess", "--sbom", folder, *option)

    assert result.exit_code == 2
    assert f"{option[0]} belongs to one file." in result.stderr


def test_an_empty_folder_is_bad_input(patchops: Patchops, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    result = patchops("assess", "--sbom", empty)

    assert result.exit_code == 2
    assert "has no file" in result.stderr
