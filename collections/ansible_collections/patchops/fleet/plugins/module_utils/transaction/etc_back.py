# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/etc of one transaction: kept before the change, and put back once its packages are back."""

import os
from typing import List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json, write_json
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import etc_files, etc_survey
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import Context

ETC = "/etc"
_NAMED = 5


def keep(context: Context) -> None:
    """Remember /etc before the first change. Raises DriverError when there is no room for it."""
    before = _look(context) if context.request["way_back"] != "none" else None
    if before is None:
        return
    try:
        etc_files.pack(ETC, before, context.directory.etc_contents)
        write_json(context.directory.etc_before, before)
    except OSError as error:
        raise DriverError(
            "no_space",
            f"What /etc holds could not be kept below {context.directory.way_back}: {error}. "
            "Nothing was changed.",
            "See that the file system has room and is writable, then call again.",
        )


def note(context: Context) -> None:
    """Remember what the change has made of /etc, before anybody else can change it. Once.

    Only who began the change can tell; after a crash, what it did and what others did is one.
    """
    directory = context.directory
    if not os.path.exists(directory.etc_before) or os.path.exists(directory.etc_after):
        return
    after = _look(context)
    try:
        if after is not None:
            write_json(directory.etc_after, after)
    except OSError as error:
        # The packages count: a disk that they have filled is no reason to take them back.
        context.step("etc_not_noted", reason=str(error))


class GoingBack:
    """What /etc was when packages began to be put back."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._found = _look(context) if os.path.exists(context.directory.etc_before) else None

    def finish(self) -> str:
        """Put /etc back once the packages are; return a sentence about what stays different, or nothing."""
        directory = self._context.directory
        ended = _look(self._context) if self._found is not None else None
        if self._found is None or ended is None:
            return ""
        before: etc_survey.Entries = read_json(directory.etc_before)
        after = read_json(directory.etc_after) if os.path.exists(directory.etc_after) else None
        paths, differing = etc_survey.judge(before, after, self._found, ended)
        failed = self._put_back(paths, before, ended)
        done = [path for path in paths if path not in failed]
        self._context.step("etc", put_back=done, differing=differing, failed=failed)
        return told(differing, failed)

    def _put_back(self, paths: List[str], before: etc_survey.Entries, ended: etc_survey.Entries) -> List[str]:
        """Put `paths` back; return those for which that was not possible."""
        directory = self._context.directory
        try:
            # Whoever has written to one of them in these seconds finds it there.
            replaced = {path: ended[path] for path in paths if path in ended}
            etc_files.pack(ETC, replaced, directory.etc_replaced)
        except OSError:
            return paths
        wanted = {before[path]["content"] for path in paths if path in before}
        return etc_files.put_back(ETC, paths, before, etc_files.unpack(directory.etc_contents, wanted))


def _look(context: Context) -> Optional[etc_survey.Entries]:
    """Return what is in /etc, None where that can't be read: then it stays as packages leave it."""
    try:
        return etc_survey.look(ETC)
    except OSError as error:
        context.step("etc_unreadable", reason=str(error))
        return None


def told(differing: List[str], failed: List[str]) -> str:
    """Return what people are told about files of /etc that are not as before."""
    parts = []
    if differing:
        parts.append(f" Not put back, as others may have changed them since: {_named(differing)}.")
    if failed:
        parts.append(
            f" Not as before, and left to you, as secrets and large files are not copied: {_named(failed)}."
        )
    return "".join(parts)


def _named(paths: List[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(f"{ETC}/{path}" for path in paths[:_NAMED]) + more
