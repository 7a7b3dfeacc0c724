# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is in /etc, and which of it a transaction that was taken back has to put back itself.

Package managers put back the files of packages. What scripts of packages write (ca-certificates.conf, the
links in ssl/certs) stays as the newer version left it, or as the older version makes of that.
"""

import errno
import fnmatch
import hashlib
import os
import re
import stat
from typing import Any, Dict, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.untrusted_paths import (
    open_directory,
    open_plain,
    opened_directory,
    read_blocks,
)

# {path below the top: {kind (file, link or directory), mode, uid, gid, content, attributes}}; `content` is a
# file's SHA-256, where a link leads, None for a directory.
Entry = Dict[str, Any]
Entries = Dict[str, Entry]

# What is there and can't be read must not be taken for absent: it would be put back, or removed.
UNREADABLE: Entry = {"kind": "unreadable"}

# Never looked at; a pattern that names a directory stands for all that is in it.
_LEFT_ALONE = (
    # Who the host and its users are: a former version would forget accounts, passwords and keys.
    *("passwd", "passwd-", "shadow", "shadow-", "group", "group-", "gshadow", "gshadow-", ".pwd.lock"),
    *("subuid", "subuid-", "subgid", "subgid-", "hostname", "machine-id", "ssh/ssh_host_*"),
    # Written by running programs as the host lives, or made anew from other files.
    *("mtab", "resolv.conf", "adjtime", ".updated", "ld.so.cache", "udev/hwdb.bin"),
    *("lvm/archive", "lvm/backup", "letsencrypt", "cups/subscriptions.conf*"),
    # The history of /etc that etckeeper and people keep.
    *(".git", ".hg", ".bzr", ".svn"),
    # Our own: blocks, and the unit that waits for a confirmation.
    *("patchops-*", "*/patchops-*", "*.patchops-new"),
)
_IS_LEFT_ALONE = re.compile("|".join(fnmatch.translate(pattern) for pattern in _LEFT_ALONE))
_ATTRIBUTES = ("security.selinux", "security.capability", "system.posix_acl_access")

# Above it files are told apart by size and time; below, they may take this much together in one look.
_HASHED = 64 << 20
_HASHED_IN_ALL = 2 << 30
# Each level keeps a descriptor open.
_DEEPEST = 64

Judgement = NamedTuple("Judgement", [("put_back", List[str]), ("differing", List[str])])


def look(top: str) -> Entries:
    """Return what is below `top`, apart from what is left alone. Links are not followed.

    What is mounted there is not looked into: a cluster's own files, or a share of another host, are not the
    host's, and may be gone. Raises OSError for a directory that can't be listed.
    """
    found: Entries = {}
    with opened_directory(os.path.abspath(top)) as place:
        _look_into(place, "", found, _Hashing())
    return found


class _Hashing:
    """Tells what is in files within a bounded time: a user's file may be as large as he likes."""

    def __init__(self) -> None:
        self._left = _HASHED_IN_ALL

    def content(self, descriptor: int) -> str:
        """Return the SHA-256 of an open file, or its size and time where it is too large to be read."""
        total, read, size = hashlib.sha256(), 0, os.fstat(descriptor).st_size
        if size <= min(_HASHED, self._left):
            for block in read_blocks(descriptor):
                total.update(block)
                read += len(block)
                if read > size:
                    break  # somebody writes to it
        self._left -= read
        found = os.fstat(descriptor)
        if read == found.st_size:
            return total.hexdigest()
        return f"{found.st_size} bytes of {found.st_mtime_ns}"


def _look_into(place: int, within: str, found: Entries, hashing: _Hashing) -> None:
    """Add to `found` what is in the directory `place`, which is `within` below the top."""
    device = os.fstat(place).st_dev
    for name in sorted(os.listdir(place)):
        path = os.path.join(within, name)
        if _IS_LEFT_ALONE.match(path):
            continue
        try:
            there = os.stat(name, dir_fd=place, follow_symlinks=False)
            entry = None if there.st_dev != device else _entry_of(place, name, there, hashing)
        except FileNotFoundError:
            continue  # it went while we looked
        except OSError:
            entry = UNREADABLE
        if entry is not None:
            found[path] = entry
        elif stat.S_ISDIR(there.st_mode) and there.st_dev == device:
            found[path] = _look_below(place, name, path, found, hashing)


def _look_below(place: int, name: str, path: str, found: Entries, hashing: _Hashing) -> Entry:
    """Return the entry of a directory, and add what is in it to `found`."""
    if path.count("/") >= _DEEPEST:
        return UNREADABLE
    try:
        inner = open_directory(name, place)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
            raise
        return UNREADABLE  # its owner has put something else there
    try:
        _look_into(inner, path, found, hashing)
        return _entry("directory", os.fstat(inner), None, _attributes(inner))
    finally:
        os.close(inner)


def _entry_of(place: int, name: str, there: os.stat_result, hashing: _Hashing) -> Optional[Entry]:
    """Return the entry of the file or link `name` of a directory, None for anything else."""
    if stat.S_ISLNK(there.st_mode):
        return _entry("link", there, os.readlink(name, dir_fd=place), {})
    if not stat.S_ISREG(there.st_mode):
        return None
    descriptor = open_plain(name, place)
    try:
        # What was opened counts: by now another may have its name.
        content = hashing.content(descriptor)
        return _entry("file", os.fstat(descriptor), content, _attributes(descriptor))
    finally:
        os.close(descriptor)


def _entry(kind: str, found: os.stat_result, content: Optional[str], attributes: Dict[str, str]) -> Entry:
    return {
        "kind": kind,
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "content": content,
        "attributes": attributes,
    }


def judge(before: Entries, after: Optional[Entries], found: Entries, ended: Entries) -> Judgement:
    """Say what of /etc is to be put back and what stays different from before, as sorted paths.

    `before` and `after` the change (None: not known), `found` when it began to be taken back, `ended` when
    its packages were back. Only what nobody has touched from `after` to `found` is put back; of the rest that
    is named which the change or its taking back has altered. Pure.
    """
    put_back, differing = [], []
    for path in sorted(set(before) | set(ended)):
        was, end, there = before.get(path), ended.get(path), found.get(path)
        if end == was:
            continue
        made = was if after is None else after.get(path)
        if UNREADABLE not in (was, end) and there == made:
            put_back.append(path)
        elif after is None or made != was or there != end:
            differing.append(path)
    return Judgement(put_back, differing)


def _attributes(descriptor: int) -> Dict[str, str]:
    found = {}
    for name in _ATTRIBUTES:
        try:
            found[name] = os.getxattr(descriptor, name).hex()
        except OSError:
            continue  # none, or a file system that knows none
    return found
