# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What grub.cfg and grubenv say. Pure: texts in, entries out."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

# `name` is what GRUB's variables take (submenu>entry). `kernel` and `initrds`: paths as the loader has them.
# `is_special`: a recovery or rescue entry.
Entry = NamedTuple(
    "Entry",
    [
        ("name", str),
        ("title", str),
        ("release", Optional[str]),
        ("kernel", Optional[str]),
        ("initrds", List[str]),
        ("is_special", bool),
    ],
)
# One level of a menu: what each item is called (id and title), and the entry it starts.
Menu = List[Tuple[List[str], Optional[Entry]]]

_ITEM = re.compile(r"^\s*(menuentry|submenu)\s+(['\"])(.*?)\2(.*)$")
_ID = re.compile(r"(?:\$menuentry_id_option|--id)\s+['\"]?([^'\"\s{]+)")
_LINUX = re.compile(r"^\s*linux(?:16|efi)?\s+(\S+)")
_INITRD = re.compile(r"^\s*initrd(?:16|efi)?\s+(.+)$")
_RELEASE = re.compile(r"vmlinu[xz]-(\S+)$")
_DEFAULT = re.compile(r"^\s*set default=\"?([^\"\n]*)\"?", re.MULTILINE)
_SPECIAL = re.compile(r"recovery|rescue", re.IGNORECASE)


def read_variables(block: str) -> Dict[str, str]:
    """Return the variables of a grubenv; those that are empty are left out."""
    pairs = [line.split("=", 1) for line in block.splitlines() if "=" in line and not line.startswith("#")]
    return {name: value for name, value in pairs if value}


def configured_default(config: str) -> str:
    """Return what grub.cfg starts when nothing is asked for once: a name, a number or a variable."""
    # The first assignment is `${next_entry}`, where one was asked for.
    plain = [value for value in _DEFAULT.findall(config) if "next_entry" not in value]
    return plain[0] if plain and plain[0] else "0"


def honours_next_entry(config: str) -> bool:
    """Tell whether this grub.cfg starts what was asked for once, and forgets it before it does."""
    return bool(re.search(r"^\s*save_env next_entry", config, re.MULTILINE))


def uses_bls(config: str) -> bool:
    """Tell whether the entries lie in files of their own (RHEL and its kin)."""
    return bool(re.search(r"^\s*blscfg\b", config, re.MULTILINE))


def read_menu(config: str) -> Tuple[List[Entry], Menu]:
    """Return the entries of a grub.cfg, and its menu: items in order, those of submenus below theirs.

    The items of a submenu are called `submenu>item`, each part by id or title.
    """
    entries: List[Entry] = []
    menu: Menu = []
    open_blocks: List[str] = []
    above: List[List[str]] = []  # what the submenus around this place are called
    counts = [0]
    for line in config.splitlines():
        item = _ITEM.match(line)
        if item and line.rstrip().endswith("{"):
            called = _called(item, counts)
            if item.group(1) == "submenu":
                above.append(called)
                counts.append(0)
                menu.append((_paths(above), None))
            else:
                names = _paths([*above, called])
                entries.append(Entry(names[0], item.group(3), None, None, [], bool(_SPECIAL.search(line))))
                menu.append((names, entries[-1]))
            open_blocks.append(item.group(1))
        elif line.rstrip().endswith("{"):
            open_blocks.append("")
        elif line.strip() == "}" and open_blocks:
            if open_blocks.pop() == "submenu":
                above.pop()
                counts.pop()
        elif "menuentry" in open_blocks:
            entries[-1] = _with_line(entries[-1], line)
            menu[-1] = (menu[-1][0], entries[-1])
    return entries, menu


def find(menu: Menu, wanted: str) -> Optional[Entry]:
    """Return the entry that GRUB starts for a name, a title or a number, of each level; None: there is none.

    A submenu starts its first entry.
    """
    for place, (names, entry) in enumerate(menu):
        if wanted in names:
            return entry or next((below for _names, below in menu[place:] if below), None)
    return None


def release_of(kernel: str) -> Optional[str]:
    """Return the release that a kernel's file name carries."""
    match = _RELEASE.search(kernel)
    return match.group(1) if match else None


def _called(item: Any, counts: List[int]) -> List[str]:
    identity = _ID.search(item.group(4))
    called = ([identity.group(1)] if identity else []) + [item.group(3), str(counts[-1])]
    counts[-1] += 1
    return called


def _paths(levels: List[List[str]]) -> List[str]:
    paths = [""]
    for called in levels:
        paths = [f"{path}>{name}" if path else name for path in paths for name in called]
    return paths


def _with_line(entry: Entry, line: str) -> Entry:
    kernel, initrd = _LINUX.match(line), _INITRD.match(line)
    if kernel and entry.kernel is None:
        return entry._replace(kernel=kernel.group(1), release=release_of(kernel.group(1)))
    if initrd:
        return entry._replace(initrds=entry.initrds + initrd.group(1).split())
    return entry
