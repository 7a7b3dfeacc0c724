# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes the image of a Debian take itself for another distribution.

Told as changes to its files: path, or a pattern of paths, to content; None: it is taken away.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

Changes = Mapping[str, str | None]
# With apt and dpkg it would be a host with apt.
_TAKEN_AWAY = (
    *("etc/debian_version", "var/lib/dpkg", "etc/apt", "var/lib/apt"),
    *("usr/bin/apt*", "usr/bin/dpkg*"),
)


def disguise(os_release: str, files: Mapping[str, str]) -> Changes:
    """The changes that give an image another os-release and these files, and take apt and dpkg away."""
    return {
        **dict.fromkeys(_TAKEN_AWAY),
        "etc/os-release": os_release,
        "usr/lib/os-release": os_release,
        **files,
    }


def change(root: Path, changes: Changes) -> None:
    """Change the files of an image; its root directory."""
    for path, content in changes.items():
        if content is None:
            for present in list(root.glob(path)):
                _take_away(present)
        else:
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            # What stands there may be a link to elsewhere.
            file.unlink(missing_ok=True)
            file.write_text(content, encoding="utf-8")


def _take_away(present: Path) -> None:
    if present.is_dir() and not present.is_symlink():
        shutil.rmtree(present)
    else:
        present.unlink()
