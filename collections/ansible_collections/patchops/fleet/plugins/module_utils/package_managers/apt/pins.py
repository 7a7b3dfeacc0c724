# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep versions that were taken back from coming again through the host's own updaters: an apt pin."""

import os
from typing import Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file

DIRECTORY = "/etc/apt/preferences.d"


def path(transaction_id: str) -> str:
    """Return the file that blocks for a transaction."""
    return os.path.join(DIRECTORY, f"patchops-{transaction_id}")


def pins(versions: List[Dict[str, str]], transaction_id: str) -> str:
    """Return the preferences that keep `versions` ([{name, version}]) from being installed.

    Of every architecture: a bare name is the package of the host's own one alone.
    """
    head = (
        f"Explanation: Taken back by PatchOps, transaction {transaction_id}.\n"
        "Explanation: Goes when that transaction is committed.\n"
    )
    return "\n".join(
        f"{head}Package: {one['name']}:any\nPin: version {one['version']}\nPin-Priority: -1\n"
        for one in versions
    )


def block(versions: List[Dict[str, str]], transaction_id: str) -> None:
    """Write the pins; apt reads them with its next start."""
    os.makedirs(DIRECTORY, exist_ok=True)
    # apt reads it as any user.
    write_file(path(transaction_id), pins(versions, transaction_id).encode("utf-8"), mode=0o644)


def unblock(transaction_id: str) -> None:
    """Remove the pins, if there are any."""
    try:
        os.unlink(path(transaction_id))
    except FileNotFoundError:
        pass
