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
  - Tells where the transactions of a host stand. Never acts.
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.attributes.info
options:
  id:
    description:
      - The transaction to describe. Without it the newest is described that is not committed.
    type: str
  wait_seconds:
    description: How long to wait, in seconds, for a transaction that is under way to come to rest.
    type: int
    default: 0
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
plan:
  description: The frozen plan of the described transaction.
  returned: when there is one
  type: dict
document:
  description: Path or URL of the stored transaction document, V(null) when no store keeps it.
  returned: when the transaction has come to rest
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.answers import inform
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.calls import platform
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.survey import SurveyError


def main():
    module = AnsibleModule(
        argument_spec={"id": {"type": "str"}, "wait_seconds": {"type": "int", "default": 0}},
        supports_check_mode=True,
    )
    try:
        if os.geteuid() != 0:
            raise DriverError("not_root", "Journals are readable for root alone.", "Set become: true.")
        result = inform(
            StateDirectory(), module.params["id"], module.params["wait_seconds"], platform(detect())
        )
    except DriverError as error:
        result = make_result(error.code, error.message, error.remedy, transaction=None, transactions=[])
    except SurveyError as error:
        result = make_result(
            "transaction_state",
            "{0}.".format(error),
            "Move that directory away when its transaction is of no interest any more.",
            transaction=None,
            transactions=[],
        )
    result.pop("diff", None)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
