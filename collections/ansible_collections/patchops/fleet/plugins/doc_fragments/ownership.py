# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says that acts for a run on its hosts."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that tell a host whose call it is."""

    DOCUMENTATION = r"""
options:
  claim:
    description:
      - Who calls, for a host on which another run has not proven its change yet. The action fills it in from
        the plan of the run; see O(run_id). A call without O(run_id) owns nothing.
    type: dict
    suboptions:
      inventory:
        description: The inventory of the run.
        type: str
        default: ""
      controller:
        description: The user and machine that the run is started on.
        type: str
        default: ""
      seconds:
        description: For how long the run owns the host after this call unless it calls again. 60 to 2592000.
        type: int
        default: 7200
      take_over:
        description: Whether to act although another run owns the host, and to own it from then on.
        type: bool
        default: false
"""

    FENCE = r"""
options:
  fence:
    description:
      - A number that grows with each owner of a rollout. The host keeps the newest one, and a call with an
        older one is refused. Playbooks take it from C(patchops_fence).
    type: int
"""
