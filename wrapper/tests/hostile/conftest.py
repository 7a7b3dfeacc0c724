# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's fixtures for the tests in this directory."""

from patchops_lab.testing import fresh_lab, lab_machine, shared_lab

__all__ = ["fresh_lab", "lab_machine", "shared_lab"]
