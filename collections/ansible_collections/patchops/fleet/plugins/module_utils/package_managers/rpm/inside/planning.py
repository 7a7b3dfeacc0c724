# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the package manager make the plan of a transaction: what it would change, and what is left out."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside import records
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside.records import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside.refusal import (
    Refusal,
)

# One package that is asked for; those of a group stand or fall together.
Want = NamedTuple("Want", [("package", Package), ("name", str), ("group", str)])

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\Z")
_VERSION = re.compile(r"(?:[0-9]+:)?[A-Za-z0-9._+~^]+-[A-Za-z0-9._+~^]+\Z")
_EXPLAINED = 50


class Solver:
    """What a plan asks of the package manager: the part in which they differ.

    `holds`: names that are locked; `updates`: see Driver.updates; `arch`: the host's own.
    """

    name = "dnf"
    # The command by which a person sees why something can't be had.
    trying = "dnf --assumeno upgrade"
    holds: List[str]
    updates: List[Dict[str, Any]]
    arch: str

    def known(self, name: str, arch: str = "") -> List[Package]:
        """Return the packages of a name: installed ones, then those that are offered and not excluded."""
        raise NotImplementedError

    def upgrade_all(self, allow_removals: bool) -> List[Dict[str, Any]]:
        """Return the changes that upgrade what can be upgraded; raises Refusal."""
        raise NotImplementedError

    def install(self, packages: List[Package], allow_removals: bool) -> List[Dict[str, Any]]:
        """Return the changes that bring exactly `packages`; raises Refusal where they can't be had."""
        raise NotImplementedError


def plan(solver: Solver, selection: Dict[str, Any], allow_removals: bool) -> Dict[str, Any]:
    """Return {packages, held, download_bytes, disk_bytes} for `selection` (see transaction/requests.py).

    Raises Refusal where the selection can't be had as asked for. Changes nothing.
    """
    planner = _Planner(solver, allow_removals)
    if selection.get("select") == "all":
        packages = planner.everything()
    elif selection.get("select") == "security":
        packages = planner.resolve(planner.security(), required=False)
    elif "packages" in selection:
        packages = planner.resolve(planner.named(selection["packages"]), required=True)
    else:
        packages = planner.members(selection["patch_set"])
    for one in packages:
        if one["to"] and not one["sha256"]:
            raise Refusal(
                "repository_unsigned",
                "The repositories give no SHA-256 for {name} {to}.".format(**one),
                "Use a repository whose metadata carries SHA-256 sums.",
            )
    return {
        "packages": packages,
        "held": sorted(planner.held, key=lambda one: one["name"]),
        "download_bytes": sum(one["size"] for one in packages),
        "disk_bytes": sum(one.pop("disk_bytes") for one in packages),
    }


def check_removals(changes: List[Dict[str, Any]], allow_removals: bool) -> None:
    """Raise Refusal where `changes` remove what nothing replaces, and that was not allowed."""
    removed = [one["name"] for one in changes if one["action"] == "remove" and not one["replaced_by"]]
    if removed and not allow_removals:
        raise Refusal("removals_needed", "needs the removal of " + ", ".join(removed))


