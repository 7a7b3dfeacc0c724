# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real test hosts on one machine: with systemd, sshd, reboots and real pending updates."""

__version__ = "0.1.0"
