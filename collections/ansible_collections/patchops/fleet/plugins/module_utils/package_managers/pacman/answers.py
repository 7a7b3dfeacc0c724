# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what pacman says it would do. Pure.

As printed by pacman 6.0::

    :: Replace lab-oldname with core/lab-newname? [Y/n]
    :: lab-pusher and lab-pushed are in conflict. Remove lab-pushed? [y/N]
    Packages (3) lab-pushed-1.0-1 [removal]  lab-newname-1.1-1  lab-pusher-1.1-1
     there is nothing to do
    warning: cannot resolve "lab-missing", a dependency of "lab-needsnew"
"""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

# What pacman would do: ``name-version`` of what comes and of what goes; `problem` keeps it from a plan.
Answer = NamedTuple(
    "Answer",
    [
        ("coming", List[str]),
        ("going", List[str]),
        ("conflicts", List[Tuple[str, str]]),  # who comes, and what has to go for it
        ("skipped", Dict[str, str]),  # what pacman leaves out, and why
        ("problem", Optional[str]),
    ],
)

_PACKAGES = re.compile(r"^Packages \(\d+\) (.*)$", re.MULTILINE)
_CONFLICT = re.compile(r"^:: (\S+) and (\S+) are in conflict(?: \([^)]*\))?\. Remove (\S+)\?", re.MULTILINE)
_UNRESOLVED = re.compile(r'cannot resolve "([^"]+)", a dependency of "([^"]+)"')
_SKIPPED = re.compile(
    r"^:: The following packages? cannot be upgraded due to unresolvable dependencies:\n(.*?)\n\n?:: Do ",
    re.MULTILINE | re.DOTALL,
)
_NOTHING = " there is nothing to do"


def read_answer(stdout: str, stderr: str, errors: List[str]) -> Answer:
    """Return what pacman printed on its way to a change; `errors` are its complaints."""
    listed = _PACKAGES.search(stdout)
    coming: List[str] = []
    going: List[str] = []
    for word, mark in re.findall(r"(\S+)( \[removal\])?", listed.group(1) if listed else ""):
        (going if mark else coming).append(word)
    conflicts = []
    for first, second, goes in _CONFLICT.findall(stdout):
        of_first = re.match(re.escape(goes) + r"(?:-[^-]+-[^-]+)?\Z", first)
        conflicts.append((second if of_first else first, goes))
    problem = None if listed or _NOTHING in stdout else "; ".join(errors) or "pacman gave no answer"
    return Answer(coming, going, conflicts, _skipped(stdout + "\n" + stderr), problem)


def _skipped(text: str) -> Dict[str, str]:
    reasons: Dict[str, str] = {}
    for missing, name in _UNRESOLVED.findall(text):
        reasons.setdefault(name, f"needs {missing}, which can't be had")
    found = _SKIPPED.search(text)
    names = found.group(1).split() if found else []
    return {name: reasons.get(name, "waits for a package that can't be upgraded") for name in names}
