# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of what pacman knows, on which it can be asked what it would do: nothing of it reaches the host.

pacman has no simulation: what --print shows leaves out conflicts and removals. So it works for real, on a
copy of the database of installed packages, below an empty root, writing no files (--dbonly).
"""

import errno
import os
import shutil
import tempfile
from types import TracebackType
from typing import Any, Dict, List, Optional, Type

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import (
    Package,
    read_installed,
)

_TIME_LIMIT = 600


class View:
    """A directory with a copy of the database in `database`, and with the lists of packages in `lists`.

    `configuration`: the text of the one that pacman is to use there. Without a database nothing is installed
    in it.
    """

    def __init__(
        self, configuration: str, database: Optional[str] = None, lists: Optional[str] = None
    ) -> None:
        self._configuration = configuration
        self._database = database
        self._lists = lists
        self.directory = ""

    def __enter__(self) -> "View":
        try:
            self.directory = tempfile.mkdtemp(prefix="patchops-pacman-")
            self._fill()
        except OSError as error:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise refusal(error, f"pacman's database could not be copied to {tempfile.gettempdir()}")
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(
        self,
        operation: List[str],
        cache: str = "",
        timeout: float = _TIME_LIMIT,
        targets: Optional[List[str]] = None,
    ) -> process.Result:
        """Run pacman; `cache`: where it looks for packages and puts them.

        `targets` are told by its standard input: addresses may carry passwords, arguments are for all to see.
        """
        places = {
            "--config": self._in("pacman.conf"),
            "--dbpath": self.directory,
            "--root": self._in("root"),
            "--cachedir": cache or self._in("cache"),
            "--logfile": "/dev/null",
        }
        arguments = [word for pair in places.items() for word in pair]
        words = operation[1:] if targets is None else operation[1:] + ["-"]
        told = None if targets is None else "\n".join(targets) + "\n"
        return process.run(["pacman"] + operation[:1] + arguments + words, timeout=timeout, stdin=told)

    def installed(self) -> Dict[str, Package]:
        """Return what is installed in the copy, by name."""
        return {one.name: one for one in read_installed(self.directory)[0]}

    def _fill(self) -> None:
        os.mkdir(self._in("root"))
        os.mkdir(self._in("cache"))
        os.mkdir(self._in("local"))
        if self._database is not None:
            copy_entries(os.path.join(self._database, "local"), self._in("local"))
        if self._lists is not None:
            os.symlink(self._lists, self._in("sync"))
        # 0600 by its directory: addresses of repositories may carry passwords.
        with open(self._in("pacman.conf"), "w", encoding="utf-8") as file:
            file.write(self._configuration)

    def _in(self, name: str) -> str:
        return os.path.join(self.directory, name)


def copy_entries(source: str, target: str) -> None:
    """Copy what a database says of the installed packages, without their lists of files."""
    for name in os.listdir(source):
        before, after = os.path.join(source, name), os.path.join(target, name)
        if not os.path.isdir(before):
            shutil.copyfile(before, after)
        elif os.path.exists(os.path.join(before, "desc")):
            os.mkdir(after)
            shutil.copyfile(os.path.join(before, "desc"), os.path.join(after, "desc"))
            with open(os.path.join(after, "files"), "w", encoding="ascii"):
                pass  # pacman wants one


def refusal(error: OSError, problem: str) -> DriverError:
    """Return what to raise where a file that pacman is to read could not be written."""
    return DriverError(
        "no_space" if error.errno == errno.ENOSPC else "internal_error",
        f"{problem}: {error.strerror}.",
        "Make room there, or make it writable, then call again.",
    )


def errors(result: process.Result) -> List[str]:
    """Return pacman's complaints, without their mark; what stands behind ``::`` explains the one before."""
    lines = [line.strip() for line in (result.stderr + "\n" + result.stdout).splitlines()]
    found = [line[len("error: ") :] for line in lines if line.startswith("error: ")]
    found += [line[3:] for line in lines if line.startswith((":: unable", ":: installing"))]
    return found or ([f"pacman {process.how_ended(result.rc)}"] if result.rc else [])


def described(kept: Any) -> str:
    """Return complaints in one line."""
    return "; ".join(kept)[:800]
