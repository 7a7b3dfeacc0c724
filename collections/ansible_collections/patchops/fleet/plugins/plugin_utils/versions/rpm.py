# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort keys for RPM's epoch:version-release; hosts sort by them too."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.versions.rpm import key, split

__all__ = ["key", "split"]
