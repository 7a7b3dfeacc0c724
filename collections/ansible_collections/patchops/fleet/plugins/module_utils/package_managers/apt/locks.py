# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds the locks of apt and dpkg."""

from typing import Any, Dict, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import file_locks

LOCK_FILES = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/lib/apt/lists/lock",
    "/var/cache/apt/archives/lock",
)


def find_holder() -> Optional[Dict[str, Any]]:
    """Return {pid, command} of the first process that holds one of apt's locks, or None."""
    return file_locks.find_holder(LOCK_FILES)
