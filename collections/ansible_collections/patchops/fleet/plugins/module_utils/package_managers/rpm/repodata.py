# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an RPM repository says of itself: its index, its packages, its advisories."""

import operator
import os
import re
from typing import Any, Callable, Collection, Dict, Iterator, List, NamedTuple, Optional
from xml.etree.ElementTree import Element

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.xml_files import (
    elements,
    parse,
)
from ansible_collections.patchops.fleet.plugins.module_utils.versions.rpm import key

_NAME = re.compile(r"<name>([^<]*)</name>")
_OBSOLETES = re.compile(r"<rpm:obsoletes>(.*?)</rpm:obsoletes>", re.DOTALL)
_ENTRY = re.compile(r"<rpm:entry\s[^>]*?name=[\"']([^\"']*)[\"']")
_DULL = re.compile(
    r"<rpm:(provides|requires|conflicts|recommends|suggests|supplements|enhances)>.*?</rpm:\1>"
    r"|<file[ >].*?</file>|<description>.*?</description>",
    re.DOTALL,
)
_NO = ("0", "false", "no")
_COMPARISONS: Dict[str, Callable[[str, str], bool]] = {
    "EQ": operator.eq,
    "LT": operator.lt,
    "LE": operator.le,
    "GT": operator.gt,
    "GE": operator.ge,
}
# What SUSE calls them, and the words of our documents.
_TYPES = {"recommended": "bugfix", "optional": "enhancement", "feature": "enhancement"}
_OUR_TYPES = ("security", "bugfix", "enhancement", "newpackage")

# What a package replaces: `flags` is one of _COMPARISONS, None for every version.
Obsoleted = NamedTuple("Obsoleted", [("name", str), ("flags", Optional[str]), ("version", str)])


def read_index(path: str) -> Dict[str, Any]:
    """Return {published_at, files: {kind: path}} of a repomd.xml.

    `published_at` in seconds since 1970, None where it isn't told. Raises ValueError for what is no index,
    OSError when it can't be read.
    """
    with open(path, encoding="utf-8", errors="replace") as file:
        root = parse(file.read())
    files, stamps = {}, []
    for data in root.iter("data"):
        location = data.find("location")
        if location is not None:
            name = os.path.basename(location.get("href", ""))
            files[data.get("type", "")] = os.path.join(os.path.dirname(path), name)
        stamps.append(int(float(data.findtext("timestamp") or 0)))
    return {"published_at": max(stamps + [0]) or None, "files": files}


def read_lifetime(path: str) -> Optional[int]:
    """Return for how many seconds a repository says it is good, counted from its publication (suseinfo.xml).

    None where it doesn't say. Raises ValueError for what is no such file, OSError when it can't be read.
    """
    for element in elements(path, "expire"):
        return int(element.text or 0) or None
    return None


def read_packages(path: str, repository: str, names: Collection[str]) -> Iterator[Package]:
    """Yield the packages of a primary.xml that are called as one of `names`, or obsolete one.

    `found` of each: what it obsoletes. `sha256` is None where the repository has another sum.
    """

    def wanted(text: str) -> bool:
        name = _NAME.search(text)
        if name is None or name.group(1) in names:
            return name is not None
        found = _OBSOLETES.search(text)
        return found is not None and any(entry in names for entry in _ENTRY.findall(found.group(1)))

    for element in elements(path, "package", wanted, _DULL):
        yield _package(element, repository)


def read_advisories(path: str) -> Iterator[Dict[str, Any]]:
    """Yield the advisories of an updateinfo.xml that stand.

    Each as {id, type, severity, cves, reboot_suggested, module ("name:stream" or None), packages: [{name,
    version, arch}]}.
    """
    for element in elements(path, "update"):
        if element.get("status") != "retracted":
            yield _advisory(element)


def obsoletes(new: Package, old: Package) -> bool:
    """Tell whether an offered package (see `read_packages`) replaces an installed one of another name."""
    return new.name != old.name and any(_covers(one, old) for one in new.found)


def _covers(one: Obsoleted, old: Package) -> bool:
    if one.name != old.name:
        return False
    if one.flags is None:
        return True
    # Without a release every release of the version counts.
    version = old.version if "-" in one.version else old.version.rpartition("-")[0]
    return _COMPARISONS[one.flags](key(version), key(one.version)) if one.flags in _COMPARISONS else False


def _package(element: Element, repository: str) -> Package:
    checksum, size = element.find("checksum"), element.find("size")
    of_sha256 = checksum is not None and checksum.get("type") == "sha256"
    return Package(
        name=element.findtext("name") or "",
        arch=element.findtext("arch") or "",
        version=_version_of(element.find("version")),
        source_rpm=element.findtext("format/sourcerpm") or "",
        vendor=element.findtext("format/vendor") or "",
        section=element.findtext("format/group") or "",
        repository=repository,
        recorded="",
        manual=False,
        sha256=checksum.text if checksum is not None and of_sha256 else None,
        download_bytes=_number(size, "package"),
        disk_bytes=_number(size, "installed"),
        installed_at=0,
        found=[
            Obsoleted(entry.get("name", ""), entry.get("flags"), _version_of(entry))
            for entry in element.iterfind("format/obsoletes/entry")
        ],
    )


def _advisory(element: Element) -> Dict[str, Any]:
    kind = (element.get("type") or "").lower()
    kind = _TYPES.get(kind, kind)
    packages = list(element.iterfind("pkglist/collection/package"))
    module = element.find("pkglist/collection/module")
    severity = (element.findtext("severity") or "").strip()
    return {
        "id": (element.findtext("id") or "").strip(),
        "type": kind if kind in _OUR_TYPES else "unknown",
        "severity": severity if severity not in ("", "None") else None,
        "cves": sorted(
            {
                one.get("id", "")
                for one in element.iterfind("references/reference")
                if one.get("type") == "cve"
            }
        ),
        "reboot_suggested": any(_is_yes(one.find("reboot_suggested")) for one in packages),
        "module": None
        if module is None
        else "{}:{}".format(module.get("name", ""), module.get("stream", "")),
        "packages": [
            {
                "name": one.get("name", ""),
                "version": _version_of(one, "version", "release"),
                "arch": one.get("arch", ""),
            }
            for one in packages
        ],
    }


def _version_of(element: Optional[Element], version: str = "ver", release: str = "rel") -> str:
    if element is None:
        return ""
    epoch = element.get("epoch") or "0"
    parts: List[str] = [element.get(version) or "", element.get(release) or ""]
    return ("" if epoch == "0" else epoch + ":") + "-".join(part for part in parts if part)


def _number(element: Optional[Element], name: str) -> int:
    text = element.get(name, "") if element is not None else ""
    return int(text) if text.isdigit() else 0


def _is_yes(element: Optional[Element]) -> bool:
    # Empty and "True" both mean yes; some write the refusal down.
    return element is not None and (element.text or "").strip().lower() not in _NO
