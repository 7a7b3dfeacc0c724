# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""apk's text files: what is installed, and what the administrator asked for (the world). Pure."""

import re
from typing import Any, Dict, List, NamedTuple

# One installed package; `faults` are the letters of its field f, `kernels` the releases that it is a kernel
# of.
Package = NamedTuple(
    "Package",
    [
        ("name", str),
        ("version", str),
        ("arch", str),
        ("origin", str),
        ("faults", str),
        ("kernels", List[str]),
    ],
)

# One line of the world: ``curl``, ``git=2.45.4-r0``, ``nginx@edge``, ``!busybox-extras``.
Wish = NamedTuple("Wish", [("name", str), ("pinned", bool)])

# What apk marks when files or the script of a package failed.
_FAULTS = {"f": "broken files", "s": "broken script", "x": "broken attributes"}
# Files beside the modules that come with a kernel; others add modules of their own to its directory.
_OF_KERNELS = ("R:modules.builtin", "R:modules.order")
_WISH = re.compile(r"(?P<not>!)?(?P<name>[^@<>=~!]+)(?P<condition>[<>=~]+[^@]+)?(?P<tag>@\S+)?\Z")


def parse_installed(text: str) -> List[Package]:
    """Return the packages of apk's database: fields of one letter, an empty line after each package.

    Raises ValueError for a package without name or version.
    """
    packages = []
    for stanza in text.split("\n\n"):
        fields: Dict[str, str] = {}
        for line in stanza.splitlines():
            key, colon, value = line.partition(":")
            # F and R (directories and files) come many times; what is read here comes once, in front.
            if colon and key not in fields:
                fields[key] = value
        if not fields:
            continue
        if not fields.get("P") or not fields.get("V"):
            raise ValueError(f"a package without name or version: {stanza[:80]!r}")
        packages.append(
            Package(
                fields["P"],
                fields["V"],
                fields.get("A", ""),
                fields.get("o") or fields["P"],
                fields.get("f", ""),
                _kernels(stanza) if "/modules/" in stanza else [],
            )
        )
    return packages


def _kernels(stanza: str) -> List[str]:
    """Return the releases of the kernels whose own list of modules is a file of the package."""
    found, directory = [], ""
    for line in stanza.splitlines():
        if line.startswith("F:"):
            directory = line[2:]
        elif line in _OF_KERNELS and re.match(r"(?:usr/)?lib/modules/[^/]+\Z", directory):
            found.append(directory.rpartition("/")[2])
    return sorted(set(found))


def parse_world(text: str) -> List[Wish]:
    """Return what the administrator asked for; what is to be absent is left out."""
    wishes = []
    for word in text.split():
        match = _WISH.match(word)
        if match and not match.group("not"):
            wishes.append(Wish(match.group("name"), match.group("condition") is not None))
    return wishes


def describe_broken(packages: List[Package]) -> Dict[str, Any]:
    """Return {interrupted, packages: [{name, arch, state}], reason} from what apk marked."""
    broken = [
        {
            "name": one.name,
            "arch": one.arch,
            "state": ", ".join(text for letter, text in sorted(_FAULTS.items()) if letter in one.faults),
        }
        for one in packages
        if any(letter in one.faults for letter in _FAULTS)
    ]
    names = ", ".join("{name} ({state})".format(**one) for one in broken)
    return {
        "interrupted": bool(broken),
        "packages": broken,
        "reason": f"apk failed or was interrupted at {names}" if broken else None,
    }
