# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab raises."""


class LabError(Exception):
    """Something about a lab went wrong; the message says what, where, what is left and what to do."""
