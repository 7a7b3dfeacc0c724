#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: transaction
short_description: Change packages so that nothing is lost and everything can be taken back
version_added: 0.1.0
description:
  - Brings one change of packages on a host to a state. What is planned is applied, or nothing.
  - The work is done by a process of its own on the host, under a journal below C(/var/lib/patchops). A lost
    connection or a killed controller interrupts nothing; the next call attaches to what is under way, or
    goes on where a crash ended it.
  - The material to take the change back is on the host before the first package changes.
  - Packages that are held, and what depends on them, are left out and reported. Configuration files that were
    edited stay as they are. Nothing asks a question. Nothing is removed automatically.
  - The host's own updaters rest while packages change.
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.ownership
  - patchops.fleet.ownership.fence
attributes:
  check_mode:
    support: full
    details:
      - Check mode returns the plan. With O(refresh=true) the repositories' indexes are fetched all the same.
      - With O(refresh=false) check mode needs no root on a host that has no transactions yet.
  diff_mode:
    support: full
  idempotent:
    support: full
  action:
    support: full
options:
  state:
    description:
      - V(staged) puts the packages and the way back onto the host and installs nothing.
      - V(applied) installs what is staged; it stages first where needed.
      - V(confirmed) tells the host, over a new login, that one can still log in; see O(confirm_within).
        V(applied) does so itself when it waits for the end.
      - V(reverted) takes back what was applied (packages, automatic marks, units) and keeps the host's own
        updaters from installing these versions again.
      - V(committed) releases the way back and lifts that block. It discards what is staged.
      - V(disowned) ends the ownership of the run that calls, and changes nothing else.
    type: str
    choices:
      - staged
      - applied
      - confirmed
      - reverted
      - committed
      - disowned
    required: true
  id:
    description:
      - The transaction. Letters, digits, C(_) and C(-), at most 64.
      - Without it a call is about the newest transaction with the same content. V(reverted) then takes the
        newest one that changed the host and V(committed) all of them.
    type: str
  packages:
    description:
      - Packages to install or upgrade, as C(name), C(name:arch) or C(name=version).
    type: list
    elements: str
  patch_set:
    description:
      - A sealed patch set, as a dictionary or as the path of a file on the controller.
      - Of its members those are upgraded that are installed in an older version; those that are not installed
        come only when another member needs them. Nothing else changes.
    type: raw
  platform:
    description:
      - Which platform of O(patch_set) the host is, where that is known, such as V(debian-12-amd64).
      - Without it the host is asked first.
    type: str
  select:
    description:
      - V(security) takes the updates that close security holes, with what they need.
      - V(all) takes every update.
    type: str
    choices:
      - security
      - all
  wait:
    description: Wait for the end. Otherwise the result says that the transaction has begun.
    type: bool
    default: true
  timeout:
    description: How long to wait, in seconds. The transaction goes on when the time is over.
    type: int
    default: 3600
  lock_timeout:
    description: How long to wait for the package manager's lock, in seconds.
    type: int
    default: 120
  refresh:
    description:
      - Fetch the repositories' indexes before the plan is made.
      - A repository that can't be read, is past its date or badly signed refuses the transaction.
    type: bool
    default: true
  allow_removals:
    description: Whether the plan may remove packages. Updates that need a removal are left out otherwise.
    type: bool
    default: false
  way_back:
    description:
      - V(required) refuses the transaction unless the original of every replaced package is secured, from the
        package cache or a repository.
      - V(best_effort) also accepts packages that are rebuilt from their installed files.
      - V(none) secures nothing; the transaction can't be taken back.
    type: str
    choices:
      - required
      - best_effort
      - none
    default: required
  way_back_classes:
    description:
      - Rules for what a package's way back is, before the built-in table. The first rule that fits decides.
      - C(packages) are names or shell patterns; C(reason) is shown beside the packages.
      - C(class) V(revertible) means that packages take it back. V(snapshot_only) means that only a snapshot
        of the host does (databases, directory servers). V(forward_only) means that nothing does (boot
        loaders, microcode, firmware, the package manager itself).
      - What is not V(revertible) is installed last. When it fails, nothing is taken back and a person has to
        go on. When the others are taken back, it stays.
    type: list
    elements: dict
    default: []
  without_snapshot:
    description:
      - What happens to a plan with packages of the class V(snapshot_only) when O(snapshot) names none.
      - V(refuse) does not even stage it. V(refuse_to_apply) stages it and does not apply it, for snapshots
        that are taken right before. V(forward_only) does without a way back for these packages.
      - Nothing is refused with O(way_back=none).
    type: str
    choices:
      - refuse
      - refuse_to_apply
      - forward_only
    default: refuse
  snapshot:
    description:
      - A snapshot of the host that somebody took, in words that tell a person which one. It is kept in the
        journal, and named where it is the way back. Nothing here takes or restores it.
    type: str
  way_back_limit:
    description:
      - How much the packages that all transactions keep on the host may take together, such as C(500M).
        Beyond it nothing is staged.
    type: bytes
    default: 2G
  restart_services:
    description:
      - Restart the units that still execute replaced files.
      - Those whose restart would cut logins or the network are left for a reboot.
    type: bool
    default: true
  confirm_within:
    description:
      - How long, in seconds after the packages were installed, the host waits for a confirmation when the
        change touches what a login goes through (ssh, PAM, sudo, the network, the resolver, and their
        libraries). When none comes, it takes the change back by itself, whatever became of the controller.
        20 to 86400.
      - The confirmation is given over a new connection and a new become. V(applied) gives it when it waits
        for the end, M(patchops.fleet.verify) when it finds everything in order, M(patchops.fleet.reboot)
        after the reboot that such a change wanted.
      - V(0) never waits, so that an update may lock you out.
    type: int
    default: 900
  access_packages:
    description:
      - Further packages that a login of yours goes through, as names or patterns with C(*) and C(?).
    type: list
    elements: str
    default: []
  generation:
    description:
      - Counts the attempts at the same content. A higher one starts a new transaction where the earlier one
        has ended, and attaches where it is under way.
    type: int
    default: 1
  supersede_staged:
    description: Whether another transaction that is staged and not applied gives way to this one.
    type: bool
    default: false
  run_id:
    description:
      - The run that this call belongs to. Until its change is verified, the run owns the transaction, and
        every call renews that. Calls of other runs may join in (the same selection, or taking back what is
        being taken back) and own it then. They may not release, take back, replace or reboot over it
        (C(owned_by_another)).
    type: str
