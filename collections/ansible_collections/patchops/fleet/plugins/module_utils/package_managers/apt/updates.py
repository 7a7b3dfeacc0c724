# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which newer versions apt would take, from where, and whether they close security holes."""

import re
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import (
    KeptBack,
    write_kept_back,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import preferences
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.inventory import Row
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.policies import (
    Offer,
    Policy,
    policy_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_RECORD_FIELD = re.compile(r"^(Package|Architecture|Version|Source|SHA256|Size): (.*)$", re.MULTILINE)
_LOCAL = "/var/lib/dpkg/status"


def source_repository(
    policy: Optional[Policy], version: str, repositories: Dict[str, Dict[str, Any]]
) -> Optional[Dict[str, Any]]:
    """Return the repository that offers `version`, one with security updates first; None when none does."""
    offer = next((offer for offer in policy.offers if offer.version == version), None) if policy else None
    found = [repositories[source] for source in offer.sources if source in repositories] if offer else []
    return sorted(found, key=lambda repository: not repository["security"])[0] if found else None


def find_updates(
    rows: List[Row],
    policies: Dict[str, Policy],
    repositories: Dict[str, Dict[str, Any]],
    default_release: str = "",
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
        kept_back = _kept_back(policy, newer, offer, repositories, default_release)
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
                "kept_back": write_kept_back(kept_back),
                "source": row.source,
            }
        )
    return updates


def closing_versions(
    rows: List[Row], policies: Dict[str, Policy], repositories: Dict[str, Dict[str, Any]]
) -> Dict[Tuple[str, str], List[str]]:
    """Return the newer versions of security suites that apt takes, the newest first, by name and arch."""
    found = {}
    for row in rows:
        policy = policy_of(row, policies)
        if policy is not None:
            found[row.name, row.arch] = [
                one.version
                for one in _newer_offers(policy, row.version)
                if one.priority >= 0 and _is_security(one, repositories)
            ]
    return found


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


def _kept_back(
    policy: Policy,
    newer: List[Offer],
    offer: Offer,
    repositories: Dict[str, Dict[str, Any]],
    default_release: str,
) -> Optional[KeptBack]:
    """Return what apt passes over: the update itself, or a security update above the one that it takes."""
    if offer.version == policy.candidate:
        above = newer[: newer.index(offer)]
        kept = next((one for one in above if _is_security(one, repositories) and one.phased is None), None)
        closing = above
    else:
        kept, closing = (offer if offer.phased is None else None), newer
    if kept is None:
        return None
    repository = source_repository(policy, kept.version, repositories) or {}
    cause, reason = preferences.why_passed_over(policy, kept, repository.get("suite") or "", default_release)
    security = any(_is_security(one, repositories) for one in closing[closing.index(kept) :])
    return KeptBack(kept.version, cause, reason, security)


def _is_security(offer: Offer, repositories: Dict[str, Dict[str, Any]]) -> bool:
    return any(repositories[source]["security"] for source in offer.sources if source in repositories)
