# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the reference, made from the code, into a directory: python scripts/reference docs/reference."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import command_line
import engine
import fault_table
import lab_file
import policy_file

NOTICE = "<!-- Made from the code by `make docs`; changes belong there. -->"


def pages() -> dict[str, str]:
    """Return every page: its path below the reference, and its Markdown."""
    made = {
        "command-line.md": command_line.command_line(),
        "documents.md": engine.documents(),
        "faults.md": fault_table.fault_table(),
        "lab-file.md": lab_file.lab_file(),
        "outcomes.md": engine.outcomes(),
        "playbooks.md": engine.playbooks(),
        "policy.md": policy_file.policy_file(),
        **engine.module_pages(),
        **engine.role_pages(),
    }
    entries = [
        f"- [{text.splitlines()[0].removeprefix('# ')}]({path})" for path, text in sorted(made.items())
    ]
    return {"index.md": "\n".join(["# Reference", "", *entries]), **made}


def main(target: Path) -> None:
    """Replace `target` as a whole, so that no page of something that is gone stays."""
    made = pages()
    shutil.rmtree(target, ignore_errors=True)
    for path, text in made.items():
        page = target / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"{NOTICE}\n\n{text.strip()}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
