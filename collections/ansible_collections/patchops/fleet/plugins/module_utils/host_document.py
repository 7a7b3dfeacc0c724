# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the host document together. What can't be read is null and named in `errors`, never empty."""

import os
import sys
import time
from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence

from ansible_collections.patchops.fleet.plugins.module_utils import times
from ansible_collections.patchops.fleet.plugins.module_utils.facts import (
    boot,
    kernel,
    machine,
    os_release,
    reboot,
    restarts,
    space,
    units,
    updaters,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import (
    source_dates,
    source_memory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError, Reader
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import (
    Journal,
    JournalError,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.states import CLOSED
from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION

SUBSETS = (
    "os",
    "machine",
    "kernel",
    "boot",
    "packages",
    "updates",
    "repositories",
    "units",
    "reboot",
    "restarts",
    "space",
    "updaters",
)

# What reading facts can raise; anything else is a defect and may show itself as one.
_EXPECTED = (OSError, ValueError, StopIteration, IndexError, DriverError, JournalError, units.UnitsError)


class _Reader:
    """Reads each fact once and keeps what went wrong."""

    def __init__(self, state: StateDirectory) -> None:
        self.state = state
        self.errors: List[Dict[str, str]] = []
        self._kept: Dict[str, Any] = {}

    def read(self, subset: str, name: str, function: Callable[[], Any]) -> Any:
        """Return what `function` returns, None when it could not be read."""
        if name not in self._kept:
            try:
                self._kept[name] = function()
            except _EXPECTED as error:
                self._kept[name] = None
                self.errors.append(
                    {"subset": subset, "code": _code(error), "message": f"{name}: {_say(error)}"}
                )
        return self._kept[name]


class _NoDriver(Reader):
    """Stands in when the package manager is not known: every question raises the reason."""

    def __init__(self, reason: DriverError) -> None:
        self._reason = reason

    def _refuse(self) -> NoReturn:
        raise self._reason

    version = platform_arch = installed = holds = broken = repositories = _refuse
    refresh = updates = kernel_packages = reboot_requests = lock_holder = _refuse

    def available(self) -> bool:
        return False

    def forget(self) -> None:
        """Nothing was read."""

    def security_source(self, repositories: List[Dict[str, Any]]) -> NoReturn:
        raise self._reason

    def owners(self, paths: List[str]) -> Dict[str, str]:
        return {}

    def space_paths(self) -> List[Dict[str, str]]:
        return []


def collect(
    subsets: Sequence[str],
    driver: "Optional[Reader]",
    refresh: bool,
    reason: Optional[DriverError] = None,
    state: Optional[StateDirectory] = None,
) -> Dict[str, Any]:
    """Return the host document (schemas/patchops.host.json) with the parts of `subsets`.

    `driver` is None when the package manager is not known, for which `reason` then stands. `host` and
    `run_id` are set by the controller.
    """
    known = driver if driver is not None else _NoDriver(reason or DriverError("unsupported_platform", ""))
    reader = _Reader(state or StateDirectory())
    document: Dict[str, Any] = {
        "kind": "patchops.host",
        "schema": 1,
        "engine_version": ENGINE_VERSION,
        "run_id": None,
        "host": None,
        "collected_at": times.now(),
        "subsets": [name for name in SUBSETS if name in subsets],
        "clock": {"utc": times.now()},
        "python": {"executable": sys.executable, "version": ".".join(map(str, sys.version_info[:3]))},
        "package_manager": None if driver is None else _package_manager(reader, known),
        "refresh": _refresh(known, refresh, reader),
        "transactions": reader.read("transactions", "transactions", lambda: read_transactions(reader.state)),
    }
    kept = document["transactions"]
    document["kept_bytes"] = None if kept is None else sum(one["kept_bytes"] for one in kept)
    for subset in document["subsets"]:
        _PARTS[subset](document, reader, known)
    document["errors"] = reader.errors
    return document


def read_transactions(state: StateDirectory) -> List[Dict[str, Any]]:
    """Return [{id, state, updated_at, kept_bytes}] of our transactions on this host that are not closed."""
    if os.path.exists(state.root) and not os.access(state.root, os.R_OK | os.X_OK):
        raise PermissionError(13, "Permission denied", state.root)
    found = []
    for transaction_id in state.ids():
        directory = state.transaction(transaction_id)
        view = Journal(directory.journal).view()
        if view.state not in CLOSED:
            found.append(
                {
                    "id": transaction_id,
                    "state": view.state,
                    "updated_at": view.updated_at,
                    "kept_bytes": directory.kept_bytes(),
                }
            )
    return sorted(found, key=lambda one: str(one["updated_at"]))


def _refresh(driver: Reader, wanted: bool, reader: _Reader) -> Dict[str, Any]:
    if not wanted:
        return {"at": None, "ok": None, "errors": [], "warnings": []}
    failed = reader.read("repositories", "refresh", driver.refresh)
    return {
        "at": times.now(),
        "ok": failed == [],
        "errors": failed or [],
        "warnings": driver.refresh_warnings(),
    }


def _package_manager(reader: _Reader, driver: Reader) -> Dict[str, Any]:
    version = reader.read("package_manager", "package_manager.version", driver.version)
    return {"name": driver.name, "version": version}


def _os(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    arch = reader.read("os", "os.arch", driver.platform_arch)
    document["os"] = reader.read("os", "os", lambda: os_release.collect_os(arch))


def _machine(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["machine"] = reader.read("machine", "machine", machine.collect_machine)


def _kernel(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["kernel"] = reader.read(
        "kernel", "kernel", lambda: kernel.collect_kernel(driver.kernel_packages())
    )


def _boot(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["boot"] = reader.read("boot", "boot", boot.collect_boot)


def _packages(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["packages"] = reader.read("packages", "packages", driver.installed)
    document["holds"] = reader.read("packages", "holds", driver.holds)
    document["broken"] = reader.read("packages", "broken", driver.broken)


def _updates(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["updates"] = reader.read("updates", "updates", driver.updates)


def _repositories(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    found = reader.read("repositories", "repositories", driver.repositories)
    document["repositories"] = found
    document["security_source"] = (
        {"status": "unreadable", "reason": "the repositories could not be read", "repositories": []}
        if found is None
        else reader.read(
            "repositories", "security_source", lambda: _security_source(driver, found, reader.state.root)
        )
    )


def _security_source(driver: Reader, repositories: List[Dict[str, Any]], root: str) -> Dict[str, Any]:
    return source_dates.judge(
        driver.security_source(repositories),
        repositories,
        source_memory.read(root),
        driver.source_terms,
        source_dates.home_domain(os_release.read_os_release().get("HOME_URL", "")),
        time.time(),
    )


def _units(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["units"] = reader.read("units", "units", units.collect_units)


def _restarts(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["restarts"] = reader.read(
        "restarts", "restarts", lambda: restarts.collect_restarts(driver.owners)
    )


def _reboot(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    kernels = reader.read("kernel", "kernel", lambda: kernel.collect_kernel(driver.kernel_packages()))
    replaced = reader.read("restarts", "restarts", lambda: restarts.collect_restarts(driver.owners))
    virtualization = reader.read("machine", "virtualization", machine.detect_virtualization)
    marker = reader.read("reboot", "reboot.marker", lambda: reboot.read_marker(driver.reboot_requests()))
    in_container = virtualization is not None and virtualization["kind"] == "container"
    document["reboot"] = reboot.judge_reboot(marker, kernels, in_container, replaced)


def _space(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["space"] = reader.read("space", "space", lambda: space.collect_space(driver.space_paths()))


def _updaters(document: Dict[str, Any], reader: _Reader, driver: Reader) -> None:
    document["other_updaters"] = reader.read("updaters", "other_updaters", updaters.collect_updaters)


_PARTS: Dict[str, Callable[[Dict[str, Any], _Reader, Reader], None]] = {
    "os": _os,
    "machine": _machine,
    "kernel": _kernel,
    "boot": _boot,
    "packages": _packages,
    "updates": _updates,
    "repositories": _repositories,
    "units": _units,
    "reboot": _reboot,
    "restarts": _restarts,
    "space": _space,
    "updaters": _updaters,
}


def _code(error: BaseException) -> str:
    if isinstance(error, DriverError):
        return error.code
    return "permission_denied" if isinstance(error, PermissionError) else "unreadable"


def _say(error: BaseException) -> str:
    if isinstance(error, DriverError):
        return " ".join(part for part in (error.message, error.remedy) if part)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return f"{type(error).__name__}: {error}"
