# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring what is installed into effect: restarts where they do, a reboot with proof where they don't."""
