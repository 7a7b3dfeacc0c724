# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an emulated machine of the lab is started: everything in software, so that it runs everywhere."""

from pathlib import Path

QEMU = "qemu-system-x86_64"
_MEMORY_MIB = 768
_PROCESSORS = 2


def machine_command(disk: Path, console: Path) -> list[str]:
    """The command that starts a machine from a raw disk; its serial line is written to `console`."""
    return [
        *("setpriv", "--pdeathsig", "KILL", "--", QEMU),
        *("-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"),
        *("-smp", str(_PROCESSORS), "-m", str(_MEMORY_MIB)),
        *("-nodefaults", "-display", "none", "-no-user-config"),
        *("-serial", f"file:{console}"),
        # Nothing outlives a machine of a test but what its own kernel wrote: no need to sync.
        *("-drive", f"file={disk},format=raw,if=virtio,cache=unsafe"),
    ]
