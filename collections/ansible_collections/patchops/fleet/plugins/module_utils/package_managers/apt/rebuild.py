# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a package again from its installed files: the last resort for a way back.

Not the original: configuration files carry the administrator's changes, and what the host leaves out on
purpose (documentation, translations) is missing.
"""

import errno
import os
import shutil
import stat
import tempfile
from typing import List, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils import process, untrusted_paths

# Of the installed package, not of the package that is built.
_STATUS_FIELDS = ("Status", "Conffiles", "Config-Version", "Triggers-Pending", "Triggers-Awaited")
_SCRIPTS = ("preinst", "postinst", "prerm", "postrm", "config")
# Made anew by dpkg.
_NOT_CONTROL = ("list",)
# A file that an account of the package owns may be sparse, or grow while it is read.
_LARGEST = 1 << 30


def rebuild(package: Tuple[str, str, str], target: str) -> bool:
    """Build ``(name, arch, version)`` as the file `target`; tell whether that worked."""
    name, arch, _version = package
    installed = f"{name}:{arch}"
    status = process.run(["dpkg-query", "--status", installed])
    listed = process.run(["dpkg-query", "--listfiles", installed])
    if status.rc != 0 or listed.rc != 0:
        return False
    with tempfile.TemporaryDirectory(prefix=".rebuild-", dir=os.path.dirname(target)) as tree:
        os.chmod(tree, 0o755)  # noqa: S103 - becomes the mode of the root directory of the package
        try:
            _copy_files(paths(listed.stdout), tree)
            _write_control(installed, status.stdout, tree)
        except OSError:
            return False
        built = process.run(["dpkg-deb", "-Zgzip", "-z1", "--build", tree, target], timeout=1800)
        return built.rc == 0


def paths(listed: str) -> List[Tuple[str, str]]:
    """Return (path in the package, path on the host) of what ``dpkg-query --listfiles`` prints."""
    found: List[Tuple[str, str]] = []
    for line in listed.splitlines():
        if line.startswith("/") and line != "/.":
            found.append((line, line))
        elif found and line.startswith(("diverted by ", "locally diverted to: ")):
            found[-1] = (found[-1][0], line.split(": ", 1)[1])
    return found


def control(status: str) -> str:
    """Return the control file of a package whose ``dpkg-query --status`` is given."""
    kept, keep = [], True
    for line in status.splitlines():
        if line and line[0] not in " \t":
            keep = line.split(":", 1)[0] not in _STATUS_FIELDS
        if keep and line:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _copy_files(files: List[Tuple[str, str]], tree: str) -> None:
    # Where /bin is a link to /usr/bin on the host, it is a directory in packages all the same.
    parents = {os.path.dirname(inside) for inside, _source in files}
    for inside, source in files:
        target = tree + inside
        if inside in parents:
            with untrusted_paths.opened_directory(source) as found:
                _make_directory(os.fstat(found), target)
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        holder, name = os.path.split(source)
        with untrusted_paths.opened_directory(holder) as place:
            _copy_one(place, name, target)


def _copy_one(place: int, name: str, target: str) -> None:
    """Copy what is at `name` in the directory `place`, which may belong to an account of the package."""
    try:
        found = os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return  # left out by the host's configuration, or deleted since
    if stat.S_ISDIR(found.st_mode):
        _make_directory(found, target)
    elif stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(name, dir_fd=place), target)
    elif stat.S_ISREG(found.st_mode):
        _copy_file(untrusted_paths.open_plain(name, place), target)


def _copy_file(source: int, target: str) -> None:
    try:
        found = os.fstat(source)
        with open(target, "xb") as copy:
            for block in untrusted_paths.read_blocks(source):
                if copy.tell() + len(block) > _LARGEST:
                    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), target)
                copy.write(block)
    finally:
        os.close(source)
    _copy_owner(found, target)


def _make_directory(found: os.stat_result, target: str) -> None:
    os.makedirs(target, exist_ok=True)
    _copy_owner(found, target)


def _copy_owner(owner: os.stat_result, target: str) -> None:
    os.chown(target, owner.st_uid, owner.st_gid)
    os.chmod(target, owner.st_mode & 0o7777)  # after chown, which takes set-id bits away
    os.utime(target, (owner.st_atime, owner.st_mtime))


def _write_control(installed: str, status: str, tree: str) -> None:
    debian = os.path.join(tree, "DEBIAN")
    os.mkdir(debian, 0o755)
    with open(os.path.join(debian, "control"), "w", encoding="utf-8") as stream:
        stream.write(control(status))
    for path in process.run(["dpkg-query", "--control-path", installed]).stdout.splitlines():
        member = path.rsplit(".", 1)[-1]
        if member in _NOT_CONTROL:
            continue
        target = os.path.join(debian, member)
        shutil.copyfile(path, target)
        os.chmod(target, 0o755 if member in _SCRIPTS else 0o644)
