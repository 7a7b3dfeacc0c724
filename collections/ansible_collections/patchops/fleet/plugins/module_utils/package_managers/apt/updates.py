# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which newer versions apt would take, from where, and whether they close security holes."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

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
_RECORD_FIELD = re.compile(r"^(Package|Architecture|Version|Source|SHA256|Size): (.*)$", re.MULTILINE)
_LOCAL = "/var/lib/dpkg/status"


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


def source_repository(
    policy: Optional[Policy], version: str, repositories: Dict[str, Dict[str, Any]]
) -> Optional[Dict[str, Any]]:
    """Return the repository that offers `version`, one with security updates first; None when none does."""
    offer = next((offer for offer in policy.offers if offer.version == version), None) if policy else None
    found = [repositories[source] for source in offer.sources if source in repositories] if offer else []
    return sorted(found, key=lambda repository: not repository["security"])[0] if found else None


def find_updates(
    rows: List[Row], policies: Dict[str, Policy], repositories: Dict[str, Dict[str, Any]]
) -> List[Dict[str, Any]]:
    """Return the updates of installed packages; `repositories` by the name that apt gives their index."""
    updates = []
    for row in rows:
        policy = policy_of(row, policies)
        if policy is None:
            continue
        newer = _newer_offers(policy, row.version)
        offer = _update_offer(policy, newer, repositories)
        if offer is None:
            continue
        candidates = newer[newer.index(offer) :]
        repository = source_repository(policy, offer.version, repositories) or {}
        updates.append(
            {
                "name": row.name,
                "arch": row.arch,
                "installed": row.version,
                "candidate": offer.version,
                "origin": repository.get("origin"),
                "label": repository.get("label"),
                "suite": repository.get("suite"),
                # A version in between may be the one that closed the hole.
                "security": any(_is_security(one, repositories) for one in candidates),
                "held": row.want == "hold",
                # apt up to 2.2 takes an update that is phased for no candidate on hosts that are not in yet.
                "blocked": offer.version != policy.candidate and offer.phased is None,
                "phased": offer.phased,
                "source": row.source,
            }
        )
    return updates


def read_candidates(updates: List[Dict[str, Any]], native: str) -> Dict[Tuple[str, str, str], Dict[str, Any]]:
    """Return what apt tells of each update's candidate, by (name, arch, version)."""
    asked = [
        "{name}={candidate}".format(**one)
        if one["arch"] in (native, "all")
        else "{name}:{arch}={candidate}".format(**one)
        for one in updates
    ]
    return parse_candidates(run(["apt-cache", "show"] + asked).stdout) if asked else {}


def parse_candidates(text: str) -> Dict[Tuple[str, str, str], Dict[str, Any]]:
    """Return {source_version, sha256, size} by (name, arch, version) of package records.

    A record without bytes to download (dpkg's own) has null for the last two.
    """
    candidates = {}  # type: Dict[Tuple[str, str, str], Dict[str, Any]]
    for record in text.split("\n\n"):
        fields = {match.group(1): match.group(2) for match in _RECORD_FIELD.finditer(record)}
        key = (fields.get("Package", ""), fields.get("Architecture", ""), fields.get("Version", ""))
        # "Source: openssl (3.0.15-1)" where the two versions differ, "Source: openssl" or nothing where not.
        source = re.search(r"\((.+)\)", fields.get("Source", ""))
        if key not in candidates or "SHA256" in fields:
            candidates[key] = {
                "source_version": source.group(1) if source else key[2],
                "sha256": fields.get("SHA256"),
                "size": int(fields["Size"]) if fields.get("Size", "").isdigit() else None,
            }
    return candidates


def _newer_offers(policy: Policy, installed: str) -> List[Offer]:
    versions = [offer.version for offer in policy.offers]
    position = versions.index(installed) if installed in versions else len(versions)
    return [offer for offer in policy.offers[:position] if offer.sources != [_LOCAL]]


def _update_offer(
    policy: Policy, newer: List[Offer], repositories: Dict[str, Dict[str, Any]]
) -> Optional[Offer]:
    """Return the newer version that apt would take, else one that a pin keeps from it."""
    chosen = next((offer for offer in newer if offer.version == policy.candidate), None)
    if chosen:
        return chosen
    # A version of low priority (backports) is only offered; one of negative priority is blocked, and a
    # security update that apt passes over must not go unseen, nor one that comes in phases.
    return next(
        (
            offer
            for offer in newer
            if offer.priority < 0 or offer.phased is not None or _is_security(offer, repositories)
        ),
        None,
    )


def _is_security(offer: Offer, repositories: Dict[str, Dict[str, Any]]) -> bool:
    return any(repositories[source]["security"] for source in offer.sources if source in repositories)


def _version_or_none(line: str) -> Optional[str]:
    value = line.split(": ", 1)[1].strip()
    return None if value == "(none)" else value
