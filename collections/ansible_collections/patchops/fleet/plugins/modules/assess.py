#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: assess
short_description: Say which advisories apply to which host, how urgent they are, and why
version_added: 0.1.0
description:
  - Works on the controller alone. It joins the host documents that M(patchops.fleet.host_info) stored with an
    advisory database and a policy, and gives findings with state, due date and rank, and the patch set that
    the baseline of the policy approves.
  - A host that was never scanned, or that could not be read completely, is counted as unknown, never as
    compliant.
  - Exposure and criticality are read from the inventory variables C(patchops_exposure) (V(exposed),
    V(internal) or V(unknown)), C(patchops_exposed_since) and C(patchops_criticality). Unknown exposure counts
    as exposed.
  - The documents are kept where the variable C(patchops_document_store) says.
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode neither documents nor the ledger are written.
  diff_mode:
    support: none
  idempotent:
    support: full
  action:
    support: full
options:
  database:
    description:
      - The advisory database, a file on the controller.
    type: path
    required: true
  hosts:
    description:
      - The hosts to assess.
      - By default all hosts of the play, those that failed or are unreachable included.
    type: list
    elements: str
  policy:
    description:
      - The policy file on the controller, with the rules for due dates, waivers and the baseline.
      - Without it due dates follow CISA BOD 26-04, nothing is waived, and security updates are approved at
        once.
    type: path
  ledger:
    description:
      - A file on the controller that remembers due dates and when updates were first seen.
      - Without it nothing is known of earlier due dates, and approval delays never end.
    type: path
  report:
    description:
      - The report of the last patch run, a file on the controller.
      - A missing fix whose update failed there, or was taken back, is V(failed).
    type: path
  include_installed:
    description:
      - List also the fixes that are installed and in effect.
    type: bool
    default: false
  most_urgent:
    description:
      - How many of the most urgent findings to return. All of them are in the document.
    type: int
    default: 20
  stats:
    description:
      - Set the artifact C(patchops_run), from which a later job of a workflow deploys the patch set.
    type: bool
    default: false
seealso:
  - module: patchops.fleet.host_info
  - module: patchops.fleet.transaction
"""

EXAMPLES = r"""
- name: Assess every host of the play
  patchops.fleet.assess:
    database: /var/lib/patchops-controller/advisories.sqlite3
    policy: "{{ playbook_dir }}/policy.yml"
    ledger: /var/lib/patchops-controller/ledger.sqlite3
  run_once: true
  register: assessed

- name: Show what is most urgent
  ansible.builtin.debug:
    var: assessed.most_urgent
  run_once: true
"""

RETURN = r"""
outcome:
  description: What came of the call.
  returned: always
  type: dict
  contains:
    class:
      description: V(ok) or V(refused).
      type: str
    code:
      description: One of the documented outcome codes.
      type: str
    message:
      description: What happened.
      type: str
    remedy:
      description: What to do about it.
      type: str
summary:
  description: One line for people.
  returned: always
  type: str
totals:
  description: Hosts by status, findings by state, and how many are overdue and exploited.
  returned: success
  type: dict
intelligence:
  description:
    - How current the facts on exploitation are, by V(kev), V(epss) and V(ssvc).
    - Where KEV is missing or stale, a CVE that it does not list counts as exploited for due dates.
  returned: success
  type: dict
  contains:
    kev:
      description: CISA's catalogue of exploited vulnerabilities; V(epss) and V(ssvc) have the same parts.
      type: dict
      contains:
        status:
          description: V(current), V(stale) or V(missing).
          type: str
        as_of:
          description: The date of the content.
          type: str
        age_days:
          description: Days since that date.
          type: int
hosts:
  description: Status, number of overdue findings and approved updates (C(name=version)), by host.
  returned: success
  type: dict
most_urgent:
  description: The most urgent open findings.
  returned: success
  type: list
  elements: dict
waiver_notices:
  description: Waivers that expired, expire soon, overlap or cover nothing.
  returned: success
  type: list
  elements: dict
patch_set_id:
  description: The id of the patch set that the baseline approves.
  returned: success
  type: str
patch_set:
  description: That patch set, compressed, so that it can ride in an artifact.
  returned: success
  type: str
patch_set_document:
  description: Where the patch set was kept.
  returned: success
  type: str
document:
  description: Where the findings were kept.
  returned: success
  type: str
"""
