# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an rpm database has as installed, read without the host that it belongs to."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from patchops_lab.commands import run

# The second one holds what was not written into the first yet.
FILES = ("var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite-wal")
_FORMAT = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\n"


def installed_packages(files: Iterable[Path | None]) -> set[tuple[str, str, str]]:
    """Name, version, architecture of each package in a database (FILES, None for what isn't there).

    Works on a copy: rpm writes to what it reads.
    """
    with tempfile.TemporaryDirectory() as copy:
        for file in files:
            if file is not None:
                shutil.copyfile(file, Path(copy) / file.name)
        listed = run(
            ["rpm", "--dbpath", copy, "-qa", "--queryformat", _FORMAT], doing="read a host's rpm database"
        )
    rows = [line.split("\t") for line in listed.splitlines()]
    return {(name, version, arch) for name, version, arch in rows if name != "gpg-pubkey"}
