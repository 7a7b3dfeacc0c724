# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assess from the command line: where hosts come from, and where the answer is kept."""
