#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: run_plan
short_description: Plan a run, and refuse it before anything happens when something is wrong with it
version_added: 0.1.0
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.attributes.info
  - patchops.fleet.controller
description:
  - Resolves the hosts of a run from the variable C(patchops_hosts) and the limit, cuts them into batches, and
    gives the run its id.
  - Reads the variables that steer a run from every level of the inventory. What is not understood, names that
    match no host, hooks that are not found and hosts that disagree about the run are errors that say which
    host and which variable.
  - "Variables of the run, on which all of its hosts must agree: C(patchops_serial) (sizes of batches, such as
    V([1, 50%])), C(patchops_failure_budget) (how many hosts may be lost, as a count or a percentage, rounded
    down), C(patchops_window) and C(patchops_freeze) (when batches may start, and when not), C(patchops_seal)
    (whether what was proven is sealed), C(patchops_patch_set_name) and C(patchops_reboot_at_once) (how many
    hosts reboot at the same time, V(0) for all of a batch)."
  - "Variables of a host: what to install is C(patchops_packages), else C(patchops_patch_set) or the artifact
    C(patchops_run) of an earlier job, else C(patchops_select); further C(patchops_reboot),
    C(patchops_restarts), C(patchops_boot_check), C(patchops_boot_fallback), C(patchops_way_back),
    C(patchops_way_back_classes), C(patchops_without_snapshot), C(patchops_snapshot),
    C(patchops_way_back_limit), C(patchops_allow_removals), C(patchops_confirm_within),
    C(patchops_access_packages), C(patchops_checks), C(patchops_stable),
    C(patchops_source_max_age), C(patchops_source_frozen) and C(patchops_source_keys) (which security
    repositories are believed), C(patchops_intermittent) (being unreachable is normal), and the hooks
    C(patchops_hook_drain) and C(patchops_hook_undrain)."
  - "Of whose the hosts are: C(patchops_take_over) (names of hosts that this run takes over from another one
    which has not proven its change there; no patterns) and C(patchops_fence) (a fencing token, a number that
    grows with each owner of a rollout)."
  - "Signatures of patch sets, for the whole run: C(patchops_signing_key) (path of the key that signs what is
    sealed), C(patchops_allowed_signers) (path of a file in the format of ssh-keygen; when it is set, a patch
    set must be signed by somebody it names) and C(patchops_revoked_signers) (path of a list of keys that
    never count)."
  - C(patchops_inventory) names the inventory, the same for all of its hosts. It is known by it wherever
    its files lie; without it by AWX's address and number, else by the paths of its sources.
  - "Variables come from the inventory, the play and extra variables. Facts outrank the inventory, and a host
    can set them: one whose facts hold a name that starts with C(patchops_) or C(__patchops_) is refused."
  - "A window is C(start), C(duration), C(days) and C(timezone), or C(from) and C(until); a freeze is C(from),
    C(until) and C(reason). Either may be a list."
options:
  playbook:
    description:
      - What the run is called in its report.
    type: str
    required: true
  named_only:
    description:
      - Refuse to go on unless the hosts were named by C(patchops_hosts) or by a limit.
    type: bool
    default: false
  gated:
    description:
      - Whether the run changes hosts only behind a gate, so that a host without an open one was not started.
    type: bool
    default: false
seealso:
  - module: patchops.fleet.gate
"""

EXAMPLES = r"""
- name: Plan the run
  patchops.fleet.run_plan:
    playbook: patch
    named_only: true
  run_once: true
  delegate_to: localhost
  register: planned
"""

RETURN = r"""
outcome:
  description: What came of it, as class, code, message and remedy.
  returned: always
  type: dict
summary:
  description: One line for people.
  returned: always
  type: str
plan:
  description:
    - The plan, with C(run_id), C(inventory), C(targets), C(serial) (sizes of batches), C(batches) (number of
      each host's batch), C(budget_max), C(patch_set_id), C(window), C(freeze) and C(check_mode); C(fence),
      C(take_over) (hosts) and C(hold) (the seconds for which hosts belong to the run, C(staged) and
      C(changed)).
    - What steers the run as a whole is frozen in it, so that nothing which appears later changes it. That is
      C(hooks), C(intermittent) (hosts), C(store), C(fail_on), C(stats), C(reboot_at_once), C(drain_file) and
      C(gated).
    - C(refused) are the hosts whose facts set variables of PatchOps. Nothing is done on them.
  returned: success
  type: dict
"""