class _Planner:
    def __init__(self, solver: Solver, allow_removals: bool) -> None:
        self._solver = solver
        self._allow_removals = allow_removals
        self.held: List[Dict[str, str]] = []

    def everything(self) -> List[Dict[str, Any]]:
        """Return all upgrades, and note in `held` what stays behind."""
        found = self._solver.upgrade_all(self._allow_removals)
        taken = {one["name"] for one in found}
        for number, update in enumerate(one for one in self._solver.updates if one["name"] not in taken):
            if update["held"]:
                self._hold(update["name"], "held on the host")
            elif not update["blocked"]:
                # One question each: enough to say why, but not for hundreds of them.
                why = self._why_not(update) if number < _EXPLAINED else self._kept_back()
                self._hold(update["name"], why)
        return found

    def security(self) -> List[Want]:
        """Return what closes security holes."""
        wants = []
        for update in self._solver.updates:
            if not update["security"] or update["blocked"]:
                continue
            if update["held"]:
                self._hold(update["name"], "held on the host")
            else:
                wants.append(Want(self._offer(update), update["name"], update["source"]))
        return wants

    def named(self, names: List[str]) -> List[Want]:
        """Return what ``name``, ``name.arch`` and ``name=version`` stand for."""
        asked = [text.partition("=") for text in names]
        wrong = [
            "".join(parts)
            for parts in asked
            if not _NAME.match(parts[0]) or (parts[1] and not _VERSION.match(parts[2]))
        ]
        if wrong:
            raise Refusal(
                "bad_arguments", "Not a package name or version: " + ", ".join(map(repr, wrong)) + "."
            )
        wants, older = [], []
        for name, _sign, version in asked:
            wanted, present = self._find(name, records.without_zero_epoch(version))
            if present is not None and present.version == wanted.version:
                continue
            if wanted.name in self._solver.holds:
                self._hold(wanted.name, "held on the host")
            elif present is not None and records.older(wanted, present):
                older.append(f"{name}={version} (installed: {present.version})")
            else:
                wants.append(Want(wanted, wanted.name, wanted.name))
        if older:
            raise Refusal(
                "downgrade_needed",
                "A newer version is installed already: " + ", ".join(older) + ".",
                "Use state: reverted to go back to what a transaction replaced.",
            )
        return wants

    def members(self, patch_set: Dict[str, Any]) -> List[Dict[str, Any]]:
        """Return what brings the installed packages to the versions of the set, and no others."""
        wants, missing = [], []
        for member in patch_set["packages"]:
            known = self._solver.known(member["name"], member["arch"])
            present = [one for one in known if one.repository is None]
            if not present or any(one.version == member["version"] for one in present):
                continue
            offered = _offered(known, member)
            last = records.by_version(present)[-1]
            if offered is None:
                missing.append("{name} {version}".format(**member))
            elif records.older(last, offered):
                if member["name"] in self._solver.holds:
                    self._hold(member["name"], "held on the host")
                else:
                    wants.append(Want(offered, member["name"], member["name"]))
        if missing:
            raise Refusal(
                "member_missing",
                "The host's repositories no longer have: " + ", ".join(missing) + ".",
                "Serve the proven versions (a snapshot or a mirror that keeps them), or prove a new set.",
            )
        return self.resolve(self._with_new_members(patch_set, wants), required=True)

    def resolve(self, wants: List[Want], required: bool) -> List[Dict[str, Any]]:
        """Return the changes for as many of `wants` as fit together.

        `required`: whatever doesn't fit is an error.
        """
        if not wants:
            return []
        try:
            return self._ask(wants)
        except Refusal as error:
            if required:
                raise _unsatisfiable(error, self._solver)
        accepted: List[Want] = []
        found: List[Dict[str, Any]] = []
        for group in sorted({want.group for want in wants}):
            members = [want for want in wants if want.group == group]
            try:
                found = self._ask(accepted + members)
                accepted += members
            except Refusal as error:
                for want in members:
                    self._hold(want.name, error.message)
        return found

    def _ask(self, wants: List[Want]) -> List[Dict[str, Any]]:
        found = self._solver.install([want.package for want in wants], self._allow_removals)
        held = sorted({one["name"] for one in found} & set(self._solver.holds))
        if held:
            raise Refusal("unsatisfiable", "needs a change of held " + ", ".join(held))
        return found

    def _with_new_members(self, patch_set: Dict[str, Any], wants: List[Want]) -> List[Want]:
        """Ask for the set's own version of what would newly be installed for it."""
        if not wants:
            return wants
        try:
            new = {(one["name"], one["arch"]) for one in self._ask(wants) if one["action"] == "install"}
        except Refusal:
            return wants  # asked again without a way out, it tells what is wrong
        chosen = {want.name for want in wants}
        for member in patch_set["packages"]:
            if (member["name"], member["arch"]) not in new or member["name"] in chosen:
                continue
            offered = _offered(self._solver.known(member["name"], member["arch"]), member)
            if offered is not None:
                wants = wants + [Want(offered, member["name"], member["name"])]
        return wants

    def _find(self, name: str, version: str) -> Tuple[Package, Optional[Package]]:
        """Return the offered (or installed) package and the installed one, None when there is none."""
        arch = ""
        known = self._solver.known(name)
        if not known:
            stem, _dot, arch = name.rpartition(".")
            known = self._solver.known(stem, arch)
        if not known:
            raise Refusal(
                "package_unknown",
                f"The host's repositories have no package {name}.",
                "Check the spelling and the host's repositories.",
            )
        known = records.by_version(known)
        present = [one for one in known if one.repository is None]
        arches = {one.arch for one in present} | {"noarch"}
        if not present:
            arches = {arch} if arch else {self._solver.arch, "noarch"}
        candidates = [one for one in known if one.arch in arches and version in ("", one.version)]
        if not candidates:
            raise Refusal(
                "version_unknown",
                f"The host's repositories have no {name}={version}.",
                "Check the version; mirrors drop superseded ones, and excludes hide what they name.",
            )
        # Of one version the copy that a repository has, not the record of the installed one.
        best = [one for one in candidates if one.version == candidates[-1].version]
        best.sort(key=lambda one: one.repository is None)
        same = [one for one in present if one.arch == best[0].arch] or present
        return best[0], same[-1] if same else None

    def _offer(self, update: Dict[str, Any]) -> Package:
        offers = self._solver.known(update["replaced_by"] or update["name"])
        fitting = [
            one for one in offers if one.repository == update["suite"] and one.version == update["candidate"]
        ]
        return sorted(fitting, key=lambda one: one.arch != update["arch"])[0]

    def _why_not(self, update: Dict[str, Any]) -> str:
        try:
            self._ask([Want(self._offer(update), update["name"], update["name"])])
        except Refusal as error:
            return error.message
        return self._kept_back()

    def _kept_back(self) -> str:
        return f"kept back by {self._solver.name}"

    def _hold(self, name: str, reason: str) -> None:
        if name not in [one["name"] for one in self.held]:
            self.held.append({"name": name, "reason": reason})


def _offered(known: List[Package], member: Dict[str, Any]) -> Optional[Package]:
    offers = [one for one in known if one.repository is not None and one.version == member["version"]]
    return offers[0] if offers else None


def _unsatisfiable(error: Refusal, solver: Solver) -> Refusal:
    remedies = {"removals_needed": "Set allow_removals when these removals are wanted."}
    return Refusal(
        error.code,
        f"{solver.name} can't plan this: {error.message}.",
        remedies.get(error.code, f"Run {solver.trying} with the same packages to see why."),
    )
