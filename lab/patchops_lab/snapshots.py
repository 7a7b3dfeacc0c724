# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a host's disk: a copy of what it has written over its image, taken while it is down."""

import re
import shutil

from patchops_lab.errors import LabError
from patchops_lab.hosts import LabHost, copy_tree

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


def take(host: LabHost, label: str) -> None:
    """Shut the host down, copy its disk, and start it again if it ran.

    :raises LabError: the label can't be a file name, or is taken
    """
    target = host.paths.snapshot(_checked(label))
    if target.exists():
        raise LabError(f"{host.name} has a snapshot {label!r} already; restore it or choose another label.")
    ran = host.state().running
    if ran:
        host.stop()
    target.parent.mkdir(exist_ok=True)
    aside = target.with_name(f".{label}.part")
    if aside.exists():
        shutil.rmtree(aside)
    copy_tree(host.paths.upper, aside)
    aside.rename(target)
    if ran:
        host.start()


def restore(host: LabHost, label: str) -> None:
    """Pull the host's power, put the disk of the snapshot in, and start it.

    :raises LabError: there is no such snapshot; the host runs on untouched
    """
    source = host.paths.snapshot(_checked(label))
    if not source.is_dir():
        known = ", ".join(labels(host)) or "none"
        raise LabError(f"{host.name} has no snapshot {label!r}; it has {known}. The host was not touched.")
    host.kill()
    host.replace_disk(source)
    host.start()


def labels(host: LabHost) -> list[str]:
    """The labels of the snapshots of a host."""
    directory = host.paths.snapshot("any").parent
    if not directory.is_dir():
        return []
    return sorted(entry.name for entry in directory.iterdir() if not entry.name.startswith("."))


def _checked(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise LabError(f"The label {label!r} must be letters, digits, dots, dashes and underscores.")
    return label
