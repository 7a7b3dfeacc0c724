# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let libdnf5 solve a goal, and say what the transaction would do in the words of a plan."""

from typing import Any, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import selection
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5.in_dnf import (
    describing,
    opening,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)

try:
    import libdnf5
    from libdnf5 import transaction
except ImportError:
    libdnf5 = None  # see opening.py


def settings(best: bool) -> Any:
    """Return the settings of a request: nothing is skipped in silence but, without `best`, newer versions."""
    chosen = libdnf5.base.GoalJobSettings()
    yes, no = libdnf5.base.GoalSetting_SET_TRUE, libdnf5.base.GoalSetting_SET_FALSE
    chosen.set_best(yes if best else no)
    chosen.set_skip_broken(no if best else yes)
    chosen.set_skip_unavailable(no)
    chosen.set_clean_requirements_on_remove(no)
    return chosen


def resolve(goal: Any, allow_removals: bool, lenient: bool = False) -> Any:
    """Return the transaction that reaches `goal`; raises DriverError where there is none.

    `lenient`: what can't be had stays behind without an error.
    """
    goal.set_allow_erasing(allow_removals)
    found = goal.resolve()
    # What is there already is asked for again after a crash.
    problems = found.get_problems() & ~libdnf5.base.GoalProblem_ALREADY_INSTALLED
    if lenient:
        problems &= libdnf5.base.GoalProblem_SOLVER_ERROR
    if problems != libdnf5.base.GoalProblem_NO_PROBLEM:
        told = " ".join(" ".join(str(line).split()) for line in found.get_resolve_logs_as_strings())
        raise DriverError("unsatisfiable", told or "libdnf5 found no solution and did not say why")
    return found


def planned(base: Any, found: Any, allow_removals: bool) -> List[Change]:
    """Return the changes of a transaction; raises DriverError where they remove what nothing replaces."""
    changes = changes_of(base, found)
    selection.check_removals(changes, allow_removals)
    return changes


def changes_of(base: Any, found: Any) -> List[Change]:
    """Return the changes of a transaction of libdnf5."""
    beside = opening.names_beside(base)
    items = list(found.get_transaction_packages())
    inbound = [one for one in items if transaction.transaction_item_action_is_inbound(one.get_action())]
    # Each version that goes with the one that takes its place, or goes for nothing.
    former = {one.get_package().get_id().id: _former(one) for one in inbound}
    advisories = describing.Advisories(
        base, [old for old in former.values() if old is not None], [one.get_package() for one in inbound]
    )
    changes = []
    for one in inbound:
        old = former[one.get_package().get_id().id]
        new = describing.record_of(one.get_package())
        before = describing.record_of(old) if old is not None else None
        entries = advisories.between(before, new) if _action(one) is not Action.DOWNGRADE else []
        security = any(entry["type"] == "security" for entry in entries)
        changes.append(rpm_packages.coming(new, before, _action(one), security, new.name in beside))
    replaced = {old.get_id().id for old in former.values() if old is not None}
    for one in items:
        outbound = transaction.transaction_item_action_is_outbound(one.get_action())
        if outbound and one.get_package().get_id().id not in replaced:
            old, after = describing.record_of(one.get_package()), list(one.get_replaced_by())
            changes.append(
                rpm_packages.going(old, after[0].get_name() if after else None, old.name in beside)
            )
    return sorted(changes, key=lambda one: (one.name, one.arch, one.after or ""))


def _former(item: Any) -> Optional[Any]:
    """Return the installed package of the same name whose place `item` takes."""
    new = item.get_package()
    same = [one for one in item.get_replaces() if one.get_name() == new.get_name()]
    same.sort(key=lambda one: one.get_arch() != new.get_arch())
    return same[0] if same else None


def _action(item: Any) -> Action:
    words = {
        transaction.TransactionItemAction_UPGRADE: Action.UPGRADE,
        transaction.TransactionItemAction_DOWNGRADE: Action.DOWNGRADE,
    }
    return words.get(item.get_action(), Action.INSTALL)
