# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is in /etc, and which of it a transaction that was taken back has to put back itself.

Package managers put back the files of packages. What scripts of packages write (ca-certificates.conf, the
links in ssl/certs) stays as the newer version left it, or as the older version makes of that.
"""

import fnmatch
import os
import re
import stat
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.files import sha256_of

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

Judgement = NamedTuple("Judgement", [("put_back", List[str]), ("differing", List[str])])


def look(top: str) -> Entries:
    """Return what is below `top`, apart from what is left alone. Links are not followed.

    What is mounted there is not looked into: a cluster's own files, or a share of another host, are not the
    host's, and may be gone. Raises OSError for a directory that can't be listed.
    """
    found: Entries = {}
    for directory, directories, files in os.walk(top, onerror=_fail):
        within = os.path.relpath(directory, top)
        paths = {name: os.path.normpath(os.path.join(within, name)) for name in directories + files}
        kept = [name for name in paths if not _IS_LEFT_ALONE.match(paths[name])]
        kept = [name for name in kept if not os.path.ismount(os.path.join(directory, name))]
        for name in kept:
            entry = entry_of(os.path.join(directory, name))
            if entry is not None:
                found[paths[name]] = entry
        directories[:] = [
            name for name in directories if found.get(paths[name], UNREADABLE)["kind"] == "directory"
        ]
    return found


def entry_of(path: str) -> Optional[Entry]:
    """Return what is at `path`, None for nothing, and for what is no file, link or directory."""
    try:
        found = os.lstat(path)
        kind, content = _kind_and_content(path, found.st_mode)
    except FileNotFoundError:
        return None
    except OSError:
        return UNREADABLE
    if kind is None or (kind == "file" and content is None):
        return None  # the latter went while we looked
    mode = stat.S_IMODE(found.st_mode)
    attributes = {} if kind == "link" else _attributes(path)
    return {
        "kind": kind,
        "mode": mode,
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


def _fail(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # it went while we looked
        raise error


def _kind_and_content(path: str, mode: int) -> Tuple[Optional[str], Optional[str]]:
    if stat.S_ISLNK(mode):
        return "link", os.readlink(path)
    if stat.S_ISDIR(mode):
        return "directory", None
    return ("file", sha256_of(path)) if stat.S_ISREG(mode) else (None, None)


def _attributes(path: str) -> Dict[str, str]:
    found = {}
    for name in _ATTRIBUTES:
        try:
            found[name] = os.getxattr(path, name).hex()
        except OSError:
            continue  # none, or a file system that knows none
    return found
