# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pacman's databases: text files of what is installed, and a tar archive of what each repository offers."""

import os
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_TIME_LIMIT = 300
# Every description of an offered package begins with the name of its file.
_BEGIN = "%FILENAME%\n"

# One package; sizes in bytes, times in seconds since 1970.
Package = NamedTuple(
    "Package",
    [
        ("name", str),
        ("version", str),  # [epoch:]version-release
        ("arch", str),
        ("base", str),  # what it was built from
        ("built_at", int),
        ("packager", str),
        ("size", int),  # installed
        ("groups", Tuple[str, ...]),
        ("replaces", Tuple[str, ...]),
        ("automatic", bool),  # of installed packages: there as a dependency of others
        ("installed_at", int),
        ("repository", str),  # of offered packages, as are the following
        ("file", str),
        ("download_size", int),
        ("sha256", Optional[str]),
    ],
)


def parse_desc(text: str) -> Dict[str, List[str]]:
    """Return the fields of a `desc` file: ``%NAME%``, its values one a line, an empty line."""
    fields: Dict[str, List[str]] = {}
    values: List[str] = []
    for line in text.splitlines():
        if line.startswith("%") and line.endswith("%") and len(line) > 2:
            values = fields.setdefault(line.strip("%"), [])
        elif line:
            values.append(line)
    return fields


def package_of(fields: Dict[str, List[str]], repository: str = "") -> Package:
    """Return the package that a `desc` file describes; raises ValueError when it has no name or version."""

    def first(key: str) -> str:
        return fields.get(key, [""])[0]

    def number(key: str) -> int:
        return int(first(key)) if first(key).isdigit() else 0

    if not first("NAME") or not first("VERSION"):
        raise ValueError("it names no package")
    return Package(
        name=first("NAME"),
        version=first("VERSION"),
        arch=first("ARCH"),
        base=first("BASE") or first("NAME"),
        built_at=number("BUILDDATE"),
        packager=first("PACKAGER"),
        # Installed packages have SIZE, offered ones ISIZE.
        size=number("SIZE") or number("ISIZE"),
        groups=tuple(fields.get("GROUPS", ())),
        replaces=tuple(fields.get("REPLACES", ())),
        automatic=first("REASON") == "1",
        installed_at=number("INSTALLDATE"),
        repository=repository,
        file=first("FILENAME"),
        download_size=number("CSIZE"),
        sha256=first("SHA256SUM") or None,
    )


def read_installed(database: str) -> Tuple[List[Package], List[Dict[str, str]]]:
    """Return the installed packages, and [{name, version, state}] of entries that were left half written."""
    place = os.path.join(database, "local")
    try:
        names = sorted(os.listdir(place))
    except OSError as error:
        raise DriverError(
            "interrupted_packages",
            f"pacman's database of installed packages can't be read: {place}: {error.strerror}.",
            "Restore it, for example from a backup of /var/lib/pacman/local.",
        )
    packages, damaged = [], []
    for name in names:
        entry = os.path.join(place, name)
        if not os.path.isdir(entry):
            continue  # ALPM_DB_VERSION
        try:
            with open(os.path.join(entry, "desc"), encoding="utf-8", errors="replace") as file:
                package = package_of(parse_desc(file.read()))
            if not os.path.exists(os.path.join(entry, "files")):
                raise ValueError("its list of files is missing")
        except (OSError, ValueError):
            stem, version = split_entry(name)
            damaged.append({"name": stem, "version": version, "state": "half installed"})
        else:
            packages.append(package)
    return packages, damaged


def split_entry(text: str) -> Tuple[str, str]:
    """Return name and version of ``name-version-release``."""
    parts = text.rsplit("-", 2)
    return (parts[0], "-".join(parts[1:])) if len(parts) == 3 else (text, "")


def read_offered(path: str, repository: str) -> List[Package]:
    """Return the packages in a repository's database; raises DriverError when it can't be read."""
    # Compressed in whatever way; pacman itself needs the library of this program.
    answer = run(["bsdtar", "-xOf", path, "*/desc"], timeout=_TIME_LIMIT)
    try:
        if answer.rc != 0:
            raise ValueError(answer.stderr.strip() or f"bsdtar ended with {answer.rc}")
        return parse_offered(answer.stdout, repository)
    except ValueError as error:
        raise DriverError(
            "repository_unreadable",
            f"{repository}: {path} can't be read: {error}",
            "Refresh; if that doesn't help, repair the repository.",
        )


def parse_offered(text: str, repository: str) -> List[Package]:
    """Return the packages that `desc` files, one behind the other, describe; raises ValueError. Pure."""
    return [package_of(parse_desc(_BEGIN + one), repository) for one in text.split(_BEGIN)[1:]]


def duplicates(packages: Iterable[Package]) -> List[Package]:
    """Return the packages whose name is there more than once."""
    seen: Dict[str, List[Package]] = {}
    for one in packages:
        seen.setdefault(one.name, []).append(one)
    return [one for same in seen.values() if len(same) > 1 for one in same]
