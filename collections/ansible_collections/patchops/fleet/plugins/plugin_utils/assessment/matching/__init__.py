# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Matching: which advisories apply to a host, from its host document and the advisory database."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import Freshness
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.matcher import Matcher

__all__ = ["Freshness", "Matcher"]
