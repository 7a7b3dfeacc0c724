#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: report
short_description: Write the report of a run, and fail where the run failed
version_added: 0.1.0
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.attributes.info
  - patchops.fleet.controller
  - patchops.fleet.plan
description:
  - Builds the report from what the steps of the run registered for each of its hosts, those that were never
    started included, and stores it.
  - Sets the artifact C(patchops_run), from which a later job takes the patch set.
"""

EXAMPLES = r"""
- name: Report
  patchops.fleet.report:
    plan: "{{ hostvars['localhost'].patchops_plan }}"
  run_once: true
  delegate_to: localhost
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
result:
  description: What the run came to, V(done), V(stopped), V(failed) or V(unknown).
  returned: always
  type: str
totals:
  description: How many hosts are in which state. Every host is counted once.
  returned: always
  type: dict
document:
  description: Path or URL of the stored report, V(null) when no store keeps it.
  returned: always
  type: str
"""
