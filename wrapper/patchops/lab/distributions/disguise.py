# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the image of a Debian take itself for another distribution."""

import shutil
from pathlib import Path


def disguise(root: Path, os_release: str) -> None:
    """Give an image another os-release, and take apt and dpkg away: with them it would be a host with apt."""
    for path in ("etc/os-release", "usr/lib/os-release"):
        (root / path).unlink(missing_ok=True)
        (root / path).write_text(os_release, encoding="utf-8")
    (root / "etc/debian_version").unlink()
    for directory in ("var/lib/dpkg", "etc/apt", "var/lib/apt"):
        shutil.rmtree(root / directory)
    for program in [*(root / "usr/bin").glob("apt*"), *(root / "usr/bin").glob("dpkg*")]:
        program.unlink()
