# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host keeps its transactions."""

import os
import re
import stat
from typing import List

ROOT = "/var/lib/patchops"

# Also part of a unit's name and of an apt preferences file's: apt reads no file whose name holds a dot.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


def valid_id(text: str) -> bool:
    """Tell whether `text` may name a transaction: letters, digits, ``_`` and ``-``, at most 64."""
    return bool(_ID.match(text))


class StateDirectory:
    """The layout below `root` (normally ROOT)."""

    def __init__(self, root: str = ROOT) -> None:
        self.root = root
        self.lock = os.path.join(root, "lock")
        self.calls_lock = os.path.join(root, "calls.lock")
        self.fence = os.path.join(root, "fence")
        self.transactions = os.path.join(root, "transactions")

    def make(self) -> None:
        """Create what is missing, readable for root alone."""
        for path in (self.root, self.transactions):
            os.makedirs(path, mode=0o700, exist_ok=True)
            if stat.S_IMODE(os.stat(path).st_mode) != 0o700:
                os.chmod(path, 0o700)

    def transaction(self, transaction_id: str) -> "TransactionDirectory":
        """Return the layout of one transaction; raises ValueError for a name that could lead elsewhere."""
        if not valid_id(transaction_id):
            raise ValueError(f"not a transaction id: {transaction_id!r}")
        return TransactionDirectory(os.path.join(self.transactions, transaction_id))

    def kept_bytes(self) -> int:
        """Return the bytes of the packages that all transactions keep together."""
        return sum(self.transaction(name).kept_bytes() for name in self.ids())

    def ids(self) -> List[str]:
        """Return the ids of all transactions on the host, in no particular order."""
        try:
            names = os.listdir(self.transactions)
        except FileNotFoundError:
            return []
        return [
            name
            for name in names
            if valid_id(name) and os.path.exists(os.path.join(self.transactions, name, "journal.jsonl"))
        ]


class TransactionDirectory:
    """The layout of one transaction, and the room it takes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.id = os.path.basename(path)
        self.journal = os.path.join(path, "journal.jsonl")
        self.request = os.path.join(path, "request.json")
        self.plan = os.path.join(path, "plan.json")
        self.payload = os.path.join(path, "payload.zip")
        self.environment = os.path.join(path, "environment.json")
        self.packages = os.path.join(path, "packages")
        self.way_back = os.path.join(path, "way_back")
        self.way_back_packages = os.path.join(path, "way_back", "packages")
        self.way_back_state = os.path.join(path, "way_back", "state.json")
        self.etc_before = os.path.join(path, "way_back", "etc-before.json")
        self.etc_after = os.path.join(path, "way_back", "etc-after.json")
        self.etc_contents = os.path.join(path, "way_back", "etc-before.tar.gz")
        self.etc_replaced = os.path.join(path, "way_back", "etc-replaced.tar.gz")
        self.log = os.path.join(path, "worker.log")
        self.proof = os.path.join(path, "proven")
        self.watch_lock = os.path.join(path, "watch.lock")
        self.watch_waited = os.path.join(path, "watch.waited")

    def kept_bytes(self) -> int:
        """Return the bytes of the packages that are kept, those of the way back included."""
        sizes = 0
        for top in (self.packages, self.way_back):
            for directory, _directories, files in os.walk(top):
                sizes += sum(_size(os.path.join(directory, name)) for name in files)
        return sizes


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0  # it went while we looked
