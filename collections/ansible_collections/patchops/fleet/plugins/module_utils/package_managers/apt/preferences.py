# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why apt passes over a newer version: a pin, a priority, the default release."""

import re
from typing import Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.policies import (
    Offer,
    Policy,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

# What apt gives to the versions of the default release.
_OF_DEFAULT_RELEASE = 990
_VALUE = re.compile(r'^APT::Default-Release "(.+)";$', re.MULTILINE)


def read_default_release() -> str:
    """Return what APT::Default-Release is set to, empty when it is not set."""
    found = _VALUE.search(run(["apt-config", "dump", "APT::Default-Release"]).stdout)
    return found.group(1) if found else ""


def why_passed_over(policy: Policy, offer: Offer, suite: str, default_release: str) -> Tuple[Cause, str]:
    """Return why apt doesn't take `offer`, a version that is newer than its candidate. Pure."""
    version = f"{offer.version} of {suite}" if suite else offer.version
    if offer.priority < 0:
        return Cause.PIN, f"{version} has a pin of priority {offer.priority}, which keeps it away"
    preferred = _candidate(policy)
    if preferred is None:
        return Cause.PRIORITY, f"{version} has priority {offer.priority}, and apt takes no version"
    told = f"apt prefers {preferred.version} (priority {preferred.priority}) to {version} ({offer.priority})"
    if preferred.priority == _OF_DEFAULT_RELEASE and default_release:
        return Cause.DEFAULT_RELEASE, f'APT::Default-Release is "{default_release}": {told}'
    return Cause.PRIORITY, f"by the priorities in /etc/apt/preferences and the repositories {told}"


def _candidate(policy: Policy) -> Optional[Offer]:
    return next((one for one in policy.offers if one.version == policy.candidate), None)
