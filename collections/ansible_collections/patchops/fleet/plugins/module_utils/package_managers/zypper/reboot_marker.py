# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file by which zypper asks for a reboot, and which nothing but a reboot takes away.

After a kernel has come and gone, nobody needs that reboot any more. What a change of ours left is taken away
when the change was taken back; what was there before, or was written again since, is somebody else's wish.
"""

import os
from typing import Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text_or_none
from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file

# zypper needs-rebooting looks at nothing else.
MARKER = "/run/reboot-needed"
# Beside it: both are gone with the boot.
NOTE = "/run/patchops-reboot-needed"


def is_set() -> bool:
    """Tell whether somebody asks for a reboot."""
    return os.path.exists(MARKER)


def note() -> None:
    """Remember a marker that has just come with a change of ours."""
    written = _written()
    if written:
        write_file(NOTE, written.encode("ascii"))


def withdraw() -> None:
    """Take away the marker that `note` saw, when it is still that one."""
    noted = read_text_or_none(NOTE)
    if noted is None:
        return
    if noted == _written():
        os.unlink(MARKER)
    os.unlink(NOTE)


def _written() -> Optional[str]:
    try:
        return str(os.stat(MARKER).st_mtime_ns)
    except FileNotFoundError:
        return None
