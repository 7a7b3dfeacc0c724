# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet drawn from the packages of one real inventory: each host has some of them, some at the newer
version."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory

_UPGRADABLE = re.compile(r"(?P<name>[^/]+)/\S+ (?P<candidate>\S+) (?P<arch>\S+) \[upgradable")
_HEAD: dict[str, Any] = {
    "kind": "patchops.host",
    "schema": 1,
    "engine_version": "0.1.0",
    "os": {"id": "debian", "version_id": "12", "codename": "bookworm", "support": {"status": "lts"}},
    "machine": {"virtualization": {"kind": "vm"}},
    "kernel": {"running": "6.1.0-40-amd64", "running_build": None, "installed": [], "default_boot": None},
    "security_source": {"status": "ok", "reason": None, "repositories": ["security"]},
    "refresh": {"ok": True, "errors": []},
    "repositories": [{"suite": "oldstable-security", "date": "2026-08-21T10:00:00Z"}],
    "broken": {"interrupted": False, "packages": [], "reason": None},
    "reboot": {"required": False, "reasons": []},
    "restarts": [],
}


class SyntheticFleet:
    """The same fleet each time: hosts are drawn with a fixed seed."""

    def __init__(self, hosts_folder: Path, packages_per_host: int) -> None:
        inventory = read_inventory(
            "dpkg-status", hosts_folder / "dpkg-status.sandbox-python.gz", hosts_folder / "os-release"
        )
        listed = (hosts_folder / "apt-upgradable.sandbox-python.txt").read_text().splitlines()
        found = [match for line in listed if (match := _UPGRADABLE.match(line))]
        newer = {(one["name"], one["arch"]): one["candidate"] for one in found}
        self._per_host = min(packages_per_host, len(inventory["packages"]))
        # A live host tells the origin. Package, the same when newer, and the update that leads there;
        # most have no newer one.
        self._choices = [_choice({**one, "origin": "Debian"}, newer) for one in inventory["packages"]]

    def documents(self, count: int) -> Iterator[dict[str, Any]]:
        """Host documents, one at a time."""
        draw = random.Random(2026)  # noqa: S311 (a sample, no secret)
        for number in range(count):
            packages, updates = [], []
            patched = draw.random()
            for package, newer, update in draw.sample(self._choices, self._per_host):
                if newer is None or draw.random() > patched:
                    packages.append(package)
                    if update is not None:
                        updates.append(update)
                else:
                    packages.append(newer)
            yield {**_HEAD, "host": f"host{number:05}", "packages": packages, "updates": updates}

    def texts(self, count: int) -> Iterator[bytes]:
        """The same as a directory store keeps them."""
        return (json.dumps(document, indent=1, sort_keys=True).encode() for document in self.documents(count))


def _choice(
    package: dict[str, Any], newer: dict[tuple[str, str], str]
) -> tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any] | None]:
    candidate = newer.get((package["name"], package["arch"]))
    if candidate is None:
        return package, None, None
    same = package["version"] == package["source_version"]
    changed = {
        **package,
        "version": candidate,
        "source_version": candidate if same else package["source_version"],
    }
    update = {
        "name": package["name"],
        "arch": package["arch"],
        "installed": package["version"],
        "candidate": candidate,
        "suite": "oldstable-security",
        "security": True,
        "held": False,
        "blocked": False,
        "source": package["source"],
    }
    return package, changed, update
