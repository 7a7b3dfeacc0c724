# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""zypper's own configuration: what is read from it, and the one of a zypper that sees no repository."""

import configparser
import errno
import glob
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from typing import Dict, Iterator, List, NamedTuple, Set

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text_or_none
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError

_CONFIGURATION = "/etc/zypp/zypp.conf"
_MULTIVERSION = "/etc/zypp/multiversion.d"
_NEEDREBOOT = ("/etc/zypp/needreboot", "/etc/zypp/needreboot.d/*")
_REPOSITORIES = "/etc/zypp/repos.d"
# What decides about packages nobody asked for: with the exact files given, nothing is to be decided.
_BARE = {
    "locksfile.apply": "false",
    "solver.cleandepsOnRemove": "false",
    "solver.onlyRequires": "true",
}

# The global options and the environment of a zypper without repositories.
Bare = NamedTuple("Bare", [("options", List[str]), ("env", Dict[str, str])])
# Packages by name, and by what they provide.
Matching = NamedTuple("Matching", [("names", Set[str]), ("capabilities", Set[str])])


def metadata_directory() -> str:
    """Return where the repositories' metadata is kept."""
    parser = _parser(_CONFIGURATION)
    cache = parser.get("main", "cachedir", fallback="/var/cache/zypp")
    return parser.get("main", "metadatadir", fallback=os.path.join(cache, "raw"))


def installed_beside() -> Matching:
    """Return the packages of which several versions are installed side by side, as kernels are."""
    listed = _parser(_CONFIGURATION).get("main", "multiversion", fallback="")
    lines = listed.split(",") + _lines(glob.glob(os.path.join(_MULTIVERSION, "*")))
    return _matching(lines)


def rebooting() -> Matching:
    """Return the packages whose change is in effect after a reboot only."""
    found = _matching(_lines([path for pattern in _NEEDREBOOT for path in glob.glob(pattern)]))
    return Matching(found.names, found.capabilities | {"installhint(reboot-needed)"})


def keys_of(alias: str) -> List[str]:
    """Return the addresses of the keys that a repository says it is signed with."""
    for path in glob.glob(os.path.join(_REPOSITORIES, "*.repo")):
        parser = _parser(path)
        if parser.has_section(alias):
            return parser.get(alias, "gpgkey", fallback="").split()
    return []


@contextmanager
def without_repositories() -> Iterator[Bare]:
    """Give a zypper that sees what is installed and nothing else: no repositories, no locks.

    Its cache is its own: zypper clears away the cache of every repository that it doesn't see. When we are
    killed, it stays for a zypper that works on.
    """
    directory = ""
    try:
        try:
            directory = tempfile.mkdtemp(prefix="patchops-zypper-")
            bare = _make_bare(directory)
        except OSError as error:
            code = "no_space" if error.errno == errno.ENOSPC else "internal_error"
            raise DriverError(
                code, f"Temporary files can't be made in {tempfile.gettempdir()}: {error.strerror}."
            )
        yield bare
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _make_bare(directory: str) -> Bare:
    repositories, configuration = os.path.join(directory, "repos.d"), os.path.join(directory, "zypp.conf")
    os.mkdir(repositories)
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(bare_configuration(read_text_or_none(_CONFIGURATION) or ""))
    # The files were checked when they were fetched, by the sums that their repository signed.
    options = [
        "--no-gpg-checks",
        "--reposd-dir",
        repositories,
        "--cache-dir",
        os.path.join(directory, "cache"),
    ]
    return Bare(options, {"ZYPP_CONF": configuration})


def bare_configuration(text: str) -> str:
    """Return the host's zypp.conf with what must not decide for us set aside. Pure."""
    keys = "|".join(map(re.escape, _BARE))
    rest = re.sub(rf"(?m)^\s*(?:{keys})\s*=.*\n?", "", text)
    settings = "".join(f"{key} = {value}\n" for key, value in sorted(_BARE.items()))
    if not re.search(r"(?m)^\[main\]", rest):
        return f"[main]\n{settings}{rest}"
    main = re.compile(r"^(\[main\][^\n]*)\n?", re.MULTILINE)
    return main.sub(lambda found: f"{found.group(1)}\n{settings}", rest, count=1)


def _parser(path: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        parser.clear()  # zypper itself says what is wrong with it
    return parser


def _lines(paths: List[str]) -> List[str]:
    return [line for path in sorted(paths) for line in (read_text_or_none(path) or "").splitlines()]


def _matching(lines: List[str]) -> Matching:
    entries = [line.strip() for line in lines]
    entries = [entry for entry in entries if entry and not entry.startswith("#")]
    capabilities = {entry.partition(":")[2] for entry in entries if entry.startswith("provides:")}
    return Matching({entry for entry in entries if not entry.startswith("provides:")}, capabilities)
