# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the engine's playbooks with ansible-runner: environment, secrets, fence, cancelling, events."""
