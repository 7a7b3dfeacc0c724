# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resolved transaction of dnf would do, in the words of a plan."""

from typing import Any, List

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import selection
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.in_dnf import (
    describing,
    opening,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)

try:
    import dnf.exceptions
except ImportError:
    dnf = None  # see opening.py


def resolve(base: Any, allow_removals: bool) -> List[Change]:
    """Let dnf solve what was marked; return the changes, or raise DriverError."""
    try:
        base.resolve(allow_erasing=allow_removals)
    except dnf.exceptions.DepsolveError as error:
        raise DriverError("unsatisfiable", " ".join(str(error).split()))
    found = changes(base)
    selection.check_removals(found, allow_removals)
    return found


def changes(base: Any) -> List[Change]:
    """Return the changes of the transaction that dnf has resolved."""
    going = list(base.transaction.remove_set)
    replacing = {
        old: new for new in base.transaction.install_set for old in going if _obsoletes(base, new, old)
    }
    beside = opening.names_beside(base)
    found = []
    for new in base.transaction.install_set:
        old = None
        if new.name not in beside:
            same = [one for one in going if one.name == new.name]
            # Of two architectures each is replaced by its own, but noarch may come or go.
            same.sort(key=lambda one: (one.arch != new.arch, one.arch != "noarch"))
            fitting = [one for one in same if one.arch == new.arch or "noarch" in (one.arch, new.arch)]
            old = fitting[0] if fitting else None
        if old is not None:
            going.remove(old)
        found.append(_coming(base, new, old, new.name in beside))
    for old in going:
        after = replacing.get(old)
        name = after.name if after is not None else None
        found.append(rpm_packages.going(describing.record_of(old), name, old.name in beside))
    return sorted(found, key=lambda one: (one.name, one.arch, one.after or ""))


def _coming(base: Any, new: Any, old: Any, beside: bool) -> Change:
    action = Action.INSTALL if old is None else Action.UPGRADE if old < new else Action.DOWNGRADE
    advisories = describing.advisories_between(base.sack, old, new) if action is Action.UPGRADE else []
    if action is Action.INSTALL:
        advisories = describing.advisories_of(new)
    security = any(describing.type_of(one) == "security" for one in advisories)
    before = describing.record_of(old) if old is not None else None
    return rpm_packages.coming(describing.record_of(new), before, action, security, beside)


def _obsoletes(base: Any, new: Any, old: Any) -> bool:
    if new.name == old.name or not base.conf.obsoletes:
        return False
    return bool(base.sack.query().filter(pkg=[new]).filter(obsoletes=base.sack.query().filter(pkg=[old])))
