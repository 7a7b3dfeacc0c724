# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory: a package manager whose installs can be made to fail or to be killed at any point."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Plan, plan_of
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import calls

Package = tuple[str, str, str]
FORMER = {("bash", "amd64", "1"), ("libx", "amd64", "1"), ("tzdata", "all", "1")}
PLANNED = {("bash", "amd64", "2"), ("libx", "amd64", "2"), ("tzdata", "all", "1"), ("newdep", "amd64", "1")}


class Killed(BaseException):
    """The worker is killed here."""


def _change(name: str, before: str | None, after: str) -> Change:
    action = Action.UPGRADE if before else Action.INSTALL
    return Change(name, "amd64", action, before, after, origin="Debian", suite="stable", size=10)


CHANGES = [_change("bash", "1", "2"), _change("libx", "1", "2"), _change("newdep", None, "1")]


class FakeDriver(Driver):
    """A package manager in memory. `trip` is called before every single change with its number."""

    name = "apt"
    repairing = "dpkg --configure -a"
    cleaning = "apt-get clean"
    inspecting = "dpkg --audit"

    def complaints(self, log: str) -> list[str]:
        return []

    def altered(self, packages: Sequence[Package]) -> set[Package]:
        return set()

    def removal(self, name: str, arch: str, version: str) -> str:
        return name

    def __init__(self) -> None:
        self.packages = set(FORMER)
        self.half_done: set[str] = set()
        self.automatic = ["tzdata:all"]
        self.pins: dict[str, list[dict[str, str]]] = {}
        self.releases = 0
        self.served_old = True
        self.broken_package: str | None = None
        self.complaint = "the postinst failed"
        self.refusal: str | None = None
        self.kernels: list[dict[str, Any]] = []
        self.holder: dict[str, Any] | None = None
        self.upgrades: list[Package] = []
        self.trip: Callable[[], None] = lambda: None

    def available(self) -> bool:
        return True

    def version(self) -> str:
        return "2.6.1"

    def forget(self) -> None:
        pass

    def installed(self) -> list[dict[str, Any]]:
        return self.versions()

    def holds(self) -> list[str]:
        return []

    def updates(self) -> list[dict[str, Any]]:
        return []

    def security_source(self, repositories: list[dict[str, Any]]) -> dict[str, Any]:
        return {"status": "ok", "reason": "", "repositories": []}

    def platform_arch(self) -> str:
        return "amd64"

    def versions(self) -> list[dict[str, Any]]:
        return [{"name": name, "arch": arch, "version": version} for name, arch, version in self.packages]

    def known_names(self) -> list[str]:
        return sorted({name for name, _arch, _version in self.packages})

    def broken(self) -> dict[str, Any]:
        packages = [{"name": name, "arch": "amd64", "state": "half-configured"} for name in self.half_done]
        reason = "half done: " + ", ".join(sorted(self.half_done)) if packages else None
        return {"interrupted": bool(packages), "packages": packages, "reason": reason}

    def repositories(self) -> list[dict[str, Any]]:
        return []

    def refresh(self) -> list[dict[str, Any]]:
        return []

    def remounts(self) -> bool:
        return True  # what this machine's own file systems are is no matter

    def lock_holder(self) -> dict[str, Any] | None:
        return self.holder

    def kernel_packages(self) -> list[dict[str, Any]]:
        return self.kernels

    def updater_locks(self) -> list[str]:
        return []

    def owners(self, paths: list[str]) -> dict[str, str]:
        return {}

    def space_paths(self) -> list[dict[str, str]]:
        return []

    def plan(
        self, selection: dict[str, Any], allow_removals: bool, blocked: Sequence[dict[str, str]] = ()
    ) -> Plan:
        pinned = {(one["name"], one["version"]) for pins in self.pins.values() for one in pins}
        changes = [
            one
            for one in CHANGES
            if (one.name, one.arch, one.after) not in self.packages and (one.name, one.after) not in pinned
        ]
        return plan_of(changes)

    def file_names(self, changes: list[dict[str, Any]]) -> list[str]:
        return [f"{one['name']}_{one['to']}_{one['arch']}.deb" for one in changes if one["to"]]

    def acquire(self, plan: dict[str, Any], directory: str) -> list[str]:
        self.trip()
        return [_write(directory, one["name"], one["arch"], one["to"]) for one in plan["packages"]]

    def acquire_way_back(
        self, plan: dict[str, Any], directory: str, nearby: Any = (), rebuilding: bool = False
    ) -> list[dict[str, Any]]:
        material = []
        for one in plan["packages"]:
            if not one["from"]:
                continue
            path = Path(_write(directory, one["name"], one["arch"], one["from"]))
            how = "repository" if self.served_old else "rebuilt" if rebuilding else None
            material.append(
                {
                    "name": one["name"],
                    "arch": one["arch"],
                    "version": one["from"],
                    "how": how,
                    "file": path.name,
                    "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                    "size": 1,
                }
            )
        return material

    def simulate(self, files: list[str], removals: list[str], allow_downgrades: bool) -> list[dict[str, Any]]:
        versions = {name: version for name, _arch, version in self.packages}
        coming = [_read(path) for path in files]
        return [
            {"name": name, "arch": arch, "from": versions.get(name), "to": version}
            for name, arch, version in coming
            if versions.get(name) != version
        ] + [{"name": name, "arch": None, "from": versions[name], "to": None} for name in removals]

    def install(self, files: list[str], removals: list[str], allow_downgrades: bool, log: str) -> None:
        if self.refusal:
            raise DriverError("install_failed", self.refusal)
        for path in files:
            self._install_one(_read(path))
        for name in removals:
            self.trip()
            self.packages = {one for one in self.packages if one[0] != name}
            self.automatic = [one for one in self.automatic if not one.startswith(name + ":")]

    def put_back_by_force(self, files: list[str], removals: list[str], log: str) -> None:
        self.install(files, removals, True, log)

    def clear_scratch(self, files: list[str]) -> list[str]:
        return []

    def recover(self, log: str) -> None:
        self.trip()
        if self.broken_package in self.half_done:
            raise DriverError("install_failed", f"postinst of {self.broken_package} failed")
        self.half_done.clear()

    def forget_packages(self, names: list[str], log: str) -> None:
        pass

    def marks(self) -> list[str]:
        return list(self.automatic)

    def restore_marks(self, marks: list[str], names: list[str]) -> None:
        self.automatic = sorted((set(self.automatic) - set(names)) | (set(marks) & set(names)))

    def block(self, versions: list[dict[str, str]], transaction_id: str) -> None:
        self.pins[transaction_id] = versions

    def unblock(self, transaction_id: str) -> None:
        self.pins.pop(transaction_id, None)

    def released(self) -> None:
        self.releases += 1

    def _install_one(self, package: Package) -> None:
        name, _arch, version = package
        self.trip()
        self.packages = {one for one in self.packages if one[0] != name} | {package}
        self.half_done.add(name)
        self.upgrades.append(package)
        self.trip()
        if name == self.broken_package and version == "2":
            raise DriverError("install_failed", f"{name}: {self.complaint}")
        self.half_done.discard(name)


