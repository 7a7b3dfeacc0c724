# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pacman's configuration, as pacman-conf(8) resolves it, and the ones that we have pacman run with."""

from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

Settings = List[Tuple[str, str]]  # key and value, empty for a switch, in the order of the file

# A part of the configuration file. The first section is [options]; every other one is a repository.
Section = NamedTuple("Section", [("name", str), ("settings", Settings)])

# Since pacman 7 downloads are made by a user of little rights, who can't write where we collect packages.
_OTHER_USER = ("DownloadUser",)
# Tables and colours are for people.
_LOOKS = ("VerbosePkgLists", "Color", "ILoveCandy")
_IGNORED = ("IgnorePkg", "IgnoreGroup")


class Configuration:
    """What the host's administrator has set."""

    def __init__(self, sections: List[Section]) -> None:
        self._sections = sections

    @property
    def database(self) -> str:
        """The directory of pacman's databases, without a slash at its end."""
        return (self._options("DBPath") or ["/var/lib/pacman/"])[0].rstrip("/")

    @property
    def caches(self) -> List[str]:
        """The directories in which pacman keeps packages."""
        return [path.rstrip("/") for path in self._options("CacheDir")] or ["/var/cache/pacman/pkg"]

    @property
    def ignored_packages(self) -> List[str]:
        """The patterns of IgnorePkg."""
        return self._options("IgnorePkg")

    @property
    def ignored_groups(self) -> List[str]:
        """The patterns of IgnoreGroup."""
        return self._options("IgnoreGroup")

    @property
    def repositories(self) -> List[Dict[str, Any]]:
        """[{id, servers, checks}] in pacman's order; `checks`: the words of SigLevel."""
        return [
            {
                "id": section.name,
                "servers": _values(section.settings, "Server"),
                "checks": _values(section.settings, "SigLevel") or self._options("SigLevel"),
            }
            for section in self._sections[1:]
        ]

    def for_reading(self, only: str = "") -> str:
        """Return one that reads all repositories, or the one named `only`."""
        return render([self._reading()] + [one for one in self._sections[1:] if only in ("", one.name)])

    def for_planning(self, ignored: Iterable[str]) -> str:
        """Return one that leaves out the packages `ignored`, and can't download anything."""
        more = [("IgnorePkg", name) for name in ignored] + [("XferCommand", "/bin/false %u")]
        options = Section("options", _without(self._reading().settings, ("XferCommand",)) + more)
        return render([options] + self._sections[1:])

    def for_acting(self) -> str:
        """Return one without any repository: what pacman installs is what it is given, and nothing else.

        Signatures were checked when the packages came, by the rules of their repositories.
        """
        useless = ("SigLevel", "LocalFileSigLevel", "RemoteFileSigLevel", "XferCommand")
        options = _without(self._sections[0].settings, _IGNORED + _OTHER_USER + _LOOKS + useless)
        return render([Section("options", options + [("SigLevel", "Optional"), ("SigLevel", "TrustAll")])])

    def for_fetching(self, checks: List[str]) -> str:
        """Return one that downloads from anywhere and checks signatures by the words `checks` of SigLevel."""
        options = _without(self._sections[0].settings, _OTHER_USER + ("SigLevel", "RemoteFileSigLevel"))
        return render([Section("options", options + [("SigLevel", word) for word in checks])])

    def _reading(self) -> Section:
        return Section("options", _without(self._sections[0].settings, _IGNORED + _OTHER_USER + _LOOKS))

    def _options(self, key: str) -> List[str]:
        return _values(self._sections[0].settings, key)


def read_configuration() -> Configuration:
    """Ask pacman-conf; raises DriverError when the configuration can't be read."""
    answer = run(["pacman-conf"])
    if answer.rc != 0 or not answer.stdout.startswith("[options]"):
        raise DriverError(
            "repository_unreadable",
            "pacman can't read its configuration: " + (answer.stderr.strip() or f"exit code {answer.rc}"),
            "Repair /etc/pacman.conf and the files that it includes.",
        )
    return Configuration(parse(answer.stdout))


def parse(text: str) -> List[Section]:
    """Return the sections of what pacman-conf prints."""
    sections: List[Section] = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            sections.append(Section(line[1:-1], []))
        elif line and sections:
            key, _sign, value = line.partition("=")
            sections[-1].settings.append((key.strip(), value.strip()))
    return sections


def render(sections: List[Section]) -> str:
    """Return the sections as pacman reads them."""
    lines = []
    for section in sections:
        lines.append(f"[{section.name}]")
        lines += [f"{key} = {value}" if value else key for key, value in section.settings]
    return "\n".join(lines) + "\n"


def _values(settings: Settings, key: str) -> List[str]:
    return [value for name, value in settings if name == key]


def _without(settings: Settings, keys: Tuple[str, ...]) -> Settings:
    return [one for one in settings if one[0] not in keys]
