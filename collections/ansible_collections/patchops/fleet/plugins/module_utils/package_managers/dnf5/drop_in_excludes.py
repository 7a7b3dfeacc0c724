# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep versions that were taken back from coming again through the host's own updaters: excludes of dnf 5.

Each transaction has a configuration file of its own; their excludes add up with those of dnf.conf.
"""

import os
from typing import Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file

DIRECTORY = "/etc/dnf/libdnf5.conf.d"


def block(versions: List[Dict[str, str]], transaction_id: str) -> List[str]:
    """Exclude `versions` ([{name, version}]); return the excludes."""
    names = sorted("{name}-{version}".format(**one) for one in versions)
    text = (
        "# Versions that PatchOps took back; goes when the transaction is committed.\n"
        f"[main]\nexcludepkgs={','.join(names)}\n"
    )
    os.makedirs(DIRECTORY, exist_ok=True)
    write_file(path_of(transaction_id), text.encode("utf-8"), mode=0o644)
    return names


def unblock(transaction_id: str) -> None:
    """Take back what `block` did for a transaction."""
    try:
        os.unlink(path_of(transaction_id))
    except FileNotFoundError:
        pass


def path_of(transaction_id: str) -> str:
    """Return the file with the excludes of a transaction."""
    return os.path.join(DIRECTORY, f"patchops-{transaction_id}.conf")
