# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that steer a run: read from any level of the inventory, checked before anything happens.

Some belong to a host (what to install, when to reboot). Others belong to the run (batches, budget, window):
all hosts of one run must agree on those, because they are patched together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.batches import parse_serial
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.budget import parse_budget
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import parse_freezes, parse_windows
from ansible_collections.patchops.fleet.plugins.plugin_utils.variable_values import parse_flag
from ansible_collections.patchops.fleet.plugins.plugin_utils.variables import HOST_VARIABLES, parser_of

__all__ = [
    "HOST_KNOBS",
    "RUN_DEFAULTS",
    "KnobError",
    "check_fail_on",
    "check_flag",
    "check_host_knobs",
    "parse_flag",
    "run_knobs",
]

RUN_DEFAULTS: dict[str, Any] = {
    "patchops_serial": "100%",
    "patchops_failure_budget": 0,
    "patchops_window": None,
    "patchops_freeze": None,
    "patchops_seal": True,
    "patchops_patch_set_name": None,
    "patchops_signing_key": None,
    "patchops_allowed_signers": None,
    "patchops_revoked_signers": None,
    "patchops_reboot_at_once": 0,
}
HOST_KNOBS = tuple(one.name for one in HOST_VARIABLES)
_RESULTS = ("failed", "stopped", "unknown", "missing")


class KnobError(ValueError):
    """A variable has a value that is not understood, or hosts of one run disagree on it."""


def run_knobs(by_host: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the run's knobs with their defaults from what each host's variables say.

    Raises KnobError that names the variable, and both hosts where two disagree.
    """
    knobs = {}
    for name, default in RUN_DEFAULTS.items():
        value = _agreed(name, by_host, default)
        host = next((host for host, values in by_host.items() if name in values), "the run")
        checked = _checked(name, value, host, _RUN_PARSERS[name])
        # Windows travel as they were written: a plan is JSON.
        knobs[name] = value if name in ("patchops_window", "patchops_freeze") else checked
    return knobs


def check_host_knobs(host: str, values: Mapping[str, Any]) -> None:
    """Raise KnobError when what one host's variables say is not understood or contradicts itself."""
    for name, parse in _HOST_PARSERS.items():
        if values.get(name) is not None:
            _checked(name, values[name], host, parse)
    if values.get("patchops_packages") and values.get("patchops_patch_set"):
        raise KnobError(
            f"{host}: patchops_packages and patchops_patch_set exclude one another; set one of them. "
            "Nothing was done."
        )


def check_flag(name: str, value: object) -> bool:
    """Return a yes or no of the run; raises KnobError."""
    return bool(_checked(name, value, "the run", parse_flag))


def check_path(name: str, value: object) -> str | None:
    """Return an absolute path of the controller, or None; raises KnobError."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.startswith("/"):
        raise KnobError(f"{name}: {value!r} is no absolute path. Nothing was done.")
    return str(value)


def check_pattern(name: str, value: object) -> object:
    """Return a pattern of hosts, or a list of them; raises KnobError."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    if value is not None and not all(isinstance(part, str) for part in parts):
        raise KnobError(f"{name}: {value!r} is no pattern of hosts. Nothing was done.")
    return value


def check_fail_on(name: str, value: object) -> list[str]:
    """Return the results that make a run fail; raises KnobError."""
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(one, str) and one in _RESULTS for one in value
    ):
        raise KnobError(f"{name}: {value!r} is not a list out of {', '.join(_RESULTS)}. Nothing was done.")
    return [str(one) for one in value]


def _agreed(name: str, by_host: Mapping[str, Mapping[str, Any]], default: Any) -> Any:
    first: tuple[str, Any] | None = None
    for host, values in by_host.items():
        value = values.get(name, default)
        if first is None:
            first = (host, value)
        elif value != first[1]:
            raise KnobError(
                f"{first[0]} and {host} are in one run but {name} is {first[1]!r} on one and {value!r} on "
                f"the "
                "other. Give both the same value, or patch them in separate runs. Nothing was done."
            )
    return default if first is None else first[1]


def _checked(name: str, value: Any, host: str, parse: Callable[[Any], Any]) -> Any:
    try:
        return parse(value)
    except ValueError as error:
        raise KnobError(f"{name} (as {host} has it): {error}. Nothing was done.") from error


def _path_or_none(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise ValueError(f"{value!r} is not the path of a file on the controller")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdecimal():
        raise ValueError(f"{value!r} is not a number of hosts")
    return int(value)


_RUN_PARSERS: dict[str, Callable[[Any], Any]] = {
    "patchops_serial": parse_serial,
    "patchops_failure_budget": parse_budget,
    "patchops_window": parse_windows,
    "patchops_freeze": parse_freezes,
    "patchops_seal": parse_flag,
    "patchops_reboot_at_once": _count,
    "patchops_patch_set_name": lambda value: value if value is None else str(value),
    "patchops_signing_key": _path_or_none,
    "patchops_allowed_signers": _path_or_none,
    "patchops_revoked_signers": _path_or_none,
}
_HOST_PARSERS: dict[str, Callable[[Any], Any]] = {
    one.name: parse for one in HOST_VARIABLES if (parse := parser_of(one)) is not None
}
