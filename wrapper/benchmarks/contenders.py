# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is measured, and who is compared with whom."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_PLAYS = Path(__file__).parent / "plays"

PING = "ansible -m ping"
FACTS = "setup + package_facts"
SCAN = "patchops.fleet.scan"
SCAN_KNOWN = "patchops.fleet.scan without refresh"
PLAIN = "plain playbook"
PATCH = "patchops.fleet.patch with staging"
STAGE = "staging ahead"
WINDOW = "patchops.fleet.patch after staging"

Ratios = tuple[tuple[str, str], ...]

LOOK_RATIOS: Ratios = ((FACTS, PING), (SCAN, PING), (SCAN, FACTS), (SCAN_KNOWN, FACTS))
PATCH_RATIOS: Ratios = ((PATCH, PLAIN), (WINDOW, PLAIN))
SLOW_RATIOS: Ratios = ((PATCH, PLAIN),)


@dataclass(frozen=True)
class Contender:
    """One that is measured.

    :ivar words: its program among Ansible's, and the arguments besides the inventory
    :ivar fresh: its hosts are made new before
    :ivar patches: its hosts are patched after it
    :ivar reboots: and rebooted
    """

    label: str
    words: tuple[str, ...]
    fresh: bool = False
    patches: bool = False
    reboots: bool = False


def looking(store: Path) -> tuple[Contender, ...]:
    """Return those that change nothing; ours keep their documents in `store`."""
    return (
        Contender(PING, ("ansible", "all", "-m", "ansible.builtin.ping")),
        Contender(FACTS, ("ansible-playbook", str(_PLAYS / "facts.yml"))),
        Contender(SCAN, _ours("scan", store)),
        Contender(SCAN_KNOWN, _ours("scan", store, patchops_discover_refresh=False)),
    )


def patching(play: str, store: Path, **variables: object) -> tuple[Contender, ...]:
    """Return those that patch and reboot, the staging right before the patching of what is staged.

    :param play: the plain playbook
    :param variables: ours for the patch play
    """
    knobs: dict[str, object] = {**_everywhere(), "patchops_select": "all", **variables}
    staging = ("ansible", "all", "-m", "patchops.fleet.transaction", "-a", "state=staged select=all")
    return (
        Contender(PLAIN, _plain(play), fresh=True, patches=True, reboots=True),
        Contender(PATCH, _ours("patch", store, **knobs), fresh=True, patches=True, reboots=True),
        Contender(STAGE, (*staging, "-e", _extra(store)), fresh=True),
        Contender(WINDOW, _ours("patch", store, **knobs), patches=True, reboots=True),
    )


def updating_slowly(store: Path) -> tuple[Contender, ...]:
    """Return those that update one package which takes its time, and don't reboot."""
    knobs = {**_everywhere(), "patchops_packages": ["lab-slowapp"], "patchops_reboot": "never"}
    return (
        Contender(PLAIN, _plain("slow_package"), fresh=True, patches=True),
        Contender(PATCH, _ours("patch", store, **knobs), fresh=True, patches=True),
    )


def _everywhere() -> dict[str, object]:
    return {"patchops_hosts": "all", "patchops_serial": "100%"}


def _plain(play: str) -> tuple[str, ...]:
    return ("ansible-playbook", str(_PLAYS / f"{play}.yml"))


def _ours(playbook: str, store: Path, **variables: object) -> tuple[str, ...]:
    return ("ansible-playbook", f"patchops.fleet.{playbook}", "-e", _extra(store, **variables))


def _extra(store: Path, **variables: object) -> str:
    kept = {"kind": "directory", "path": str(store)}
    return json.dumps({"patchops_document_store": kept, **variables})
