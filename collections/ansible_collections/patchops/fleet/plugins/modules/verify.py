#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: verify
short_description: Prove over a new connection that a host is as it should be
version_added: 0.1.0
description:
  - Closes the connection to the host, logs in anew and becomes root anew; then looks at package versions, at
    the units that ran before the change, at the checks given, and at whether what is installed is in effect.
  - Checks run on the host itself. A check that does not pass is tried again for O(settle) seconds.
  - The host document is collected in the same round trip and stored as the variable
    C(patchops_document_store) says.
  - Nothing on the host is changed but a note that its transaction was proven, which ends the ownership of
    its run. A transaction that waits for
    the confirmation that one can still log in has it, when everything is as it should be.
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.attributes.info
  - patchops.fleet.ownership
  - patchops.fleet.ownership.fence
  - patchops.fleet.source_terms
options:
  packages:
    description:
      - What has to be installed, exactly. When it is empty, the packages of O(transaction) are.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The package.
        type: str
        required: true
      arch:
        description: Its architecture.
        type: str
        required: true
      version:
        description: Its version. Without one the package must not be installed.
        type: str
  transaction:
    description:
      - The transaction that is verified. The units that ran before it are taken from its way back.
    type: str
  checks:
    description:
      - What has to work on the host.
    type: list
    elements: dict
    default: []
    suboptions:
      unit:
        description: A unit that has to be active.
        type: str
      tcp:
        description: A port that has to accept connections.
        type: dict
        suboptions:
          host:
            description: The address, as seen from the host.
            type: str
            default: 127.0.0.1
          port:
            description: The port.
            type: int
            required: true
      http:
        description: A page that has to be served. No proxy is used.
        type: dict
        suboptions:
          url:
            description: The address of the page, as seen from the host.
            type: str
            required: true
          status:
            description: The status that the answer must have.
            type: int
            default: 200
          contains:
            description: Text that the page must contain.
            type: str
          validate_certs:
            description: Whether the certificate has to be valid.
            type: bool
            default: true
      command:
        description:
          - A command, as a list of arguments, that has to end with 0 within ten seconds. No shell is used.
        type: list
        elements: str
  settle:
    description:
      - How long units and checks may take to come up, in seconds.
    type: int
    default: 30
  run_id:
    description: The run that this call belongs to, as in M(patchops.fleet.transaction).
    type: str
  stable:
    description:
      - How long units have to stay up before they count as running, in seconds. V(0) takes the first look for
        an answer.
      - A unit that has run for as long already is not waited for. Units that ran before the change and those
        that its packages brought are watched, but for those that systemd restarted again and again before.
        Checks have to pass at the end of the time, too.
    type: int
    default: 10
  new_login:
    description:
      - Whether a connection that is kept open is closed first. V(false) is for a host that has just rebooted,
        whose connection is new already.
    type: bool
    default: true
seealso:
  - module: patchops.fleet.transaction
  - module: patchops.fleet.reboot
"""

EXAMPLES = r"""
- name: Prove that the site is served
  patchops.fleet.verify:
    checks:
      - unit: nginx
      - http:
          url: http://127.0.0.1/health
          contains: ready
  become: true
"""

RETURN = r"""
outcome:
  description: What came of the verification, as class, code, message and remedy.
  returned: always
  type: dict
summary:
  description: One line for people.
  returned: always
  type: str
verification:
  description: Whether everything is as it should be, and each finding; C(checks) holds check, ok and detail.
  returned: when the host could be asked
  type: dict
  sample:
    ok: false
    checks:
      - check: unit nginx.service
        ok: false
        detail: failed (exit-code, status 1)
effective:
  description: Whether what is installed is what runs, V(yes), V(no) or V(unknown).
  returned: when the host could be asked
  type: str
effective_reasons:
  description: Why it is not.
  returned: when the host could be asked
  type: list
  elements: str
pending:
  description: How many updates are still pending.
  returned: when the host could be asked
  type: dict
security_source:
  description: Whether it can be believed now that no security update is missing, as C(status) and C(reason).
  returned: when the host could be asked
  type: dict
plan:
  description:
    - The plan of O(transaction), when it had not been proven before and O(packages) is empty. Its packages
      are verified then.
  returned: when the host could be asked
  type: dict
confirmed:
  description:
    - The transactions that had waited for the confirmation that one can still log in.
  returned: when everything is as it should be
  type: list
  elements: str
proven_before:
  description: Whether the transaction had been proven before this call.
  returned: when the host could be asked
  type: bool
document:
  description: Path or URL of the stored host document, V(null) when no store keeps it.
  returned: when the host could be asked
  type: str
"""

from ansible_collections.patchops.fleet.plugins.module_utils.operations.as_module import run_module
from ansible_collections.patchops.fleet.plugins.module_utils.operations.verify import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
