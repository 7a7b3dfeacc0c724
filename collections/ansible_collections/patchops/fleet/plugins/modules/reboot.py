#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: reboot
short_description: Bring installed updates into effect, by restarts or by a proven reboot
version_added: 0.1.0
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.ownership
  - patchops.fleet.ownership.fence
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - With O(policy=always) the host reboots once a run.
  action:
    support: full
description:
  - Restarts the services that run replaced code, or reboots the host where that is required, and comes back
    only with proof that the host did reboot.
  - The proof is a new boot id. A host on which only the login works again is reported as C(reboot_faked).
  - Before the order, what the host would boot is looked at, the kernel that should run afterwards (the newest
    installed one of the running flavour). The default entry of the boot loader has to name it, its file and
    its initramfs have to be readable to their end, modules that DKMS built for the running kernel have to be
    there for it, and C(/boot) must not be full. Otherwise the host is not rebooted (C(boot_check_failed)).
    Containers, and hosts that are started by something else than GRUB or systemd-boot, are not looked at,
    which C(boot_check) of RV(reboot) says.
  - A host is not rebooted while a transaction of PatchOps is in progress on it, nor while another run owns
    a change there that is not proven yet (C(owned_by_another)).
  - The reboot is noted on the host before it happens, so that a second call, also from another controller,
    ends what a first one began.
options:
  policy:
    description:
      - V(auto) reboots when it is required, V(always) in any case, V(never) not at all.
      - With V(auto) and V(never), services that run replaced code are restarted.
    type: str
    choices: [auto, never, always]
    default: auto
  restarts:
    description:
      - Whether services that run replaced code may be restarted.
    type: str
    choices: [auto, never]
    default: auto
  timeout:
    description:
      - How long the host may take to come back, in seconds.
    type: int
    default: 600
  run_id:
    description:
      - The run that asks. With O(policy=always) a run reboots a host once.
    type: str
    default: ""
  phase:
    description:
      - V(begin) decides and begins, V(end) looks what became of it. Set by the action; leave it alone.
    type: str
    choices: [begin, end]
    default: begin
  settle:
    description:
      - How long units may take to start after the reboot, in seconds.
    type: int
    default: 60
  kernel:
    description:
      - The release of an installed kernel to boot into, once, whatever O(policy) says. The default entry of
        the boot loader stays. Nothing is done when it runs already.
    type: str
  fallback:
    description:
      - Whether a new kernel is booted once while the former one stays the default entry, until the host has
        come up with the new one. A machine that hangs is back in the former kernel after a power cycle.
      - V(auto) does so where it is possible, V(required) does not reboot into a new kernel where it is not.
      - It takes GRUB with C(GRUB_DEFAULT=saved), on a file system that GRUB can write.
    type: str
    choices: [auto, required, never]
    default: auto
  boot_check:
    description:
      - Whether what the host would boot is looked at before it is rebooted.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Reboot where the kernel or a library asks for it
  patchops.fleet.reboot:
    policy: auto
  become: true

- name: Go back to a former kernel for one boot
  patchops.fleet.reboot:
    kernel: 6.1.0-25-amd64
  become: true
"""

RETURN = r"""
outcome:
  description: What happened, as class, code, message and remedy.
  returned: always
  type: dict
summary:
  description: One line for people.
  returned: always
  type: str
reboot:
  description:
    - Whether a reboot was required and why, whether it was done and proven, and the kernel that runs.
    - C(boot_check) is what was found before it. C(problems) keep the host from rebooting, C(unread) could not
      be looked into, C(fallback) says what was behind a new kernel, or why nothing was.
  returned: always
  type: dict
  sample:
    required: true
    reasons: ["6.1.0-28-amd64 is installed, 6.1.0-25-amd64 runs"]
    done: true
    boot_id_changed: true
    kernel: 6.1.0-28-amd64
    boot_check:
      applicable: true
      kernel: 6.1.0-28-amd64
      problems: []
      unread: []
      fallback: 6.1.0-25-amd64, the default entry until 6.1.0-28-amd64 has come up
rebooting:
  description: Whether the host goes down now. The action waits for it, so only the module by itself says so.
  returned: when a reboot was ordered
  type: bool
confirm_within:
  description: Seconds after the boot until the host takes its newest change back if nobody logs in.
  returned: when a reboot was ordered
  type: int
restarted:
  description: The services that were restarted.
  returned: when services were restarted
  type: list
  elements: str
"""

from ansible_collections.patchops.fleet.plugins.module_utils.operations.as_module import run_module
from ansible_collections.patchops.fleet.plugins.module_utils.operations.reboot import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
