# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk, read and replace files where users other than root may own a directory.

Whoever owns a directory can swap a name in it between a check and its use: for a link to a file of root's, or
for a FIFO on which root waits for ever. So a path is walked by descriptor, part by part; what was opened is
checked, never the name; and no open waits.
"""

import contextlib
import errno
import os
import stat
from typing import Callable, Iterator, List, Optional

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_LINKS = 40
_BLOCK = 1 << 20


def is_ours(holder: os.stat_result) -> bool:
    """Tell whether nobody but root and the calling user can change the names in a directory."""
    only_owner = not holder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return only_owner and holder.st_uid in (0, os.geteuid())


def _keeps_what_is_ours(holder: os.stat_result) -> bool:
    """Tell whether nobody else can move what is root's in a directory: others may add to /tmp, no more."""
    return is_ours(holder) or bool(holder.st_mode & stat.S_ISVTX and holder.st_uid in (0, os.geteuid()))


@contextlib.contextmanager
def opened_directory(path: str) -> Iterator[int]:
    """Yield a descriptor of the directory at an absolute path.

    A link on the way counts where nobody but root could have made it; elsewhere it is an OSError.
    """
    place = _walk(path, open_directory)
    try:
        yield place
    finally:
        os.close(place)


@contextlib.contextmanager
def opened_below(top: int, path: str) -> Iterator[int]:
    """Yield a descriptor of the directory at `path` below the directory `top`; any link is an OSError."""
    place = os.dup(top)
    try:
        for part in _parts(path):
            if part == "..":
                raise OSError(errno.ELOOP, "leads out of its directory", path)
            outer, place = place, open_directory(part, place)
            os.close(outer)
        yield place
    finally:
        os.close(place)


def is_ours_below(top: int, path: str) -> bool:
    """Tell whether `is_ours` holds for `top` and for every directory on `path` below it."""
    parts = _parts(path)
    for count in range(len(parts) + 1):
        with opened_below(top, "/".join(parts[:count])) as place:
            if not is_ours(os.fstat(place)):
                return False
    return True


def open_directory(name: str, place: Optional[int] = None) -> int:
    """Return a descriptor of the directory `name` in the directory `place`; a link is an OSError."""
    return os.open(name, _DIRECTORY, dir_fd=place)


def open_plain(name: str, place: Optional[int] = None) -> int:
    """Return a descriptor to read the plain file `name` in the directory `place`.

    Raises OSError for a link, a FIFO, a device; never waits.
    """
    # Opening some devices does something (a tape is rewound), so that they are told by their name first.
    _check_plain(os.stat(name, dir_fd=place, follow_symlinks=False), name)
    descriptor = os.open(name, _PLAIN, dir_fd=place)
    try:
        _check_plain(os.fstat(descriptor), name)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_file(path: str) -> int:
    """Return a descriptor to read the plain file at an absolute path. Links: as in `opened_directory`."""
    return _walk(path, open_plain)


def read_blocks(descriptor: int) -> Iterator[bytes]:
    """Yield what a descriptor has from where it stands."""
    return iter(lambda: os.read(descriptor, _BLOCK), b"")


def replace_file(place: int, name: str, draft: str, data: bytes, dress: Callable[[int], None]) -> None:
    """Replace the file `name` of the directory `place` so that a power cut leaves the old or the new one.

    `draft`: the name in the same directory under which it is written; `dress` sets owner, mode and attributes
    of the descriptor that it is given.
    """
    remove_if_there(place, draft)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(draft, flags, 0o600, dir_fd=place), "wb") as stream:
        stream.write(data)
        stream.flush()
        dress(stream.fileno())
        os.fsync(stream.fileno())
    os.replace(draft, name, src_dir_fd=place, dst_dir_fd=place)
    os.fsync(place)


def replace_link(place: int, name: str, draft: str, target: str, uid: int, gid: int) -> None:
    """Replace `name` of the directory `place` by a link to `target` that belongs to `uid` and `gid`."""
    remove_if_there(place, draft)
    os.symlink(target, draft, dir_fd=place)
    # lchown by name would give away whatever file has been moved there meanwhile.
    descriptor = os.open(draft, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    try:
        made = os.fstat(descriptor)
        if not stat.S_ISLNK(made.st_mode) or made.st_nlink != 1:
            raise OSError(errno.ELOOP, "is no longer the link that was made", name)
        os.chown(f"/proc/self/fd/{descriptor}", uid, gid)
    finally:
        os.close(descriptor)
    os.replace(draft, name, src_dir_fd=place, dst_dir_fd=place)
    os.fsync(place)


def remove_if_there(place: int, name: str) -> None:
    """Remove the file or link `name` of the directory `place`."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=place)


def _check_plain(found: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "is not a plain file", name)


def _walk(path: str, open_last: Callable[[str, Optional[int]], int]) -> int:
    """Return a descriptor of what is at an absolute path, opened by `open_last(name, place)`."""
    left, place, links, trusted = _parts(path)[::-1], os.open("/", _DIRECTORY), 0, True
    try:
        while left:
            part = left.pop()
            holder = os.fstat(place)
            trusted = trusted and _keeps_what_is_ours(holder)
            target = _link_at(part, place) if trusted and is_ours(holder) else None
            if target is not None:
                links += 1
                if links > _LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                left += _parts(target)[::-1]
                part = "/" if target.startswith("/") else "."
            elif part == ".." and not trusted:
                raise OSError(errno.ELOOP, "leads back out of a directory that others can move", path)
            is_last = not left and target is None
            outer, place = place, (open_last if is_last else open_directory)(part, place)
            os.close(outer)
        return place
    except BaseException:
        os.close(place)
        raise


def _link_at(name: str, place: int) -> Optional[str]:
    try:
        return os.readlink(name, dir_fd=place)
    except OSError:
        return None  # no link; what is wrong with it shows when it is opened


def _parts(path: str) -> List[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
