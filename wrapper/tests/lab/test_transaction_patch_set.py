# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one real host proved is installed on another one exactly, or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import Proof, build_platforms, seal
from patchops_lab import faults
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def made_lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("proven", apps=("goodapp", "needsnew", "phasedapp")),
        HostSpec("next", apps=("goodapp", "needsnew", "phasedapp")),
        HostSpec("other", release="trixie", apps=("goodapp",)),
    )


@pytest.fixture
def lab(made_lab: Lab) -> Lab:
    renew(made_lab)
    return made_lab


def transact(lab: Lab, host: str, **arguments: Any) -> dict[str, Any]:
    return run_module(lab, host, "transaction", {"state": "applied", **arguments})


def prove(lab: Lab, **arguments: Any) -> dict[str, Any]:
    """Apply on the first host and seal what it did."""
    applied = transact(lab, "proven", **arguments)
    assert applied["outcome"]["code"] == "applied", applied["outcome"]
    plan = applied["plan"]
    platforms = build_platforms([Proof("proven", plan["platform"], plan["packages"])])
    return seal(platforms, "2026-11-22T10:00:00Z")


def test_a_sealed_set_gives_the_next_host_the_same_packages(lab: Lab, tmp_path: Path) -> None:
    sealed = prove(lab, select="all")
    path = tmp_path / "set.json"
    path.write_text(json.dumps(sealed))
    applied = transact(lab, "next", patch_set=str(path))
    assert applied["outcome"]["code"] == "applied", applied["outcome"]
    assert lab.host("next").packages() == lab.host("proven").packages()
    again = transact(lab, "next", patch_set=str(path))
    assert (again["outcome"]["code"], again["changed"]) == ("nothing_to_do", False)


def test_updates_outside_of_the_set_are_left_alone(lab: Lab) -> None:
    sealed = prove(lab, packages=["lab-goodapp"])
    before = lab.host("next").packages()
    assert transact(lab, "next", patch_set=sealed)["outcome"]["code"] == "applied"
    assert lab.host("next").packages() - before == {("lab-goodapp", "1.1", "all")}


def test_a_newer_version_is_not_taken_for_the_proven_one(lab: Lab) -> None:
    sealed = prove(lab, packages=["lab-goodapp"])
    faults.inject(lab, "newer", "bookworm-security/lab-goodapp")
    assert transact(lab, "next", patch_set=sealed)["outcome"]["code"] == "applied"
    assert ("lab-goodapp", "1.1", "all") in lab.host("next").packages()


def test_what_one_host_proved_goes_to_the_next_also_before_its_phase(lab: Lab) -> None:
    sealed = prove(lab, packages=["lab-phasedapp"])
    alone = run_module(lab, "next", "transaction", {"state": "applied", "select": "all"}, check=True)
    reason = "phased: the distribution offers it to 0 % of its hosts so far"
    assert {one["name"]: one["reason"] for one in alone["plan"]["held"]}["lab-phasedapp"] == reason
    assert transact(lab, "next", patch_set=sealed)["outcome"]["code"] == "applied"
    assert ("lab-phasedapp", "1.1", "all") in lab.host("next").packages()


def test_a_new_dependency_comes_from_the_set(lab: Lab) -> None:
    sealed = prove(lab, packages=["lab-needsnew"])
    assert transact(lab, "next", patch_set=sealed)["outcome"]["code"] == "applied"
    assert ("lab-newcomer", "1.1", "all") in lab.host("next").packages()


@pytest.mark.parametrize(("kind", "code"), [("withdrawn", "member_missing"), ("rebuilt", "member_changed")])
def test_a_member_that_is_not_what_was_proven_is_refused_by_name(lab: Lab, kind: str, code: str) -> None:
    sealed = prove(lab, packages=["lab-goodapp"])
    faults.inject(lab, kind, "bookworm-security/lab-goodapp")
    before = lab.host("next").packages()
    refused = transact(lab, "next", patch_set=sealed)
    assert (refused["outcome"]["class"], refused["outcome"]["code"]) == ("refused", code), refused["outcome"]
    assert "lab-goodapp 1.1" in refused["outcome"]["message"]
    assert lab.host("next").packages() == before


def test_a_dependency_that_is_not_in_the_set_is_refused_by_name(lab: Lab) -> None:
    sealed = prove(lab, packages=["lab-needsnew"])
    platform = sealed["platforms"]["debian-12-amd64"]
    members = [one for one in platform["packages"] if one["name"] != "lab-newcomer"]
    smaller = seal({"debian-12-amd64": {**platform, "packages": members}}, "2026-11-22T10:00:00Z")
    refused = transact(lab, "next", patch_set=smaller)
    assert refused["outcome"]["code"] == "not_in_patch_set", refused["outcome"]
    assert "lab-newcomer" in refused["outcome"]["message"]


def test_an_altered_set_is_refused(lab: Lab) -> None:
    sealed = prove(lab, packages=["lab-goodapp"])
    sealed["platforms"]["debian-12-amd64"]["packages"][0]["version"] = "6.6.6"
    assert transact(lab, "next", patch_set=sealed)["outcome"]["code"] == "patch_set_tampered"


def test_a_set_for_other_platforms_is_refused(lab: Lab) -> None:
    sealed = prove(lab, packages=["lab-goodapp"])
    refused = transact(lab, "other", patch_set=sealed)
    assert refused["outcome"]["code"] == "platform_missing"
    assert "debian-13" in refused["outcome"]["message"]
