# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PatchOps is installed with is pinned by hash, within pyproject.toml's bounds, and told in a bill."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import tomllib
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
BOUNDS = [
    Requirement(text)
    for text in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
]
LOGICAL_LINES = [
    line for line in re.sub(r"\\\n\s*", " ", CONSTRAINTS).splitlines() if line and not line.startswith("#")
]
pytestmark = pytest.mark.fast


def pinned() -> dict[str, list[Requirement]]:
    """Every pin by name; a name has two where Python's versions need different ones."""
    found: dict[str, list[Requirement]] = {}
    for line in LOGICAL_LINES:
        requirement = Requirement(line.split(" --hash")[0].strip())
        found.setdefault(requirement.name, []).append(requirement)
    return found


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda one: str(one.name))
def test_every_dependency_is_pinned_within_its_bounds(bound: Requirement) -> None:
    pins = pinned()[bound.name]
    for pin in pins:
        (version,) = [one.version for one in pin.specifier]
        assert bound.specifier.contains(version), f"{pin} is not within {bound}: run scripts/constraints"


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda one: str(one.name))
def test_every_dependency_has_a_lower_bound(bound: Requirement) -> None:
    assert any(one.operator in (">=", "==") for one in bound.specifier)


def test_every_line_pins_one_version_by_hash() -> None:
    loose = [
        line
        for line in LOGICAL_LINES
        if not re.match(r"[a-z0-9._-]+==\S+( ; .*?)? +--hash=sha256:[0-9a-f]{64}\b", line)
    ]
    assert loose == []


def test_the_bill_of_materials_names_the_wheel_and_every_pin(tmp_path: Path) -> None:
    wheel = tmp_path / "patchops-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            "patchops-1.0.dist-info/METADATA",
            "Metadata-Version: 2.4\nName: patchops\nVersion: 1.0\nLicense-Expression: GPL-3.0-or-later\n"
            "Requires-Dist: jinja2>=3.1.6\n",
        )
    command = [sys.executable, str(ROOT / "scripts/sbom"), str(wheel)]
    bill: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", "1.0")
    told = sorted((one["name"], one["version"]) for one in bill["components"])
    assert told == sorted(
        (pin.name, one.version) for pins in pinned().values() for pin in pins for one in pin.specifier
    )
    assert all(one["externalReferences"][0]["hashes"] for one in bill["components"])
    (wheels,) = bill["dependencies"]
    assert [ref.partition("@")[0] for ref in wheels["dependsOn"]] == ["pkg:pypi/jinja2"]
