# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An option is the same wherever it is written: argument spec, documentation, role, default, inventory."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.patchops.fleet.plugins.module_utils.operations import table
from ansible_collections.patchops.fleet.plugins.plugin_utils.knobs import HOST_KNOBS, RUN_DEFAULTS
from ansible_collections.patchops.fleet.plugins.plugin_utils.variables import (
    HOST_VARIABLES,
    ROLE_OPTIONS,
    Option,
    argument_of,
    parser_of,
)

COLLECTION = Path(__file__).resolve().parents[4]
ROLES = sorted(path.name for path in (COLLECTION / "roles").iterdir())
OF_VARIABLES = {role: one for one in HOST_VARIABLES for role in one.roles}
OF_ROLES: dict[str, Option] = {
    **{role: one.option for role, one in OF_VARIABLES.items() if one.option},
    **ROLE_OPTIONS,
}
# An empty value means that the option is not given, and something else is (deploy), or the newest (rollback).
EMPTY = frozenset({"patchops_deploy_packages", "patchops_deploy_snapshot", "patchops_rollback_transaction"})
# Plays ask for something when nobody does: security updates, and fresh repositories; what an earlier run has
# staged and not applied gives way.
OWN_DEFAULTS = {
    "patchops_deploy_select": "security",
    "patchops_deploy_supersede_staged": True,
    "patchops_deploy_refresh": None,
    "patchops_discover_refresh": True,
}
OWN_CHOICES = {"patchops_deploy_select": ["", "security", "all"]}
# Sizes are text to roles, which hand them on.
_TYPES = {"bytes": "str"}
# Their options are those of actions on the controller, which no host is asked with.
ON_THE_CONTROLLER = {"patchops_assess", "patchops_report"}
# A hook is tasks of the user, and how many hosts reboot at once is a keyword of a task.
NO_OPTIONS_OF_MODULES = {"patchops_deploy_hook", "patchops_reboot_at_once"}
_COMPARED = ("type", "elements", "choices", "default", "required")


def documentation(module: str) -> dict[str, Any]:
    """What a module documents, with the options of its fragments."""
    told = _documented(COLLECTION / f"plugins/modules/{module}.py", "DOCUMENTATION")
    for fragment in told.get("extends_documentation_fragment", ()):
        name, _, part = fragment.removeprefix("patchops.fleet.").partition(".")
        path = COLLECTION / f"plugins/doc_fragments/{name}.py"
        told["options"] = {**_documented(path, part.upper() or "DOCUMENTATION")["options"], **told["options"]}
    return told


def _documented(path: Path, name: str) -> dict[str, Any]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            told: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return told
    raise AssertionError(f"{path} has no {name}")


def spec_of(role: str) -> dict[str, dict[str, Any]]:
    path = COLLECTION / "roles" / role / "meta/argument_specs.yml"
    entries = yaml.safe_load(path.read_text("utf-8"))["argument_specs"].values()
    return {name: option for entry in entries for name, option in entry.get("options", {}).items()}


def defaults_of(role: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        (COLLECTION / "roles" / role / "defaults/main.yml").read_text("utf-8")
    )
    return found


