# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of which there can be other links, and readers."""

from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file aside and move it into place: nobody sees half of it, and other links to it stay."""
    aside = path.with_name(f"{path.name}.new")
    aside.write_bytes(content)
    aside.replace(path)
