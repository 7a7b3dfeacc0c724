# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strings that come from hosts, made safe to show: the engine's own way, under the wrapper's name.

A host may put terminal escapes, line breaks or bidirectional overrides into a service name or an error
message. Shown raw they could repaint a terminal or make one line look like another, so they become visible
escapes instead.
"""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import plain

__all__ = ["plain"]
