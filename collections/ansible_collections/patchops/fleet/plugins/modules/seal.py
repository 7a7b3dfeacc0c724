#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: seal
short_description: Seal what a run's hosts proved as a patch set
version_added: 0.1.0
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.attributes.info
  - patchops.fleet.controller
  - patchops.fleet.plan
description:
  - Merges what the verified hosts of the run installed into one patch set for each platform, gives it its id
    and stores it.
  - Nothing is sealed when more hosts were lost than the failure budget allows. Packages that a lost host got
    in this run are left out.
  - With C(patchops_signing_key), the path of a private key on the controller, the set is signed (ssh-keygen).
  - Two hosts of one platform that proved different versions of a package are an error that names both.
seealso:
  - module: patchops.fleet.transaction
"""

EXAMPLES = r"""
- name: Seal what was proven
  patchops.fleet.seal:
    plan: "{{ hostvars['localhost'].patchops_plan }}"
  run_once: true
  delegate_to: localhost
  register: sealed
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
patch_set_id:
  description: The id of the patch set.
  returned: when a patch set was sealed
  type: str
patch_set:
  description: The patch set as it travels in an artifact, compressed and encoded.
  returned: when a patch set was sealed
  type: str
document:
  description: Path or URL of the stored patch set, V(null) when no store keeps it.
  returned: when a patch set was sealed
  type: str
"""