seealso:
  - module: patchops.fleet.transaction_info
  - module: patchops.fleet.host_info
"""

EXAMPLES = r"""
- name: Put the security updates onto the host before the window opens
  patchops.fleet.transaction:
    state: staged
    select: security
  become: true

- name: Install them
  patchops.fleet.transaction:
    state: applied
    select: security
  become: true
  register: patched

- name: Take them back
  patchops.fleet.transaction:
    state: reverted
    id: "{{ patched.transaction.id }}"
  become: true

- name: Update the database, whose snapshot a task before this one took
  patchops.fleet.transaction:
    state: applied
    packages: [postgresql-15]
    snapshot: vm-17@before-patching
  become: true

- name: Release every way back
  patchops.fleet.transaction:
    state: committed
  become: true
"""

RETURN = r"""
outcome:
  description: What came of the call; with C(class), C(code), C(message) and C(remedy).
  returned: always
  type: dict
  sample:
    class: ok
    code: applied
    message: 17 packages changed as planned.
    remedy: ""
summary:
  description: One line for people.
  returned: always
  type: str
transaction:
  description: The transaction; with C(id), C(state) and C(journal) (a path on the host).
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
plan:
  description:
    - The frozen plan. C(packages) are the changes, C(held) and C(blocked) what was left out,
      C(download_bytes) and C(disk_bytes) sizes, C(platform) the key of the host's platform in a patch set,
      C(confirm) whether applying it has to be confirmed.
  returned: when there is one
  type: dict
way_back:
  description:
    - What packages take back of the plan, and what not. C(revertible) is how many packages;
      C(snapshot_only) and C(forward_only) list the others, each with C(name) and C(reason).
  returned: when there is a plan
  type: dict
  sample:
    revertible: 16
    snapshot_only: []
    forward_only:
      - name: intel-microcode
        reason: processors and devices may keep newer microcode or firmware and refuse an older one
transactions:
  description: The transactions that were released.
  returned: when something was released
  type: list
  elements: str
reboot_first:
  description: The C(kernel) that the host has to run before the transaction can be taken back.
  returned: when the kernel that would be removed is the running one
  type: dict
freed_bytes:
  description: How much room was freed, in bytes.
  returned: when something was released
  type: int
host_state:
  description: Which packages the host has when the transaction has failed, V(former), V(mixed) or V(unknown).
  returned: when the transaction has failed
  type: str
services:
  description:
    - The units that executed replaced files; C(restarted), C(failed) (they did not start again) and C(left)
      (with C(unit) and C(reason); they want a reboot).
  returned: when the transaction got that far
  type: dict
confirm:
  description:
    - Whether the change has to be confirmed (C(needed)), because of which packages (C(by)), which of them
      packages don't take back (C(stays)), C(within) how many seconds, and the C(reason) where it is not
      needed although there are such packages.
    - C(state) is V(pending), V(confirmed), V(unconfirmed) (the host took the change back by itself),
      V(released) (a call took it back), or V(null) where the host never waited.
  returned: when there is a transaction
  type: dict
  sample:
    needed: true
    by: [openssh-server]
    stays: []
    within: 900
    reason: null
    state: confirmed
document:
  description: Path or URL of the stored transaction document, V(null) when no store keeps it.
  returned: when the transaction has come to rest
  type: str
"""

from ansible_collections.patchops.fleet.plugins.module_utils.operations.as_module import run_module
from ansible_collections.patchops.fleet.plugins.module_utils.operations.transaction import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
