# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What zypper's XML says, in our words. Pure."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple
from xml.etree.ElementTree import Element

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import xml_files
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)

# One package of a transaction: `old` None for a new one, `new` None for one that goes.
Change = NamedTuple(
    "Change",
    [("name", str), ("arch", str), ("old_arch", str), ("old", Optional[str]), ("new", Optional[str])],
)
# A newer version, and the alias of the repository that has it.
Offer = NamedTuple("Offer", [("name", str), ("arch", str), ("version", str), ("repository", str)])
# `held`: names; `blocked`: (name, arch, version) of what is not installed and must not be.
Locks = NamedTuple("Locks", [("held", Set[str]), ("blocked", Set[Tuple[str, str, str]])])

_MOST = 800
_FAILED_SCRIPT = re.compile(r"^(?:warning|error): (%\w+\([^)\s]*\) scriptlet failed.*)$", re.MULTILINE)
# What zypper says besides the reason.
_ADVICE = re.compile(r" ?Please (?:check if the URIs|see the above error message).*$")
_EMPTY = ("because of the above error.", "because of errors.", "because of an error.")
_PROBLEM = re.compile(r"Problem: (.*?)(?=\n Solution |\Z)", re.DOTALL)


def read_stream(text: str) -> Optional[Element]:
    """Return the root of zypper's output, None where there is none.

    Output that was cut off is read as far as it goes; plugins and scripts of packages may print before it.
    """
    begin = text.find("<?xml")
    if begin < 0:
        return None
    try:
        return xml_files.parse(text[begin:], cut_off=True)
    except ValueError:
        return None


def errors(root: Element) -> str:
    """Return what zypper complained about, in a line."""
    said = [_line(one.text) for one in root.iter("message") if one.get("type") == "error"]
    told = [_ADVICE.sub("", line) for line in said if line and not line.endswith(_EMPTY)]
    return "; ".join(told)[:_MOST] or "it gave no reason"


def why_not(root: Element) -> str:
    """Return why zypper found no solution, in a line."""
    told = [one.text or "" for one in root.iter("description")]
    told += [one.text or "" for one in root.iter("message")]
    problems = [_line(found) for text in told for found in _PROBLEM.findall(text)]
    return "; ".join(sorted(set(problems)))[:_MOST] or errors(root)


def failed_scripts(text: str) -> List[str]:
    """Return the scripts of packages that failed, from what rpm printed below zypper."""
    return _FAILED_SCRIPT.findall(text)


def changes(root: Element) -> List[Change]:
    """Return the packages of the summary that zypper gives before it acts; patches are no packages."""
    found = []
    for summary in root.iter("install-summary"):
        for section in summary:
            if not section.tag.startswith("to-"):
                continue
            removing = section.tag == "to-remove"
            for one in section.iter("solvable"):
                if one.get("type") == "package":
                    found.append(_change(one, removing))
    return found


def updates(root: Element) -> List[Offer]:
    """Return what `list-updates` offers."""
    found = []
    for one in root.iter("update"):
        source = one.find("source")
        if one.get("kind") == "package":
            alias = source.get("alias", "") if source is not None else ""
            found.append(Offer(one.get("name", ""), one.get("arch", ""), one.get("edition", ""), alias))
    return found


def repositories(root: Element) -> List[Dict[str, Any]]:
    """Return the enabled repositories of `repos`.

    Each as {alias, name, type, priority, uri, metadata_signed, packages_signed}.
    """
    found = []
    for one in root.iter("repo"):
        if one.get("enabled") != "1":
            continue
        found.append(
            {
                "alias": one.get("alias", ""),
                "name": one.get("name", ""),
                "type": one.get("type", ""),
                "priority": int(one.get("priority") or 99),
                "uri": without_credentials(one.findtext("url") or ""),
                "metadata_signed": one.get("repo_gpgcheck") == "1",
                "packages_signed": one.get("pkg_gpgcheck") == "1",
            }
        )
    return found


def locks(root: Element) -> Locks:
    """Return what `locks --solvables` keeps as it is."""
    held, blocked = set(), set()
    for one in root.iter("match"):
        if one.get("kind") != "package":
            continue
        name = one.get("name", "")
        if one.get("installed") == "true":
            held.add(name)
        else:
            blocked.add((name, one.get("arch", ""), one.get("edition", "")))
    return Locks(held, blocked)


def downloads(root: Element) -> List[Dict[str, str]]:
    """Return what `download` fetched: [{name, arch, version, path}]."""
    found = []
    for one in root.iter("download-result"):
        edition, file = one.find("solvable/edition"), one.find("localfile")
        if edition is None or file is None:
            continue
        epoch = edition.get("epoch", "0")
        version = "{}-{}".format(edition.get("version", ""), edition.get("release", ""))
        found.append(
            {
                "name": one.findtext("solvable/name") or "",
                "arch": one.findtext("solvable/arch") or "",
                "version": version if epoch in ("", "0") else f"{epoch}:{version}",
                "path": file.get("path", ""),
            }
        )
    return found


def download_problems(root: Element) -> Dict[str, str]:
    """Return what was wrong with packages that `download` could not fetch, by name-version.arch.

    zypper fetches one after the other and says when it begins each; it ends with success whatever happened.
    """
    problems: Dict[str, List[str]] = {}
    current = ""
    for one in root.iter("message"):
        text = _line(one.text)
        begun = re.match(r"Retrieving package (\S+) \(\d+/\d+\)", text)
        if begun:
            current = begun.group(1)
        elif current and one.get("type") in ("error", "warning") and not text.startswith("ABORT request"):
            problems.setdefault(current, []).append(text)
    return {name: "; ".join(said)[:_MOST] for name, said in problems.items()}


def _change(solvable: Element, removing: bool) -> Change:
    arch, version = solvable.get("arch", ""), solvable.get("edition", "")
    old = version if removing else solvable.get("edition-old")
    return Change(
        solvable.get("name", ""), arch, solvable.get("arch-old") or arch, old, None if removing else version
    )


def _line(text: Optional[str]) -> str:
    return without_credentials(" ".join((text or "").split()))
