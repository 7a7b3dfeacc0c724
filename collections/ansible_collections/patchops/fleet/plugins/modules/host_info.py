#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: host_info
short_description: Learn in one round trip what a host runs, what is pending and whether that can be believed
version_added: 0.1.0
description:
  - Collects the host document. It holds the distribution and the end of its support, the kernels, every
    package with its source and origin, pending updates and which of them are security updates, repositories
    with signature, age and expiry, units, whether a reboot is required and why, and free space.
  - What could not be read is V(null) in the document and named in its C(errors), never empty.
  - The document is stored on the controller as the variable C(patchops_document_store) says and doesn't ride
    in the result. The host keeps its last complete one as C(/var/lib/patchops/host.json.gz).
  - A host that can't be asked gives a failed result with an outcome of class V(unreachable), not an
    unreachable host, so that it stays in the play and in the report.
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.attributes.info
  - patchops.fleet.source_terms
attributes:
  check_mode:
    details:
      - In check mode the host keeps no document. With O(refresh=true) the repositories are read all the same.
options:
  subsets:
    description:
      - The parts of the document to collect.
      - V(packages) includes holds and interrupted changes, V(repositories) the state of the security source.
    type: list
    elements: str
    choices:
      - os
      - machine
      - kernel
      - boot
      - packages
      - updates
      - repositories
      - units
      - reboot
      - restarts
      - space
      - updaters
    default:
      - os
      - machine
      - kernel
      - boot
      - packages
      - updates
      - repositories
      - units
      - reboot
      - restarts
      - space
      - updaters
  refresh:
    description:
      - Read the repositories anew before anything else.
      - Repositories that fail are named in the document, also where the package manager calls that a success.
    type: bool
    default: false
seealso:
  - module: patchops.fleet.transaction
"""

EXAMPLES = r"""
- name: Collect everything, with fresh repositories
  patchops.fleet.host_info:
    refresh: true
  become: true
  register: scanned

- name: See whether a reboot is required
  patchops.fleet.host_info:
    subsets:
      - reboot
  become: true
"""

RETURN = r"""
outcome:
  description: What came of the call.
  returned: always
  type: dict
  contains:
    class:
      description:
        - V(ok) when there is a document, V(unreachable) when the host could not be asked, V(unknown) when
          its answer could not be read.
      type: str
    code:
      description: The exact case.
      type: str
    message:
      description: What happened, on which host, and in which state that is.
      type: str
    remedy:
      description: What to do about it, empty when there is nothing to do.
      type: str
  sample:
    class: ok
    code: collected
    message: 17 updates pending, 12 of them for security
    remedy: ""
summary:
  description: One line for people.
  returned: always
  type: str
document:
  description: Path or URL of the stored host document, V(null) when no store keeps it.
  returned: when the host could be asked
  type: str
host:
  description: The few facts that decide what happens to the host next.
  returned: when the host could be asked
  type: dict
  contains:
    os:
      description: The distribution and the end of its support.
      type: dict
    pending:
      description: How many updates are pending, V(null) when that could not be read.
      type: dict
      sample:
        total: 17
        security: 12
    security_source:
      description:
        - Whether the source of security updates can be believed; with C(status) and C(reason).
        - C(as_of) is the date of the oldest index, and C(sources) says of each whether it moved since the
          scan before.
      type: dict
    reboot:
      description: Whether a reboot is required and why; with C(required) and C(reasons).
      type: dict
    interrupted:
      description: Whether an earlier change of packages was interrupted.
      type: bool
    platform:
      description: The platform that patch sets are made for.
      type: str
      sample: debian-12-amd64
    machine:
      description: Machine-id, boot id and host name; two names that share all three are one machine.
      type: list
      elements: str
    refreshed:
      description: Whether every repository was read anew, without a complaint.
      type: bool
    unread:
      description: The first complaint about a repository, V(null) when there was none.
      type: dict
    known_since:
      description:
        - Since when the document store knows the host as this machine (machine-id and name), in UTC. Null
          where it did not so far.
      type: str
    clock_offset_seconds:
      description: How far the host's clock is ahead of the controller's, in seconds.
      type: int
"""

from ansible_collections.patchops.fleet.plugins.module_utils.operations.as_module import run_module
from ansible_collections.patchops.fleet.plugins.module_utils.operations.host_info import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
