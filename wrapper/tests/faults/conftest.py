# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's fixtures for the tests in this directory."""

from patchops_lab.testing import lab_machine, make_lab

__all__ = ["lab_machine", "make_lab"]