def options(arguments: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, argument in arguments.items():
        yield f"{place}{name}", {key: argument[key] for key in _COMPARED if argument.get(key) is not None}
        yield from options(argument.get("options") or argument.get("suboptions") or {}, f"{place}{name}.")


def default_of(role_option: str) -> Any:
    if role_option in OWN_DEFAULTS:
        return OWN_DEFAULTS[role_option]
    default = argument_of(OF_ROLES[role_option]).get("default")
    kind = argument_of(OF_ROLES[role_option])["type"]
    return {"list": [], "str": ""}[kind] if default is None and role_option in EMPTY else default


@pytest.mark.parametrize("operation", table.OPERATIONS)
def test_a_module_documents_its_argument_spec(operation: str) -> None:
    told = dict(options(documentation(operation)["options"]))
    assert told == dict(options(table.find(operation).arguments))


def test_every_option_of_a_role_that_asks_hosts_is_in_the_table() -> None:
    told = {name for role in ROLES if role not in ON_THE_CONTROLLER for name in spec_of(role)}
    assert told == set(OF_ROLES) | NO_OPTIONS_OF_MODULES


@pytest.mark.parametrize("role_option", OF_ROLES)
def test_an_option_of_a_role_is_what_it_is_to_the_module(role_option: str) -> None:
    role = next(name for name in ROLES if role_option in spec_of(name))
    told, argument = spec_of(role)[role_option], argument_of(OF_ROLES[role_option])
    assert told["type"] == _TYPES.get(argument["type"], argument["type"])
    assert told.get("elements") == argument.get("elements")
    assert told.get("choices") == OWN_CHOICES.get(role_option, argument.get("choices"))
    assert told.get("default") == default_of(role_option)


@pytest.mark.parametrize("role_option", sorted(OF_VARIABLES))
def test_the_default_of_a_role_is_the_inventorys_variable_or_the_documented_value(role_option: str) -> None:
    role = next(name for name in ROLES if role_option in spec_of(name))
    text, variable = defaults_of(role)[role_option], OF_VARIABLES[role_option].name
    found = re.search(rf"\b{variable} \| default\((?P<value>.*?)\)( \}}\}}|,|$)", text)
    assert found is not None, text
    if role_option != "patchops_deploy_patch_set":  # a set that an earlier job of the workflow sealed
        value = found["value"].replace("true", "True").replace("false", "False")
        assert ast.literal_eval(value) == default_of(role_option)


@pytest.mark.parametrize("role_option", sorted(set(ROLE_OPTIONS) - {"patchops_deploy_refresh"}))
def test_the_default_of_another_option_is_the_documented_value(role_option: str) -> None:
    role = next(name for name in ROLES if role_option in spec_of(name))
    kept = defaults_of(role)[role_option]
    assert kept == default_of(role_option) or "| default('')" in str(kept)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_documents_every_default_and_has_one_for_every_option(role: str) -> None:
    # A database has no place that would do for everybody.
    assert set(spec_of(role)) - {"patchops_assess_database"} == set(defaults_of(role))


@pytest.mark.parametrize("role_option", OF_ROLES)
def test_a_role_hands_its_option_to_the_module(role_option: str) -> None:
    role = next(name for name in ROLES if role_option in spec_of(name))
    tasks = [path.read_text("utf-8") for path in (COLLECTION / "roles" / role / "tasks").glob("*.yml")]
    option = OF_ROLES[role_option].name
    assert any(re.search(rf"^ +{option}: .*\b{role_option}\b", text, re.MULTILINE) for text in tasks)


def test_the_plan_documents_every_variable_that_it_reads() -> None:
    told = str(documentation("run_plan")["description"])
    for name in (*HOST_KNOBS, *RUN_DEFAULTS):
        assert f"C({name})" in told


@pytest.mark.parametrize("variable", HOST_VARIABLES, ids=lambda one: str(one.name))
def test_the_documented_values_of_a_variable_pass_its_check_and_others_do_not(variable: Any) -> None:
    parse = parser_of(variable)
    if parse is None:
        assert not variable.checked
        return
    argument = argument_of(variable.option) if variable.option else {"default": False}
    good = [one for one in (argument.get("default"), *argument.get("choices", ())) if one is not None]
    for value in good:
        parse(value)
    with pytest.raises(ValueError, match="nonsense"):
        parse("nonsense ")


def test_plays_leave_the_check_of_options_to_the_plan() -> None:
    """See docs/decisions/0014: a role's own check would fail each host by itself, in a task of its own."""
    for path in sorted((COLLECTION / "playbooks").glob("*.yml")):
        text = path.read_text("utf-8")
        used = len(re.findall(r"^ +name: patchops\.fleet\.patchops_", text, re.MULTILINE))
        assert text.count("rolespec_validate: false") == used, path.name
