# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let dnf make the plan of a transaction: what it would install, upgrade and remove, and what is left out."""

import re
from typing import Any, Dict, List, NamedTuple, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.inside import (
    changes,
    describing,
    opening,
    reading,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.inside.opening import (
    Opened,
    Refusal,
)

# One package that is asked for; those of a group stand or fall together.
Want = NamedTuple("Want", [("package", Any), ("name", str), ("group", str)])

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\Z")
_VERSION = re.compile(r"(?:[0-9]+:)?[A-Za-z0-9._+~^]+-[A-Za-z0-9._+~^]+\Z")
_EXPLAINED = 50
_KEPT_BACK = "kept back by dnf"


def plan(opened: Opened, selection: Dict[str, Any], allow_removals: bool) -> Dict[str, Any]:
    """Return {packages, held, download_bytes, disk_bytes} for `selection` (see transaction/requests.py).

    Raises Refusal where the selection can't be had as asked for. Changes nothing.
    """
    planner = _Planner(opened, allow_removals)
    # Kernels accumulate rather than that one goes of which nobody spoke: the running or the fallback one.
    opened.base.conf.installonly_limit = 0
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


class _Planner:
    def __init__(self, opened: Opened, allow_removals: bool) -> None:
        self._base = opened.base
        self._allow_removals = allow_removals
        self._holds = reading.held_names(self._base)
        self._updates = reading.updates(self._base, self._holds)
        self.held: List[Dict[str, str]] = []

    def everything(self) -> List[Dict[str, Any]]:
        """Return all upgrades, and note in `held` what stays behind."""
        # Newest or nothing would turn one package that waits for another into no plan at all.
        self._base.conf.best = False
        self._base.reset(goal=True)
        self._base.upgrade_all()
        found = changes.resolve(self._base, self._allow_removals)
        taken = {one["name"] for one in found if one["to"]} | {one["name"] for one in found if not one["to"]}
        for number, update in enumerate(one for one in self._updates if one["name"] not in taken):
            if update["held"]:
                self._hold(update["name"], "held on the host")
            elif not update["blocked"]:
                # One question each: enough to say why, but not for hundreds of them.
                why = self._why_not(update) if number < _EXPLAINED else _KEPT_BACK
                self._hold(update["name"], why)
        return found

    def security(self) -> List[Want]:
        """Return what closes security holes."""
        wants = []
        for update in self._updates:
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
            wanted, present = self._find(name, describing.without_zero_epoch(version))
            if present is not None and describing.version_of(present) == describing.version_of(wanted):
                continue
            if wanted.name in self._holds:
                self._hold(wanted.name, "held on the host")
            elif present is not None and wanted < present:
                older.append(f"{name}={version} (installed: {describing.version_of(present)})")
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
            present = self._installed(member["name"], member["arch"])
            offered = self._offered(member)
            if not present or any(describing.version_of(one) == member["version"] for one in present):
                continue
            if offered is None:
                missing.append("{name} {version}".format(**member))
            elif max(present) < offered:
                if member["name"] in self._holds:
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
                raise _unsatisfiable(error)
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
        self._base.reset(goal=True)
        self._base.conf.best = True
        for want in wants:
            self._base.package_install(want.package)
        found = changes.resolve(self._base, self._allow_removals)
        held = sorted({one["name"] for one in found} & set(self._holds))
        if held:
            raise Refusal("unsatisfiable", "needs a change of held " + ", ".join(held))
        return found

    def _with_new_members(self, patch_set: Dict[str, Any], wants: List[Want]) -> List[Want]:
        """Ask for the set's own version of what dnf would newly install for it."""
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
            offered = self._offered(member)
            if offered is not None:
                wants = wants + [Want(offered, member["name"], member["name"])]
        return wants

    def _find(self, name: str, version: str) -> Tuple[Any, Any]:
        """Return the offered (or installed) package and the installed one, None when there is none."""
        arch = ""
        known = self._known(name=name)
        if not known:
            stem, _dot, arch = name.rpartition(".")
            known = self._known(name=stem, arch=arch)
        if not known:
            raise Refusal(
                "package_unknown",
                f"The host's repositories have no package {name}.",
                "Check the spelling and the host's repositories.",
            )
        present = sorted(one for one in known if one._from_system)
        arches = {one.arch for one in present} | {"noarch"}
        if not present:
            arches = {arch} if arch else {self._base.conf.arch, "noarch"}
        candidates = sorted(
            one for one in known if one.arch in arches and version in ("", describing.version_of(one))
        )
        if not candidates:
            raise Refusal(
                "version_unknown",
                f"The host's repositories have no {name}={version}.",
                "Check the version; mirrors drop superseded ones, and excludes hide what they name.",
            )
        # Of one version the copy that a repository has, not the record of the installed one.
        best = [one for one in candidates if one.evr == candidates[-1].evr]
        best.sort(key=lambda one: one._from_system)
        same = [one for one in present if one.arch == best[0].arch] or present
        return best[0], same[-1] if same else None

    def _known(self, **wanted: str) -> List[Any]:
        offered = self._base.sack.query().available().filter(**wanted)
        return list(opening.installed(self._base).filter(**wanted)) + list(offered)

    def _installed(self, name: str, arch: str) -> List[Any]:
        return list(opening.installed(self._base).filter(name=name, arch=arch))

    def _offered(self, member: Dict[str, Any]) -> Any:
        for one in self._base.sack.query().available().filter(name=member["name"], arch=member["arch"]):
            if describing.version_of(one) == member["version"]:
                return one
        return None

    def _offer(self, update: Dict[str, Any]) -> Any:
        name = update["replaced_by"] or update["name"]
        offers = self._base.sack.query().available().filter(name=name, reponame=update["suite"])
        fitting = [one for one in offers if describing.version_of(one) == update["candidate"]]
        return sorted(fitting, key=lambda one: one.arch != update["arch"])[0]

    def _why_not(self, update: Dict[str, Any]) -> str:
        try:
            self._ask([Want(self._offer(update), update["name"], update["name"])])
        except Refusal as error:
            return error.message
        return _KEPT_BACK

    def _hold(self, name: str, reason: str) -> None:
        if name not in [one["name"] for one in self.held]:
            self.held.append({"name": name, "reason": reason})


def _unsatisfiable(error: Refusal) -> Refusal:
    remedies = {"removals_needed": "Set allow_removals when these removals are wanted."}
    return Refusal(
        error.code,
        f"dnf can't plan this: {error.message}.",
        remedies.get(error.code, "Run dnf --assumeno upgrade with the same packages to see why."),
    )