def _write(directory: str, name: str, arch: str, version: str) -> str:
    path = Path(directory) / f"{name}_{version}_{arch}.deb"
    path.write_text(json.dumps([name, arch, version]))
    return str(path)


def _read(path: str) -> Package:
    name, arch, version = json.loads(Path(path).read_text())
    return name, arch, version


class FakeHost:
    """A host whose worker runs at once, in this process."""

    def __init__(self, root: Path) -> None:
        self.state = StateDirectory(str(root / "patchops"))
        self.etc = root / "etc"
        self.etc.mkdir()
        self.driver = FakeDriver()

    def call(self, state: str, **options: Any) -> dict[str, Any]:
        """Return the result of a call for everything pending, a refusal as its outcome."""
        selection = options.pop("selection", {"select": "all"} if state in ("staged", "applied") else None)
        arguments = {
            "state": state,
            "id": None,
            "wait": True,
            "timeout": 5,
            "lock_timeout": 1,
            "refresh": False,
            "allow_removals": False,
            "way_back": "required",
            "way_back_classes": [],
            "without_snapshot": "refuse",
            "snapshot": None,
            "way_back_limit": 2 << 30,
            "restart_services": True,
            "confirm_within": 0,
            "access_packages": [],
            "generation": 1,
            "fence": None,
            "supersede_staged": False,
            "run_id": None,
            **options,
        }
        try:
            return calls.Call(self.state, self.driver, arguments, selection, "machine").run()
        except DriverError as error:
            return {"outcome": {"class": "refused", "code": error.code, "message": error.message}}

    def code(self, state: str, **options: Any) -> str:
        """Return the outcome's code of a call."""
        return str(self.call(state, **options)["outcome"]["code"])

    def journals(self) -> list[Journal]:
        return [Journal(self.state.transaction(name).journal) for name in self.state.ids()]

    def states(self) -> list[str]:
        """Return every state that was ever entered, journal by journal."""
        return [one["state"] for kept in self.journals() for one in kept.entries() if one["event"] == "state"]
