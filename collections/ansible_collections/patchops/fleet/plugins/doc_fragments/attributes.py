# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says about check mode, diff mode and idempotence."""

from __future__ import annotations


class ModuleDocFragment:
    """The descriptions; each module adds its own C(support)."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would be changed, without changing anything.
  diff_mode:
    description: Returns what would be changed in a readable form when in diff mode.
  idempotent:
    description: Changes nothing when it is run again with the same arguments.
  action:
    description: A part runs on the controller, in an action plugin.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would be changed, without changing anything.
    support: full
    details:
      - This module only reads.
  diff_mode:
    description: Returns what would be changed in a readable form when in diff mode.
    support: N/A
    details:
      - This module only reads.
  idempotent:
    description: Changes nothing when it is run again with the same arguments.
    support: full
  action:
    description: A part runs on the controller, in an action plugin.
    support: full
"""
