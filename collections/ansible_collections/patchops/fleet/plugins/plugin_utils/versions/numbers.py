# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the version orders share; hosts have it too."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.versions.numbers import number, split_epoch

__all__ = ["number", "split_epoch"]
