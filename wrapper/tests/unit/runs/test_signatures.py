# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy requires signatures of patch sets, and nobody overrides it on the command line."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import seal
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_signature import (
    NAMESPACE,
    Signers,
    signed,
)
from patchops.errors import InputError
from patchops.runs.request import check_extra_variables
from patchops.runs.signatures import check_patch_set, required_signers, variables_of

MEMBER = {
    "name": "openssl",
    "arch": "amd64",
    "version": "3.0.17",
    "sha256": "0" * 64,
    "size": 1,
    "origin": "Debian",
    "suite": "stable",
    "action": "upgrade",
    "security": True,
}
PLATFORMS = {"debian-12-amd64": {"packages": [{**MEMBER, "proven_on": ["web1"]}], "removals": []}}


@dataclass(frozen=True)
class Site:
    """A folder with a policy that requires signatures of one key, and a patch set."""

    policy: Path
    key: Path
    signers: Path

    def patch_set(self, is_signed: bool) -> Path:
        document = seal(PLATFORMS, "2026-11-30T12:00:00Z", "november")
        file = self.policy.parent / "set.json"
        file.write_text(json.dumps(signed(document, str(self.key)) if is_signed else document), "utf-8")
        return file


@pytest.fixture
def site(tmp_path: Path) -> Site:
    key, signers, policy = tmp_path / "key", tmp_path / "keys/signers", tmp_path / "policy.yml"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    signers.parent.mkdir()
    public = key.with_suffix(".pub").read_text("ascii")
    signers.write_text(f'ops@example.org namespaces="{NAMESPACE}" {public}', "ascii")
    section = "patch_sets: {allowed_signers: keys/signers, revoked_signers: /etc/revoked}"
    policy.write_text(f"kind: patchops.policy\nschema: 1\n{section}\n", "utf-8")
    return Site(policy, key, signers)


def test_paths_begin_at_the_folder_of_the_policy(site: Site) -> None:
    wanted = Signers(str(site.signers), "/etc/revoked")
    assert required_signers(site.policy) == wanted
    assert required_signers(site.policy.parent) == wanted
    assert required_signers(None) is None


def test_the_plan_of_the_run_is_told_and_no_extra_variable_overrides_it(site: Site) -> None:
    told = variables_of(required_signers(site.policy))
    assert told == {"patchops_allowed_signers": str(site.signers), "patchops_revoked_signers": "/etc/revoked"}
    for name in told:
        with pytest.raises(InputError, match=f"-e sets {name}"):
            check_extra_variables({name: ""}, told)
    check_extra_variables({"patchops_allowed_signers": "mine"}, variables_of(None))


def test_a_set_that_nobody_signed_is_refused_before_anything_starts(site: Site) -> None:
    signers = Signers(str(site.signers))
    with pytest.raises(InputError, match="has no signature"):
        check_patch_set(site.patch_set(is_signed=False), signers)
    check_patch_set(site.patch_set(is_signed=True), signers)
    check_patch_set(site.patch_set(is_signed=False), None)


def test_a_list_of_signers_that_is_missing_lets_nothing_pass(site: Site) -> None:
    signed_set = site.patch_set(is_signed=True)
    with pytest.raises(InputError, match="can't be read"):
        check_patch_set(signed_set, required_signers(site.policy))
