# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep what files of /etc hold, and put files, links and directories back as they were.

Secrets are not copied: a file that others may not read is neither kept, nor replaced, nor removed.
"""

import hashlib
import io
import os
import stat
import tarfile
from typing import Any, Dict, Iterable, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import sync_directory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.etc_survey import Entries, Entry

_LARGEST = 4 << 20
_ALL = 64 << 20
# Directories whose files are run or read as they come (cron.d, sudoers.d) pass over a name with a dot.
_DRAFT = ".patchops-new"


def pack(top: str, entries: Entries, archive: str) -> None:
    """Write the contents of files into `archive`, each under its SHA-256. Raises OSError.

    Files above 4 MiB and, once there are 64 MiB, all others are left out.
    """
    room, packed = _ALL, set()
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
            for path, entry in sorted(entries.items()):
                if not _is_public(entry) or entry["content"] in packed:
                    continue
                data = _read(os.path.join(top, path))
                if len(data) > min(room, _LARGEST):
                    continue
                member = tarfile.TarInfo(entry["content"])
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
                packed.add(entry["content"])
                room -= len(data)
        stream.flush()
        os.fsync(stream.fileno())
    sync_directory(os.path.dirname(archive))


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
    for path in going + [path for path in sorted(paths) if path in before]:
        place = os.path.join(top, path)
        try:
            done = _is_below(top, place) and _make(place, before.get(path), contents)
        except OSError:
            done = False
        if not done:
            failed.append(path)
    return sorted(failed)


def _make(place: str, was: Optional[Entry], contents: Dict[str, bytes]) -> bool:
    """Bring one place to `was`; tell whether it is so now."""
    present = os.lstat(place) if os.path.lexists(place) else None
    if was is None:
        return present is None or _remove(place, present)
    if was["kind"] == "directory":
        return _make_directory(place, present, was)
    if present is not None and (stat.S_ISDIR(present.st_mode) or _is_private(present)):
        return False
    draft = place + _DRAFT
    if os.path.lexists(draft):
        os.unlink(draft)
    if was["kind"] == "link":
        os.symlink(was["content"], draft)
        os.lchown(draft, was["uid"], was["gid"])
    else:
        data = contents.get(was["content"])
        if data is None:
            return False
        _write(draft, data, was)
    os.replace(draft, place)
    sync_directory(os.path.dirname(place))
    return True


def _make_directory(place: str, present: Optional[os.stat_result], was: Entry) -> bool:
    if present is None:
        os.mkdir(place)
    elif not stat.S_ISDIR(present.st_mode):
        return False
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _dress(descriptor, was)
    finally:
        os.close(descriptor)
    return True


def _remove(place: str, present: os.stat_result) -> bool:
    if stat.S_ISDIR(present.st_mode):
        os.rmdir(place)  # what somebody has put into it keeps it
    elif _is_private(present):
        return False
    else:
        os.unlink(place)
    sync_directory(os.path.dirname(place))
    return True


def _write(path: str, data: bytes, was: Entry) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        _dress(stream.fileno(), was)
        os.fsync(stream.fileno())


def _dress(descriptor: int, was: Entry) -> None:
    os.fchown(descriptor, was["uid"], was["gid"])
    os.fchmod(descriptor, was["mode"])
    for name, value in was["attributes"].items():
        os.setxattr(descriptor, name, bytes.fromhex(value))


def _is_below(top: str, place: str) -> bool:
    """Tell whether nothing on the way from `top` is a link to somewhere else."""
    parent = os.path.dirname(place)
    within = os.path.relpath(parent, top)
    return os.path.realpath(parent) == os.path.normpath(os.path.join(os.path.realpath(top), within))


def _is_public(entry: Dict[str, Any]) -> bool:
    return entry["kind"] == "file" and bool(entry["mode"] & stat.S_IROTH)


def _is_private(present: os.stat_result) -> bool:
    return stat.S_ISREG(present.st_mode) and not present.st_mode & stat.S_IROTH


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read(_LARGEST + 1)
    except FileNotFoundError:
        return b""
