# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the inventory that steer what happens to a host, and the options that they become.

This is the one table. Type, choices and default of a module's option stand in the operation's argument spec.
The check of a variable before a run follows from them; a test compares the documentation of modules, and the
specs and defaults of roles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.common.text.formatters import human_to_bytes

from ansible_collections.patchops.fleet.plugins.module_utils.operations import table
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import parse_rules
from ansible_collections.patchops.fleet.plugins.plugin_utils import source_terms
from ansible_collections.patchops.fleet.plugins.plugin_utils.variable_values import (
    one_of,
    package_names,
    package_patterns,
    parse_flag,
    seconds_to_confirm,
    seconds_to_stay_up,
)

Parser = Callable[[Any], Any]


class Option(NamedTuple):
    """An option of an operation, which is one of its module."""

    operation: str
    name: str


class HostVariable(NamedTuple):
    """A variable of a host. `roles`: the options of roles whose default it is.

    `parse`: how a value is checked where the option's choices, or its being a bool, don't say it; raises
    ValueError. `checked`: whether a parser checks the value before a run. Where not, `run_plan` looks at
    it otherwise (checks, patch sets), or any text will do.
    """

    name: str
    option: Option | None
    roles: tuple[str, ...] = ()
    parse: Parser | None = None
    checked: bool = True


def _deploy(name: str, parse: Parser | None = None, checked: bool = True) -> HostVariable:
    """Return a variable that has the name of an option of `transaction`."""
    return HostVariable(
        f"patchops_{name}", Option("transaction", name), (f"patchops_deploy_{name}",), parse, checked
    )


HOST_VARIABLES = (
    _deploy("select"),
    _deploy("packages", package_names),
    _deploy("patch_set", checked=False),
    HostVariable(
        "patchops_reboot",
        Option("reboot", "policy"),
        ("patchops_reboot_policy", "patchops_rollback_reboot_policy"),
    ),
    HostVariable(
        "patchops_restarts",
        Option("reboot", "restarts"),
        ("patchops_reboot_restarts", "patchops_rollback_reboot_restarts"),
    ),
    HostVariable(
        "patchops_boot_check",
        Option("reboot", "boot_check"),
        ("patchops_reboot_boot_check", "patchops_rollback_boot_check"),
    ),
    HostVariable("patchops_boot_fallback", Option("reboot", "fallback"), ("patchops_reboot_fallback",)),
    _deploy("way_back"),
    _deploy("way_back_classes", parse_rules),
    _deploy("without_snapshot"),
    _deploy("snapshot", checked=False),
    _deploy("way_back_limit", human_to_bytes),
    _deploy("allow_removals"),
    _deploy("confirm_within", seconds_to_confirm),
    _deploy("access_packages", package_patterns),
    HostVariable(
        "patchops_stable",
        Option("verify", "stable"),
        ("patchops_verify_stable", "patchops_rollback_stable"),
        seconds_to_stay_up,
    ),
    HostVariable("patchops_intermittent", None, parse=parse_flag),
    *(
        HostVariable(name, Option("host_info", "security_sources"), parse=parse)
        for name, parse in source_terms.PARSERS.items()
    ),
    HostVariable(
        "patchops_checks",
        Option("verify", "checks"),
        ("patchops_verify_checks", "patchops_rollback_checks"),
        checked=False,
    ),
)

# Options of roles that are options of modules, too, and have no variable in the inventory.
ROLE_OPTIONS: Mapping[str, Option] = {
    "patchops_deploy_supersede_staged": Option("transaction", "supersede_staged"),
    "patchops_deploy_refresh": Option("transaction", "refresh"),
    "patchops_deploy_lock_timeout": Option("transaction", "lock_timeout"),
    "patchops_deploy_timeout": Option("transaction", "timeout"),
    "patchops_discover_refresh": Option("host_info", "refresh"),
    "patchops_reboot_timeout": Option("reboot", "timeout"),
    "patchops_rollback_reboot_timeout": Option("reboot", "timeout"),
    "patchops_rollback_settle": Option("verify", "settle"),
    "patchops_rollback_timeout": Option("transaction", "timeout"),
    "patchops_rollback_transaction": Option("transaction", "id"),
    "patchops_verify_settle": Option("verify", "settle"),
}


def argument_of(option: Option) -> dict[str, Any]:
    """Return the argument spec of an option."""
    found: dict[str, Any] = table.find(option.operation).arguments[option.name]
    return found


def parser_of(variable: HostVariable) -> Parser | None:
    """Return what checks a variable's value, None where it is not checked by itself."""
    if variable.parse is not None or variable.option is None or not variable.checked:
        return variable.parse
    argument = argument_of(variable.option)
    return one_of(*argument["choices"]) if "choices" in argument else parse_flag
