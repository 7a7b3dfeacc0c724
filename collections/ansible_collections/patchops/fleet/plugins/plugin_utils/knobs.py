# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that steer a run: read from any level of the inventory, checked before anything happens.

Some belong to a host (what to install, when to reboot). Others belong to the run (batches, budget, window):
all hosts of one run must agree on those, because they are patched together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.common.text.formatters import human_to_bytes

from ansible_collections.patchops.fleet.plugins.module_utils.transaction.access import (
    CONFIRM_LIMITS,
    valid_pattern,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import parse_rules
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.batches import parse_serial
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.budget import parse_budget
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import parse_freezes, parse_windows

RUN_DEFAULTS: dict[str, Any] = {
    "patchops_serial": "100%",
    "patchops_failure_budget": 0,
    "patchops_window": None,
    "patchops_freeze": None,
    "patchops_seal": True,
    "patchops_patch_set_name": None,
}
HOST_KNOBS = (
    "patchops_select",
    "patchops_packages",
    "patchops_patch_set",
    "patchops_reboot",
    "patchops_restarts",
    "patchops_boot_check",
    "patchops_boot_fallback",
    "patchops_way_back",
    "patchops_way_back_classes",
    "patchops_without_snapshot",
    "patchops_snapshot",
    "patchops_way_back_limit",
    "patchops_allow_removals",
    "patchops_confirm_within",
    "patchops_access_packages",
    "patchops_intermittent",
    "patchops_checks",
)
_TRUE = ("yes", "true", "on", "1")
_FALSE = ("no", "false", "off", "0")


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


def parse_flag(value: object) -> bool:
    """Return a yes or no however it was written; raises ValueError."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE + _FALSE:
        return text in _TRUE
    raise ValueError(f"{value!r} is neither true nor false")


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


def _one_of(*choices: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is not one of {', '.join(choices)}")
        return str(value)

    return parse


def _package_names(value: Any) -> Sequence[str]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) and name for name in value):
        raise ValueError(f"{value!r} is not a list of package names")
    return list(value)


def _seconds_to_confirm(value: Any) -> int:
    shortest, longest = CONFIRM_LIMITS
    if isinstance(value, bool) or not str(value).isdigit():
        raise ValueError(f"{value!r} is not a number of seconds")
    if int(value) and not shortest <= int(value) <= longest:
        raise ValueError(f"{value!r} is neither 0 (never) nor {shortest} to {longest} seconds")
    return int(value)


def _package_patterns(value: Any) -> Sequence[str]:
    names = _package_names(value)
    strange = [name for name in names if not valid_pattern(name)]
    if strange:
        raise ValueError(f"{strange[0]!r} is no name of a package, nor a pattern of names with * and ?")
    return names


_RUN_PARSERS: dict[str, Callable[[Any], Any]] = {
    "patchops_serial": parse_serial,
    "patchops_failure_budget": parse_budget,
    "patchops_window": parse_windows,
    "patchops_freeze": parse_freezes,
    "patchops_seal": parse_flag,
    "patchops_patch_set_name": lambda value: value if value is None else str(value),
}
_HOST_PARSERS: dict[str, Callable[[Any], Any]] = {
    "patchops_select": _one_of("security", "all"),
    "patchops_packages": _package_names,
    "patchops_reboot": _one_of("auto", "never", "always"),
    "patchops_restarts": _one_of("auto", "never"),
    "patchops_boot_check": parse_flag,
    "patchops_boot_fallback": _one_of("auto", "required", "never"),
    "patchops_way_back": _one_of("required", "best_effort", "none"),
    "patchops_way_back_classes": parse_rules,
    "patchops_without_snapshot": _one_of("refuse", "refuse_to_apply", "forward_only"),
    "patchops_way_back_limit": human_to_bytes,
    "patchops_allow_removals": parse_flag,
    "patchops_confirm_within": _seconds_to_confirm,
    "patchops_access_packages": _package_patterns,
    "patchops_intermittent": parse_flag,
}
