# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendars of a policy: when rollouts may start, when hosts may change, and when nothing may."""
