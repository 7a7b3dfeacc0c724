# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions that apt knows of a package, and which of them it would take: ``apt-cache policy NAME...``."""

import re
from typing import Dict, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.inventory import Row
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import run


class Offer(NamedTuple):
    """One version that apt knows of, and the names of the indexes that carry it.

    `phased`: to how many percent of its hosts the distribution offers it so far; None: to all.
    """

    version: str
    priority: int
    sources: List[str]
    phased: Optional[int] = None


class Policy(NamedTuple):
    """What apt would take for one package; offers run from the newest version to the oldest."""

    installed: Optional[str]
    candidate: Optional[str]
    offers: List[Offer]


_NAME = re.compile(r"^(\S+):$")
_VERSION = re.compile(r"^ (?:\*\*\*|   ) (\S+)(?: (-?\d+))?(?: \(phased (\d+)%\))?")
_SOURCE = re.compile(r"^ {6,}\s*-?\d+ (.+)$")


def read_policies(names: List[str]) -> Dict[str, Policy]:
    """Ask apt for the versions of all `names` (``name:arch``) in one process; raises DriverError."""
    answer = run(["apt-cache", "policy"] + names, timeout=120)
    if answer.rc != 0:
        raise DriverError(
            "repository_unreadable",
            "apt-cache policy failed: " + answer.stderr.strip(),
            "Run apt-get update on the host and repair what it complains about.",
        )
    return parse_policies(answer.stdout)


def parse_policies(text: str) -> Dict[str, Policy]:
    """Return the version tables of `apt-cache policy NAME...`, newest version first in each."""
    policies: Dict[str, Policy] = {}
    offers: List[Offer] = []
    name = ""
    for line in text.splitlines():
        heading, version, source = _NAME.match(line), _VERSION.match(line), _SOURCE.match(line)
        if heading:
            name, offers = heading.group(1), []
            policies[name] = Policy(None, None, offers)
        elif line.startswith("  Installed: "):
            policies[name] = policies[name]._replace(installed=_version_or_none(line))
        elif line.startswith("  Candidate: "):
            policies[name] = policies[name]._replace(candidate=_version_or_none(line))
        elif source and offers:
            offers[-1].sources.append(" ".join(source.group(1).split()))
        elif version:
            phased = int(version.group(3)) if version.group(3) else None
            offers.append(Offer(version.group(1), int(version.group(2) or 0), [], phased))
    return policies


def policy_of(row: Row, policies: Dict[str, Policy]) -> Optional[Policy]:
    """Return the policy of an installed package; apt prints the architecture of foreign ones only."""
    return policies.get(f"{row.name}:{row.arch}") or policies.get(row.name)


def _version_or_none(line: str) -> Optional[str]:
    value = line.split(": ", 1)[1].strip()
    return None if value == "(none)" else value
