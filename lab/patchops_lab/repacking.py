# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an update of a package: the same files under a higher version, or another kernel release."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from patchops_lab.commands import run

# Ends the versions that are made here.
HIGHER = "+lab1"
_VERSION = re.compile(r"^Version: (.*)$", re.MULTILINE)
# The number that a distribution counts up: 6.1.0-41-cloud-amd64, 6.12.57+deb13-cloud-amd64.
_COUNTED = re.compile(r"\d+(?=(\+deb\d+)?-cloud-)")


def higher(version: str) -> str:
    """A version that is higher than this one and lower than the next of the distribution."""
    return version + HIGHER


def next_kernel(release: str) -> str:
    """The name of a later kernel release of the same series."""
    return _COUNTED.sub(lambda found: str(int(found.group()) + 900), release, count=1)


def with_higher_version(control: str) -> str:
    """The control file of a package, with a higher version."""
    return _VERSION.sub(lambda found: f"Version: {higher(found.group(1))}", control, count=1)


def repack(deb: Path, directory: Path, replaced: Mapping[str, str], *, rename_files: bool = False) -> None:
    """Make a package with a higher version of a package.

    :param directory: where the new one comes to lie, under a name of apt's kind
    :param replaced: texts to replace in its control files
    :param rename_files: replace them in the names of its files, too
    """
    tree = directory / f"{deb.stem}.tree"
    run(["dpkg-deb", "--raw-extract", str(deb), str(tree)], doing=f"unpack {deb.name}")
    for file in (tree / "DEBIAN").iterdir():
        content = file.read_bytes()
        for old, new in replaced.items():
            content = content.replace(old.encode(), new.encode())
        file.write_bytes(content)
    control = tree / "DEBIAN/control"
    control.write_text(with_higher_version(control.read_text(encoding="utf-8")), encoding="utf-8")
    if rename_files:
        _rename_files(tree, replaced)
    run(
        ["dpkg-deb", "-Zgzip", "-z1", "--build", str(tree), str(directory)],
        doing=f"repack {deb.name}",
    )
    shutil.rmtree(tree)


def _rename_files(tree: Path, replaced: Mapping[str, str]) -> None:
    for directory, directories, files in os.walk(tree, topdown=False):
        for name in (*directories, *files):
            renamed = name
            for old, new in replaced.items():
                renamed = renamed.replace(old, new)
            if renamed != name:
                Path(directory, name).rename(Path(directory, renamed))
