# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchOps: schedules the plays of the collection `patchops.fleet` and turns their reports into answers."""

__version__ = "0.1.0"
