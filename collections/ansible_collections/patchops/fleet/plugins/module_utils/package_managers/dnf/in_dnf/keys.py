# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the signature of a downloaded package, also when its key is not in the rpm database yet."""

from typing import Any, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.signatures import (
    Keyrings,
    unsafe_key,
)

try:
    import dnf.crypto
except ImportError:
    dnf = None  # see opening.py

_KEY_MISSING = 1


def check(base: Any, package: Any, keyrings: Keyrings) -> Optional[str]:
    """Return what is wrong with the signature, None when it is good or its repository asks for none."""
    result, message = base._sig_check_pkg(package)
    if result == _KEY_MISSING:
        # dnf would add the key to the rpm database; staging must not change the host.
        repo = base.repos[package.reponame]
        message = unsafe_key(repo.id, repo.gpgkey) or keyrings.check(
            package.localPkg(), repo.id, lambda: _read(repo)
        )
    return (" ".join(str(message).split()) or None) if result else None


def _read(repo: Any) -> List[bytes]:
    return [key.raw_key for url in repo.gpgkey for key in dnf.crypto.retrieve(url, repo)]
