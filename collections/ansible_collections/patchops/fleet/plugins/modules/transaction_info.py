#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: transaction_info
short_description: Read the journals of a host's transactions
version_added: 0.1.0
description:
  - Tells where the transactions of a host stand. Changes nothing but how long
    the run of O(run_id) owns its transactions, which every call of it renews.
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.attributes.info
  - patchops.fleet.ownership
options:
  id:
    description:
      - The transaction to describe. Without it the newest is described that is not committed.
    type: str
  wait_seconds:
    description: How long to wait, in seconds, for a transaction that is under way to come to rest.
    type: int
    default: 0
  run_id:
    description: The run that this call belongs to, as in M(patchops.fleet.transaction).
    type: str
seealso:
  - module: patchops.fleet.transaction
"""

EXAMPLES = r"""
- name: See what PatchOps keeps on the host
  patchops.fleet.transaction_info:
  become: true
  register: kept
"""

RETURN = r"""
outcome:
  description:
    - What came of the described transaction, or C(started) while it is under way; with C(class), C(code),
      C(message) and C(remedy).
  returned: always
  type: dict
summary:
  description: One line for people.
  returned: always
  type: str
transaction:
  description: The described transaction; with C(id), C(state) and C(journal) (a path on the host).
  returned: when there is one
  type: dict
live:
  description: Whether a worker is at work on it now.
  returned: when there is a transaction
  type: bool
goal:
  description: The state that its worker is bringing it to, V(null) when none is.
  returned: when there is a transaction
  type: str
interrupted:
  description: Whether its worker died, or could not go on. The same call goes on from there.
  returned: when it is so
  type: bool
host_state:
  description: Which packages the host has when the transaction has failed, V(former), V(mixed) or V(unknown).
  returned: when the transaction has failed
  type: str
services:
  description: The units that executed replaced files; as in M(patchops.fleet.transaction).
  returned: when the transaction got that far
  type: dict
confirm:
  description: Whether the change has to be confirmed; as in M(patchops.fleet.transaction).
  returned: when there is a transaction
  type: dict
transactions:
  description:
    - All transactions that are not committed, oldest first; with C(id), C(state), C(host_state),
      C(created_at), C(updated_at), C(superseded_by) and C(request).
  returned: always
  type: list
  elements: dict
platform:
  description: The key of the host's platform in a patch set.
  returned: always
  type: str
  sample: debian-12-amd64
kept_bytes:
  description: How much room the packages of all transactions take on the host, ways back included.
  returned: always
  type: int
way_back:
  description: What packages take back of the plan, and what not; as in M(patchops.fleet.transaction).
  returned: when there is a plan
  type: dict
plan:
  description: The frozen plan of the described transaction.
  returned: when there is one
  type: dict
document:
  description: Path or URL of the stored transaction document, V(null) when no store keeps it.
  returned: when the transaction has come to rest
  type: str
"""

from ansible_collections.patchops.fleet.plugins.module_utils.operations.as_module import run_module
from ansible_collections.patchops.fleet.plugins.module_utils.operations.transaction_info import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
