# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs "patchops lab" as "python -m patchops_lab"."""

from patchops_lab.cli import lab

lab(prog_name="patchops lab")
