# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says that works with the plan of a run."""

from __future__ import annotations


class ModuleDocFragment:
    """The argument that takes the plan."""

    DOCUMENTATION = r"""
options:
  plan:
    description:
      - The plan of the run, from M(patchops.fleet.run_plan).
    type: dict
    required: true
"""
