# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of packages on this host: planned, staged, applied and taken back under a journal."""
