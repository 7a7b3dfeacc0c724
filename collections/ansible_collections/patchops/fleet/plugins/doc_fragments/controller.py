# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says that is an action on the controller alone."""

from __future__ import annotations


class ModuleDocFragment:
    """How such a module is used."""

    DOCUMENTATION = r"""
options: {}
notes:
  - This is an action that runs on the controller and connects to no host. Use it with C(run_once) and
    C(delegate_to=localhost).
"""
