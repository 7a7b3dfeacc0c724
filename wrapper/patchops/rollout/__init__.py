# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure core of rollouts: what happens next, decided from counters, without a clock or any I/O."""
