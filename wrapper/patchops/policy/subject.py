# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people approve: everything that a ring would do to its hosts. No times.

An approval holds for its subject and for no other. The subject is made again before each slice; when it
differs from what was approved, the approval is void, and the answer names the part that differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import canonical_json, digest
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from patchops.policy.effective import plain_data
from patchops.policy.model import Gate

_WORDS: Final = {
    "rollout": "it is another rollout",
    "ring": "it is another ring",
    "gate": "it is another gate",
    "definition": "the definition of the gate differs",
    "patch_set": "other packages would be installed",
    "policy": "the policy of the cycle differs",
    "hosts": "the hosts of the ring differ",
    "overrides": "the overrides differ",
    "collection": "the collection is another version",
}


@dataclass(frozen=True)
class Subject:
    """What one gate of one ring is asked about.

    `patch_set`: what `patch_set_content` returns, before sealing that of the candidate set. `policy`: the
    digest of the cycle's effective policy. `hosts`: every host that was placed in the ring, with its
    platform; one that left stays. `overrides`: plain data by name. `collection`: the engine's digest.
    """

    rollout: str
    ring: str
    gate: str
    definition: Gate
    patch_set: str
    policy: str
    hosts: Mapping[HostKey, str]
    overrides: Mapping[str, Any]
    collection: str

    def document(self) -> dict[str, Any]:
        """Return the subject as plain data, for the record and for people."""
        return {
            "rollout": self.rollout,
            "ring": self.ring,
            "gate": self.gate,
            "definition": {"kind": type(self.definition).__name__, **plain_data(self.definition)},
            "patch_set": self.patch_set,
            "policy": self.policy,
            "hosts": [[*key, platform] for key, platform in sorted(self.hosts.items())],
            "overrides": plain_data(self.overrides),
            "collection": self.collection,
        }

    @property
    def digest(self) -> str:
        """The digest that is shown to who approves, and that comes back with the approval."""
        return digest(self.document())

    def parts(self) -> dict[str, str]:
        """Return the digest of each part: kept with an approval, they tell later what differs."""
        return {name: digest({name: part}) for name, part in self.document().items()}


def differing(approved: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the parts that differ, in a fixed order; none: the approval holds.

    :param approved: the parts of the subject that was approved
    """
    return tuple(name for name in _WORDS if approved.get(name) != now.get(name))


def told(parts: tuple[str, ...]) -> str:
    """Return what differs, in words."""
    return "; ".join(_WORDS[name] for name in parts)


def joined(approved: Subject, now: Subject) -> tuple[HostKey, ...]:
    """Return the hosts that were not approved, or are another platform now. Who left is not among them."""
    return tuple(sorted(key for key, platform in now.hosts.items() if approved.hosts.get(key) != platform))


def voided(approved: Subject, now: Subject) -> tuple[str, ...]:
    """Return the names of the parts that void an approval; a host that left the ring does not."""
    parts = differing(approved.parts(), now.parts())
    return tuple(name for name in parts if name != "hosts" or joined(approved, now))


def patch_set_content(platforms: Mapping[str, Any]) -> str:
    """Return the digest of a patch set's members, wherever they were proven.

    :param platforms: as a patch set has them; a candidate set has the same form
    """
    content = {
        platform: {
            part: sorted(
                ({key: value for key, value in member.items() if key != "proven_on"} for member in members),
                key=canonical_json,
            )
            for part, members in parts.items()
        }
        for platform, parts in platforms.items()
    }
    return digest(content)
