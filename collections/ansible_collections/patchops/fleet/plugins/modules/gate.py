#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: gate
short_description: Decide whether a batch may start
version_added: 0.1.0
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.attributes.info
  - patchops.fleet.controller
  - patchops.fleet.plan
description:
  - Closed when more hosts of the run are lost than its failure budget allows, inside a freeze, or outside of
    the windows.
  - A host is lost when it was changed by this run and then failed, became unreachable, was taken back or
    can't be known; and when it was unreachable before, unless C(patchops_intermittent) is set for it.
notes:
  - The gate is closed, whatever else holds, once the file exists that the variable C(patchops_drain_file)
    names.
seealso:
  - module: patchops.fleet.run_plan
"""

EXAMPLES = r"""
- name: Ask whether this batch may start
  patchops.fleet.gate:
    plan: "{{ hostvars['localhost'].patchops_plan }}"
  run_once: true
  delegate_to: localhost
  register: gate
  failed_when: false
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
open:
  description: Whether the batch may start.
  returned: always
  type: bool
reason:
  description: Why, for people.
  returned: always
  type: str
budget:
  description: How many hosts may be lost (C(max)), are lost (C(lost)), and of how many (C(membership)).
  returned: always
  type: dict
batch:
  description: The number of the batch, from 1.
  returned: always
  type: int
same_machine:
  description:
    - The hosts that are refused, each with the names of those that say they are the same running machine. Of
      several names for one machine the one goes on that the document store has known for longest. Where it
      knows none of them so far, all of them are refused. Other hosts go on.
  returned: always
  type: dict
at:
  description: When it was asked, in UTC.
  returned: always
  type: str
"""
