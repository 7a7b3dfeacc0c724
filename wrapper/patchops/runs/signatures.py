# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signatures that a policy requires of patch sets."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import PatchSetError
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_signature import (
    Signers,
    check_signature,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_source import load_patch_set
from patchops.assessment.assess import policy_of
from patchops.errors import InputError


def required_signers(policy_file: Path | None) -> Signers | None:
    """Whose signatures the policy requires, with absolute paths; None where it requires none.

    Raises InputError for a policy that can't be read.
    """
    if policy_file is None or (signers := policy_of(policy_file).signers) is None:
        return None
    folder = policy_file if policy_file.is_dir() else policy_file.parent
    allowed, revoked = (
        None if path is None else str((folder / Path(path).expanduser()).absolute())
        for path in (signers.allowed, signers.revoked)
    )
    return Signers(str(allowed), revoked)


def variables_of(signers: Signers | None) -> dict[str, object]:
    """The variables that hand the requirement to the plan of a run, which checks it for every host's set."""
    if signers is None:
        return {}
    told = {"patchops_allowed_signers": signers.allowed, "patchops_revoked_signers": signers.revoked}
    return {name: path for name, path in told.items() if path is not None}


def check_patch_set(file: Path, signers: Signers | None) -> None:
    """Refuse a patch set that lacks a signature which the policy requires. Raises InputError."""
    if signers is None:
        return
    try:
        check_signature(load_patch_set(str(file)), signers, str(file))
    except (PatchSetError, DocumentError) as error:
        raise InputError(
            f"{error}.", "The policy requires signatures (patch_sets). Nothing was started."
        ) from None
