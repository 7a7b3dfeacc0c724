# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entries the boot loader offers, and which it starts next: GRUB (with or without BLS), systemd-boot.

Only files are read. What a loader decides by other things (a key that is pressed, variables of the firmware)
is not known here; then the default is None.
"""

import fnmatch
import glob
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.facts import grub
from ansible_collections.patchops.fleet.plugins.module_utils.facts.grub import Entry
from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text_or_none

# `environment`: GRUB's block of variables, None where there is none. `default`: what starts when nothing is
# asked for once; `following`: what starts next. `saved`: the default is a variable, which can be set for a
# while; `once`: the loader starts an entry that is asked for once, and forgets it before it does.
Loader = NamedTuple(
    "Loader",
    [
        ("kind", str),
        ("config", str),
        ("environment", Optional[str]),
        ("entries", List[Entry]),
        ("default", Optional[Entry]),
        ("following", Optional[Entry]),
        ("saved", bool),
        ("once", bool),
    ],
)

_GRUB = (
    ("/boot/grub/grub.cfg", "/boot/grub/grubenv"),
    ("/boot/grub2/grub.cfg", "/boot/grub2/grubenv"),
)
# RHEL 8 with UEFI keeps it there; a newer one has a stub that leads to the one in /boot.
_GRUB_OF_EFI = "/boot/efi/EFI/*/grub.cfg"
_BLS = "/boot/loader/entries"
_SYSTEMD_BOOT = ("/boot", "/boot/efi", "/efi")


def read_loader(root: str = "") -> Optional[Loader]:
    """Return the host's boot loader, None where none of those known here is installed; raises OSError."""
    places = list(_GRUB) + [
        (path[len(root) :], os.path.dirname(path[len(root) :]) + "/grubenv")
        for path in sorted(glob.glob(root + _GRUB_OF_EFI))
    ]
    for config, environment in places:
        text = read_text_or_none(root + config)
        if text is not None:
            return _grub(root, config, environment, text)
    for directory in _SYSTEMD_BOOT:
        text = read_text_or_none(os.path.join(root + directory, "loader", "loader.conf"))
        if text is not None:
            return _systemd_boot(root, directory, text)
    return None


def find_entry(loader: Loader, release: str) -> Optional[Entry]:
    """Return the entry that starts a kernel, the one that says most about itself where there are several."""
    found = [entry for entry in loader.entries if entry.release == release and not entry.is_special]
    # Debian's first entry is named after the system: what it starts changes with the next kernel.
    return (found or [None])[-1]  # type: ignore[list-item]


def _grub(root: str, config: str, environment: str, text: str) -> Loader:
    block = read_text_or_none(root + environment)
    variables = grub.read_variables(block or "")
    entries, menu = grub.read_menu(text)
    if grub.uses_bls(text):
        listed = [entry for _name, entry in _bls_entries(root)]
        # They come before what else the menu has, and so take the first numbers.
        numbered = [([entry.name, entry.title, str(place)], entry) for place, entry in enumerate(listed)]
        entries, menu = listed + entries, numbered + menu
    wanted = grub.configured_default(text)
    saved = "saved_entry" in wanted
    default = grub.find(menu, variables.get("saved_entry", "0") or "0" if saved else wanted)
    once = variables.get("next_entry")
    return Loader(
        "grub",
        config,
        environment if block is not None else None,
        entries,
        default,
        grub.find(menu, once) if once else default,
        saved,
        grub.honours_next_entry(text),
    )


def _systemd_boot(root: str, directory: str, config: str) -> Loader:
    entries = _bls_entries(root, os.path.join(directory, "loader", "entries"))
    pattern = re.search(r"^default\s+(\S+)", config, re.MULTILINE)
    wanted = pattern.group(1) if pattern else "*"
    default = next(
        (entry for name, entry in entries if fnmatch.fnmatch(name, wanted) or wanted == entry.name), None
    )
    if not pattern or wanted.startswith("@"):
        default = None  # the firmware's variables decide
    path = os.path.join(directory, "loader", "loader.conf")
    return Loader(
        "systemd-boot", path, None, [entry for _name, entry in entries], default, default, False, True
    )


def _bls_entries(root: str, directory: str = _BLS) -> List[Tuple[str, Entry]]:
    """Return [(file name, entry)] of a directory of the Boot Loader Specification, the newest first."""
    found = []
    for path in glob.glob(os.path.join(root + directory, "*.conf")):
        text = read_text_or_none(path)
        if text is not None:
            name = os.path.basename(path)
            found.append((name, _bls_entry(name[: -len(".conf")], text)))
    return sorted(found, key=lambda item: _version_key(item[0]), reverse=True)


def _bls_entry(name: str, text: str) -> Entry:
    fields: Dict[str, List[str]] = {}
    for line in text.splitlines():
        key, value = (line.split(None, 1) + ["", ""])[:2]
        fields.setdefault(key, []).append(value.strip())
    kernel = (fields.get("linux") or [""])[0]
    initrds = [
        word for value in fields.get("initrd", []) for word in value.split() if not word.startswith("$")
    ]
    release = (fields.get("version") or [""])[0] or grub.release_of(kernel)
    return Entry(name, (fields.get("title") or [name])[0], release, kernel or None, initrds, "rescue" in name)


def _version_key(name: str) -> List[Tuple[int, int, str]]:
    """Return a key that orders names as blscfg does: numbers by value, and above letters."""
    parts: List[Any] = re.findall(r"\d+|[a-zA-Z]+", name)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]
