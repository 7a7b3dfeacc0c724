#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: host_side
short_description: The host's half of this collection's actions
version_added: 0.1.0
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - As the module that is named in O(operation).
  action:
    support: none
description:
  - What the actions of this collection send to hosts. It is not meant for playbooks, which use the module
    that O(operation) names.
  - Ansible packs each module that a run uses, with all that it imports, which takes the controller longer
    than several tasks on a host. The modules of this collection share most of their code, so one is packed
    for all of them.
options:
  operation:
    description:
      - What the host is asked for.
    type: str
    choices: [host_info, reboot, transaction, transaction_info, verify]
    required: true
  arguments:
    description:
      - The options of the module of that name.
    type: dict
    default: {}
seealso:
  - module: patchops.fleet.host_info
  - module: patchops.fleet.reboot
  - module: patchops.fleet.transaction
  - module: patchops.fleet.transaction_info
  - module: patchops.fleet.verify
"""

EXAMPLES = r"""
- name: Ask for the newest transaction, without keeping its document
  patchops.fleet.host_side:
    operation: transaction_info
  become: true
"""

RETURN = r"""
outcome:
  description: What came of it, as class, code, message and remedy; with what else the operation returns.
  returned: always
  type: dict
summary:
  description: One line for people.
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.patchops.fleet.plugins.module_utils.operations.as_module import answer, validated
from ansible_collections.patchops.fleet.plugins.module_utils.operations.table import OPERATIONS, find


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "operation": {"type": "str", "choices": list(OPERATIONS), "required": True},
            "arguments": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    name = module.params["operation"]
    operation = find(name)
    answer(module, operation.perform(validated(module, name, operation), module.check_mode))


if __name__ == "__main__":
    main()
