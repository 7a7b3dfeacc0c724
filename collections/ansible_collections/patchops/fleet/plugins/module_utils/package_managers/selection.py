# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of selection, the same for every package manager: what is planned, what is left out, and why.

The package manager solves (see solver.py); what it is asked for is decided here. Pure.
"""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Held, Plan, plan_of
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.left_out import (
    HELD_ON_THE_HOST,
    LeftOut,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.patch_sets import check_members
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import (
    Offer,
    Sighting,
    Solver,
)

# The code of an error that a hold on the host is the reason of; never leaves this module.
HELD = "held"
# One question to the package manager each: enough to say why, but not for hundreds of them.
_EXPLAINED = 50
# The errors that say that there is no solution; others say that none could be looked for.
_NO_SOLUTION = {
    HELD,
    "package_unknown",
    "removals_needed",
    "repository_unsigned",
    "unsatisfiable",
    "version_unknown",
}
_REMEDIES = {
    "version_unknown": "Check the version; mirrors drop superseded ones, and excludes hide what they name.",
    "package_unknown": "Check the spelling and the host's repositories.",
    "removals_needed": "Set allow_removals when these removals are wanted.",
}


class Want(NamedTuple):
    """One version that is asked for; those of a group stand or fall together.

    `update`: the security update that it is; where that can't be had, a lower version may close its holes.
    """

    offer: Offer
    name: str
    group: str
    update: Optional[Dict[str, Any]] = None


def make_plan(
    solver: Solver,
    selection: Dict[str, Any],
    allow_removals: bool = False,
    blocked: Iterable[Dict[str, str]] = (),
) -> Plan:
    """Return what `selection` (see transaction/requests.py) comes to on this host.

    `blocked`: versions ({name, version}) that were taken back: they don't come again, whoever asks for them.
    Raises DriverError where the selection can't be had as asked for. Changes nothing.
    """
    selector = _Selector(solver, allow_removals, {(one["name"], one["version"]) for one in blocked})
    if selection.get("select") == "all":
        changes = selector.everything()
    elif selection.get("select") == "security":
        changes = selector.security()
    elif "packages" in selection:
        changes = selector.named(selection["packages"])
    else:
        changes = selector.members(selection["patch_set"])
    changes = solver.complete(changes)
    if "select" in selection:
        changes = selector.checkable(changes)
    changes = sorted(changes, key=lambda one: (one.name, one.arch, one.after or ""))
    _check_sums(changes)
    if "patch_set" in selection:
        check_members(changes, selection["patch_set"], solver.name)
    return plan_of(changes, selector.left_out.all)


def removals(changes: Iterable[Change]) -> List[str]:
    """Return the names of what goes and is not replaced by what comes."""
    return [one.name for one in changes if one.action is Action.REMOVE and not one.replaced_by]


def check_removals(changes: Iterable[Change], allow_removals: bool) -> None:
    """Raise DriverError where `changes` remove what nothing replaces, and that was not allowed."""
    removed = removals(changes)
    if removed and not allow_removals:
        raise DriverError("removals_needed", "needs the removal of " + ", ".join(removed))


class _Selector:
    def __init__(self, solver: Solver, allow_removals: bool, blocked: Set[Tuple[str, str]]) -> None:
        self._solver = solver
        self._allow_removals = allow_removals
        self._blocked = blocked
        self._unchecked: Set[Tuple[str, str]] = set()
        self.left_out = LeftOut(solver.updates, solver.holds, blocked)

    def everything(self) -> List[Change]:
        """Return all upgrades, and note in `held` what stays behind."""
        try:
            changes, reasons = self._solver.upgrade_all(self._allow_removals)
            changes = self._without_older(changes)
            self._check(changes)
        except DriverError as error:
            raise self._impossible(error)
        for update in self._solver.updates:
            self.left_out.note_kept_back(update)
        left = self._left(changes)
        for update in left:
            if update["held"]:
                self.left_out.note_update(update, HELD_ON_THE_HOST, Cause.HOLD)
        closing = {one["name"] for one in left if one["security"]}
        for name, reason in sorted(reasons.items()):
            self.left_out.note(Held(name, reason, Cause.DEPENDENCY, name in closing))
        waiting = [one for one in left if one["name"] not in self.left_out and not one["blocked"]]
        for number, update in enumerate(waiting):
            self.left_out.note_update(update, *self._why_not(update, number < _EXPLAINED))
        return changes

    def security(self) -> List[Change]:
        """Return what closes security holes, as far as it can be had."""
        if self._solver.unmarked:
            raise DriverError(
                "security_unknown",
                f"{self._solver.unmarked}'s repositories don't say which updates mend security holes, so "
                "that they can't be chosen. Nothing was changed.",
                f"Use select: all; {self._solver.unmarked} supports hosts that are upgraded as a whole.",
            )
        wants = []
        for update in self._solver.updates:
            self.left_out.note_kept_back(update, security_only=True)
            if not update["security"] or self.left_out.keeps(update["name"], update["candidate"]):
                continue
            if update["blocked"]:
                continue
            offer = self._solver.offer_for(update)
            if offer is None:
                self.left_out.note_update(update, self._kept_back(), Cause.DEPENDENCY)
            else:
                group = update.get("source") or update["name"]
                wants.append(Want(offer, update["name"], group, update))
        return self._resolve(wants, required=False)[1]

    def named(self, names: List[str]) -> List[Change]:
        """Return what brings the packages that a user named: ``name`` and ``name=version``."""
        asked = self._read_names(names)
        sightings = self._solver.named(asked)
        unknown = [text for (text, _version), seen in zip(asked, sightings) if seen.name is None]
        if unknown:
            raise DriverError(
                "package_unknown",
                "The host's repositories have no package " + ", ".join(sorted(unknown)) + ".",
                f"{_REMEDIES['package_unknown']} {self._solver.naming}".rstrip(),
            )
        wants, missing, older = [], [], []
        for (text, given), seen in zip(asked, sightings):
            version = given or (seen.offer.version if seen.offer else "")
            if version in seen.installed and not given:
                self.left_out.note_newer(str(seen.name))
            if version in seen.installed or self.left_out.keeps(str(seen.name), version):
                continue
            if version and seen.installed and self._solver.is_older(version, seen.installed[-1]):
                older.append(f"{text}={version} (installed: {seen.installed[-1]})")
            elif seen.offer is None:
                missing.append(f"{text}={given}" if given else text)
            else:
                wants.append(Want(seen.offer, str(seen.name), str(seen.name)))
        if missing:
            raise DriverError(
                "version_unknown",
                "The host's repositories have no " + ", ".join(missing) + ".",
                _REMEDIES["version_unknown"],
            )
        if older:
            raise DriverError(
                "downgrade_needed",
                "A newer version is installed already: " + ", ".join(older) + ".",
                "Use state: reverted to go back to what a transaction replaced.",
            )
        return self._resolve(wants, required=True)[1]

    def members(self, patch_set: Dict[str, Any]) -> List[Change]:
        """Return what brings the installed packages to the versions of the set, and no others.

        What is there already in that version or a newer one is done. A package that is held or was taken back
        stays as it is, whether or not the repositories still have the member.
        """
        wants, missing = [], []
        for member, seen in zip(patch_set["packages"], self._solver.members(patch_set["packages"])):
            name, version = member["name"], member["version"]
            if not self._is_wanted(seen, version) or self.left_out.keeps(name, version):
                continue
            if seen.offer is None:
                missing.append(f"{name} {version}")
            else:
                wants.append(Want(seen.offer, name, name))
        if missing:
            raise DriverError(
                "member_missing",
                "The host's repositories no longer have: " + ", ".join(missing) + ".",
                "Serve the proven versions (a snapshot or a mirror that keeps them), or prove a new set.",
            )
        accepted, changes = self._resolve(wants, required=True)
        more = self._new_members(patch_set, changes)
        return self._resolve(accepted + more, required=True)[1] if more else changes

    def _read_names(self, names: List[str]) -> List[Tuple[str, str]]:
        asked, wrong = [], []
        for text in names:
            name, sign, version = text.partition("=")
            if not self._solver.is_name(name) or (sign and not self._solver.is_version(version)):
                wrong.append(text)
            asked.append((name, self._solver.normal(version)))
        if wrong:
            raise DriverError(
                "bad_arguments", "Not a package name or version: " + ", ".join(map(repr, wrong)) + "."
            )
        return asked

    def _is_wanted(self, seen: Sighting, version: str) -> bool:
        if not seen.installed or version in seen.installed:
            return False
        return self._solver.is_older(seen.installed[-1], version)

    def _new_members(self, patch_set: Dict[str, Any], changes: List[Change]) -> List[Want]:
        """Return the set's own versions of what would newly come along in another version."""
        others = {(one.name, one.arch): one.after for one in changes if one.action is Action.INSTALL}
        members = [
            one
            for one in patch_set["packages"]
            if others.get((one["name"], one["arch"]), one["version"]) != one["version"]
        ]
        sightings = self._solver.members(members) if members else []
        return [Want(seen.offer, seen.offer.name, seen.offer.name) for seen in sightings if seen.offer]

    def _resolve(self, wants: List[Want], required: bool) -> Tuple[List[Want], List[Change]]:
        """Return as many of `wants` as fit together, and the changes that bring them.

        `required`: what doesn't fit is an error, unless a hold is the reason.
        """
        if not wants:
            return [], []
        try:
            return wants, self._ask(wants)
        except DriverError as error:
            if required and not self._solver.holds:
                raise self._impossible(error)
        accepted: List[Want] = []
        changes: List[Change] = []
        for group in sorted({want.group for want in wants}):
            members = [want for want in wants if want.group == group]
            try:
                changes = self._ask(accepted + members)
                accepted += members
            except DriverError as error:
                if required and error.code != HELD:
                    raise self._impossible(error)
                lower, changes = self._lower(accepted, members, error) or ([], changes)
                accepted += lower
        return accepted, changes

    def _lower(
        self, accepted: List[Want], members: List[Want], error: DriverError
    ) -> Optional[Tuple[List[Want], List[Change]]]:
        """Return the highest lower versions that close security holes, and the changes; None: there are none.

        `error`: why the newest ones can't be had, which is noted where holes stay open.
        """
        closing = [self._solver.closing(want.update) if want.update else [] for want in members]
        lower = [
            [one for one in found if one.version != want.offer.version]
            for want, found in zip(members, closing)
        ]
        for step in range(max(map(len, lower))):
            taken = [
                want._replace(offer=found[min(step, len(found) - 1)])
                for want, found in zip(members, lower)
                if found
            ]
            try:
                changes = self._ask(accepted + taken)
            except DriverError as worse:
                _reason(worse)
                continue
            offers = {want.name: want.offer for want in taken}
            for want, found in zip(members, closing):
                if not found or offers.get(want.name) != found[0]:
                    self._note(want, error)
            return taken, changes
        for want in members:
            self._note(want, error)
        return None

    def _note(self, want: Want, error: DriverError) -> None:
        security = want.update is not None
        self.left_out.note(Held(want.name, _reason(error), _cause(error), security))

    def _ask(self, wants: List[Want]) -> List[Change]:
        changes = self._solver.install([want.offer for want in wants], self._allow_removals)
        self._check(changes)
        held = sorted({one.name for one in changes} & set(self._solver.holds))
        if held:
            raise DriverError(HELD, "needs a change of held " + ", ".join(held))
        older = [_as_older(one) for one in changes if one.action is Action.DOWNGRADE]
        if older:
            raise DriverError("unsatisfiable", "needs an older version of " + ", ".join(older))
        return changes

    def _without_older(self, changes: List[Change]) -> List[Change]:
        """Return an upgrade of all without what would go back to an older version, which is noted.

        Nothing that is applied goes back, so no plan promises it.
        """
        older = [one for one in changes if one.action is Action.DOWNGRADE]
        if not older:
            return changes
        for one in older:
            reason = f"{self._solver.name} prefers the older {one.after}, and only state: reverted goes back"
            self.left_out.note(Held(one.name, reason, Cause.OLDER))
        return self._upgrades(changes)

    def checkable(self, changes: List[Change]) -> List[Change]:
        """Return complete changes without packages that nothing can be checked by, which are noted."""
        while True:
            bad = [one for one in changes if one.after and not one.sha256]
            if not bad:
                return changes
            for one in bad:
                self._unchecked.add((one.name, str(one.after)))
                reason = f"the repositories give no SHA-256 for {one.after}"
                self.left_out.note(Held(one.name, reason, Cause.UNCHECKED, one.security))
            changes = self._solver.complete(self._upgrades([one for one in changes if one not in bad]))

    def _upgrades(self, changes: List[Change]) -> List[Change]:
        """Return the plan of just the upgrades among `changes`, as far as they can be had."""
        rising = [one for one in changes if one.action is Action.UPGRADE]
        seen = self._solver.members(
            [{"name": one.name, "arch": one.arch, "version": one.after} for one in rising]
        )
        wants = [Want(one.offer, one.offer.name, one.offer.name) for one in seen if one.offer]
        return self._resolve(wants, required=False)[1]

    def _check(self, changes: List[Change]) -> None:
        check_removals(changes, self._allow_removals)
        unchecked = [one.name for one in changes if (one.name, one.after) in self._unchecked]
        if unchecked:
            raise DriverError("unsatisfiable", f"needs {', '.join(unchecked)}, which can't be checked")
        back = [f"{one.name} {one.after}" for one in changes if (one.name, one.after) in self._blocked]
        if back:
            raise DriverError(
                "unsatisfiable",
                "needs " + ", ".join(back) + ", which was taken back and stays blocked",
                "Find out what was wrong with it. To have it installed after all, release the block (the "
                "playbook cleanup, or state: committed).",
            )

    def _left(self, changes: List[Change]) -> List[Dict[str, Any]]:
        """Return the updates that `changes` don't bring."""
        taken = {(one.name, one.arch) for one in changes} | {(one.name, one.from_arch) for one in changes}
        gone = {one.name for one in changes if one.action is Action.REMOVE}
        return [
            one
            for one in self._solver.updates
            if (one["name"], one["arch"]) not in taken and one["name"] not in gone
        ]

    def _why_not(self, update: Dict[str, Any], asking: bool) -> Tuple[str, Cause]:
        """Return why an update stays behind; `asking`: whether the package manager may be asked for it."""
        if update.get("phased") is not None:
            reason = f"phased: the distribution offers it to {update['phased']} % of its hosts so far"
            return reason, Cause.PHASED
        offer = self._solver.offer_for(update) if asking else None
        if offer is not None:
            try:
                self._ask([Want(offer, update["name"], update["name"])])
            except DriverError as error:
                return _reason(error), _cause(error)
        return self._kept_back(), Cause.DEPENDENCY

    def _kept_back(self) -> str:
        return f"kept back by {self._solver.name}"

    def _impossible(self, error: DriverError) -> DriverError:
        """Return a solver's error with the package manager's name, and a remedy where it has none."""
        if error.code not in _NO_SOLUTION:
            return error
        trying = f"Run {self._solver.trying} with the same packages on the host to see what is in the way."
        return DriverError(
            "unsatisfiable" if error.code == HELD else error.code,
            f"{self._solver.name} can't plan this: {error.message.rstrip('.')}.",
            error.remedy or _REMEDIES.get(error.code, trying),
        )


def _check_sums(changes: List[Change]) -> None:
    for one in changes:
        if one.after and not one.sha256:
            raise DriverError(
                "repository_unsigned",
                f"The repositories give no SHA-256 for {one.name} {one.after}.",
                "Use a repository whose index carries SHA-256 sums.",
            )


def _as_older(change: Change) -> str:
    return f"{change.name} ({change.before} to {change.after})"


def _cause(error: DriverError) -> Cause:
    """Return what a refusal comes from: a hold on the host, or packages that don't fit together."""
    return Cause.HOLD if error.code == HELD else Cause.DEPENDENCY


def _reason(error: DriverError) -> str:
    """Return an error as the reason of what is left out; raises it where it is not about the packages."""
    if error.code not in _NO_SOLUTION:
        raise error
    return error.message
