# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep what files of /etc hold, and put files, links and directories back as they were.

Secrets are not copied: a file that others may not read is neither kept, nor replaced, nor removed.
"""

import errno
import hashlib
import io
import os
import stat
import tarfile
from typing import Any, Dict, Iterable, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import sync_directory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.etc_survey import Entries, Entry
from ansible_collections.patchops.fleet.plugins.module_utils.untrusted_paths import (
    is_ours_below,
    open_directory,
    open_plain,
    opened_below,
    opened_directory,
    replace_file,
    replace_link,
)

_LARGEST = 4 << 20
_ALL = 64 << 20
# Directories whose files are run or read as they come (cron.d, sudoers.d) pass over a name with a dot.
_DRAFT = ".patchops-new"


def pack(top: str, entries: Entries, archive: str) -> None:
    """Write the contents of files into `archive`, each under its SHA-256. Raises OSError.

    Files above 4 MiB and, once there are 64 MiB, all others are left out.
    """
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
            _add_contents(tar, top, entries)
        stream.flush()
        os.fsync(stream.fileno())
    sync_directory(os.path.dirname(archive))


def _add_contents(tar: tarfile.TarFile, top: str, entries: Entries) -> None:
    room, packed = _ALL, set()
    with opened_directory(top) as place:
        for path, entry in sorted(entries.items()):
            if not _is_public(entry) or entry["content"] in packed:
                continue
            data = _read(place, path)
            # Bytes that are not those that were looked at may be of another file, say a secret.
            if len(data) > min(room, _LARGEST) or hashlib.sha256(data).hexdigest() != entry["content"]:
                continue
            member = tarfile.TarInfo(entry["content"])
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
            packed.add(entry["content"])
            room -= len(data)


def unpack(archive: str, wanted: Iterable[str]) -> Dict[str, bytes]:
    """Return the contents of an archive by their SHA-256, those of `wanted` that are there and undamaged."""
    missing, found = set(wanted), {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.name in missing else None
                data = stream.read() if stream else b""
                if hashlib.sha256(data).hexdigest() == member.name:
                    found[member.name] = data
    except (OSError, EOFError, tarfile.TarError):
        pass  # what is not found stays as it is, and is named
    return found


def put_back(top: str, paths: List[str], before: Entries, contents: Dict[str, bytes]) -> List[str]:
    """Make each of `paths` what it was `before`; return those for which that was not possible."""
    failed = []
    going = [path for path in sorted(paths, reverse=True) if path not in before]
    with opened_directory(top) as place:
        for path in going + [path for path in sorted(paths) if path in before]:
            try:
                done = _make(place, path, before.get(path), contents)
            except OSError:
                done = False
            if not done:
                failed.append(path)
    return sorted(failed)


def _make(top: int, path: str, was: Optional[Entry], contents: Dict[str, bytes]) -> bool:
    """Bring one place below the directory `top` to `was`; tell whether it is so now."""
    directory, name = os.path.split(path)
    with opened_below(top, directory) as place:
        present = _present(place, name)
        if was is None:
            return present is None or _remove(place, name, present)
        if was["kind"] == "directory":
            return _make_directory(place, name, was, present, is_ours_below(top, directory))
        if present is not None and (stat.S_ISDIR(present.st_mode) or _is_private(present)):
            return False
        return _replace(place, name, was, contents)


def _present(place: int, name: str) -> Optional[os.stat_result]:
    try:
        return os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _replace(place: int, name: str, was: Entry, contents: Dict[str, bytes]) -> bool:
    draft = name + _DRAFT
    if was["kind"] == "link":
        replace_link(place, name, draft, was["content"], was["uid"], was["gid"])
        return True
    data = contents.get(was["content"])
    if data is None:
        return False
    replace_file(place, name, draft, data, lambda descriptor: _dress(descriptor, was))
    return True


def _make_directory(
    place: int, name: str, was: Entry, present: Optional[os.stat_result], is_ours: bool
) -> bool:
    """Make the directory `name`, or make it as it was; `is_ours`: none but root can put another in its place.

    Else it could be given away: one of root's that lies beside it would get its owner and its mode.
    """
    if present is None:
        os.mkdir(name, 0o700, dir_fd=place)
    descriptor = open_directory(name, place)
    try:
        found = os.fstat(descriptor)
        as_before = (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))
        if as_before == (was["uid"], was["gid"], was["mode"]) and not was["attributes"]:
            return True
        if not is_ours and (present is not None or os.listdir(descriptor)):
            return False
        _dress(descriptor, was)
    finally:
        os.close(descriptor)
    return True


def _remove(place: int, name: str, present: os.stat_result) -> bool:
    if stat.S_ISDIR(present.st_mode):
        os.rmdir(name, dir_fd=place)  # what somebody has put into it keeps it
    elif _is_private(present):
        return False
    else:
        os.unlink(name, dir_fd=place)
    os.fsync(place)
    return True


def _dress(descriptor: int, was: Entry) -> None:
    os.fchown(descriptor, was["uid"], was["gid"])
    os.fchmod(descriptor, was["mode"])
    for name, value in was["attributes"].items():
        os.setxattr(descriptor, name, bytes.fromhex(value))


def _is_public(entry: Dict[str, Any]) -> bool:
    return entry["kind"] == "file" and bool(entry["mode"] & stat.S_IROTH)


def _is_private(present: os.stat_result) -> bool:
    return stat.S_ISREG(present.st_mode) and not present.st_mode & stat.S_IROTH


def _read(top: int, path: str) -> bytes:
    """Return the beginning of a file below the directory `top`; nothing for what is gone or no file now."""
    directory, name = os.path.split(path)
    try:
        with opened_below(top, directory) as place:
            descriptor = open_plain(name, place)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL, errno.EWOULDBLOCK):
            raise
        return b""
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(_LARGEST + 1)
