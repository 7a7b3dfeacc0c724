# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The advisories of the database in the formats of debsecan and of oscap, so that all judge the same
input."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Rule
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase

_OVAL = "http://oval.mitre.org/XMLSchema/oval"
_HEAD = f"""<oval_definitions xmlns="{_OVAL}-definitions-5" xmlns:oval="{_OVAL}-common-5"><generator>
<oval:product_name>benchmark</oval:product_name><oval:schema_version>5.11.1</oval:schema_version>
<oval:timestamp>2026-08-22T00:00:00</oval:timestamp></generator>"""
_LINUX = f'xmlns="{_OVAL}-definitions-5#linux"'
_DEFINITION = (
    '<definition id="oval:b:def:{number}" version="1" class="vulnerability"><metadata><title>{title}</title>'
    '<description>-</description></metadata><criteria><criterion test_ref="oval:b:tst:{number}"/></criteria>'
    "</definition>"
)
_TEST = (
    f'<dpkginfo_test {_LINUX} id="oval:b:tst:{{number}}" version="1" check="at least one" comment="-">'
    '<object object_ref="oval:b:obj:{wanted}"/><state state_ref="oval:b:ste:{older}"/></dpkginfo_test>'
)
_OBJECT = (
    f'<dpkginfo_object {_LINUX} id="oval:b:obj:{{number}}" version="1">'
    "<name>{name}</name></dpkginfo_object>"
)
_STATE = (
    f'<dpkginfo_state {_LINUX} id="oval:b:ste:{{number}}" version="1">'
    '<evr datatype="debian_evr_string" operation="less than">{evr}</evr></dpkginfo_state>'
)
# oscap reads the package database through apt, which is told another place for it.
_APT = """Dir::State::status "{status}";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "/dev/null";
"""


def debsecan_feed(database: Path, release: str) -> bytes:
    """Names, then vulnerabilities by source package, then (empty) the binaries of sources."""
    fixes = [
        (rule.affected.package, cve, rule.affected.fixed)
        for rule in _fixes(database, release)
        for cve in rule.advisory.cves
    ]
    cves = sorted({cve for _, cve, _ in fixes})
    number = {cve: place for place, cve in enumerate(cves)}
    lines = ["VERSION 1", *(f"{cve},,-" for cve in cves), ""]
    lines += [f"{package},{number[cve]},S  F,{fixed}," for package, cve, fixed in fixes]
    return zlib.compress("\n".join([*lines, "", ""]).encode())


def oval(database: Path, release: str, document: Mapping[str, Any]) -> tuple[str, dict[str, tuple[str, ...]]]:
    """OVAL definitions, one a fix and installed binary of its source, and the pairs "CVE package" of each.

    OVAL compares binary versions: where a binary's version is not its source's, its answer is not ours.
    """
    binaries: dict[str, list[str]] = {}
    for package in document["packages"]:
        binaries.setdefault(package["source"], []).append(package["name"])
    objects: dict[str, int] = {}
    states: dict[str, int] = {}
    definitions: list[str] = []
    tests: list[str] = []
    stands_for: dict[str, tuple[str, ...]] = {}
    for rule in _fixes(database, release):
        for name in binaries.get(rule.affected.package, ()):
            number = len(definitions) + 1
            wanted = objects.setdefault(name, len(objects) + 1)
            older = states.setdefault(rule.affected.fixed, len(states) + 1)
            definitions.append(_DEFINITION.format(number=number, title=escape(rule.advisory.name)))
            tests.append(_TEST.format(number=number, wanted=wanted, older=older))
            stands_for[f"oval:b:def:{number}"] = tuple(f"{cve} {name}" for cve in rule.advisory.cves)
    parts = [_HEAD, "<definitions>", *definitions, "</definitions><tests>", *tests, "</tests><objects>"]
    parts += [_OBJECT.format(number=number, name=escape(name)) for name, number in objects.items()]
    parts.append("</objects><states>")
    parts += [
        _STATE.format(number=number, evr=escape(fixed if ":" in fixed else f"0:{fixed}"))
        for fixed, number in states.items()
    ]
    return "".join([*parts, "</states></oval_definitions>"]), stands_for


def apt_configuration(folder: Path, status: Path) -> Path:
    """A configuration that makes apt's library read this status file."""
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache").mkdir()
    path = folder / "apt.conf"
    path.write_text(_APT.format(folder=folder, status=status))
    return path


def _fixes(database: Path, release: str) -> Iterator[Rule]:
    with AdvisoryDatabase.open(database) as opened:
        yield from (rule for rule in opened.rules(release) if rule.affected.status == "fixed")
