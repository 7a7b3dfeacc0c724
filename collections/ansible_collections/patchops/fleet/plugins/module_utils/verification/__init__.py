# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host is as it should be after a change: packages, units, checks, and what runs."""
