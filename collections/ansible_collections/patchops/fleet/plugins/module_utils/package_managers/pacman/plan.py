# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let pacman make the plan of a transaction: what it would install, upgrade and remove, what is left out."""

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import (
    answers,
    lists,
    versions,
    view,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.answers import Answer
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.records import Package

# What the host says before anything is planned.
Host = NamedTuple(
    "Host",
    [
        ("configuration", Configuration),
        ("installed", Dict[str, Package]),
        ("offered", Dict[str, Package]),  # by name, from the first repository that has it, as pacman takes it
        ("updates", List[Dict[str, Any]]),
        ("holds", Set[str]),
        ("held_patterns", List[str]),
        ("kernels", Set[str]),  # the packages of the installed ones
    ],
)

# Sums of pacman's numbers for questions that get another answer than the one it suggests: a held package is
# not changed (1), conflicts are resolved by a removal (4), which is judged here. Of an upgrade of all, what
# can't be had is passed over (16); of what was named, pacman would say that there is nothing to do.
_ANSWERS = "5"
_ANSWERS_FOR_ALL = "21"
_NAME = re.compile(r"[a-zA-Z0-9@_+][a-zA-Z0-9@._+-]*\Z")
_VERSION = re.compile(r"(?:[0-9]+:)?[^\s:/-]+-[0-9]+(?:\.[0-9]+)?\Z")


def make_plan(host: Host, selection: Dict[str, Any], allow_removals: bool) -> Dict[str, Any]:
    """Return {packages, held, download_bytes, disk_bytes} for `selection` (see transaction/requests.py).

    Raises DriverError where the selection can't be had as asked for. Changes nothing.
    """
    held: Dict[str, str] = {}
    if selection.get("select") == "security":
        raise DriverError(
            "security_unknown",
            "Arch's repositories don't say which updates mend security holes, so that they can't be chosen. "
            "Nothing was changed.",
            "Use select: all; Arch supports hosts that are upgraded as a whole.",
        )
    if selection.get("select") == "all":
        answer = _everything(host, allow_removals, held)
    else:
        if "packages" in selection:
            wants = _named(host, selection["packages"], held)
        else:
            wants = _members(host, selection["patch_set"], held)
        answer = _these(host, wants, allow_removals)
    planned = _changes(host, answer)
    return {
        "packages": sorted(planned, key=lambda one: (one["name"], one["arch"])),
        "held": [{"name": name, "reason": reason} for name, reason in sorted(held.items())],
        "download_bytes": sum(one["size"] for one in planned),
        "disk_bytes": sum(one.pop("disk_bytes") for one in planned),
    }


def _ask(host: Host, operation: List[str], ignored: Iterable[str], given: str) -> Answer:
    configuration = host.configuration
    with view.View(
        configuration.for_planning(ignored), configuration.database, lists.directory(configuration)
    ) as asked:
        # It goes on until it has nothing to install from: the cache is empty, and no download succeeds.
        result = asked.run(operation[:1] + ["--ask", given, "--dbonly", "--noscriptlet"] + operation[1:])
    answer = answers.read_answer(result.stdout, result.stderr, view.errors(result))
    strange = sorted(set(answer.coming) - set(_offers(host))) + sorted(set(answer.going) - set(_names(host)))
    if strange:
        raise _impossible("it names packages that its lists don't have: " + ", ".join(strange))
    return answer


def _everything(host: Host, allow_removals: bool, held: Dict[str, str]) -> Answer:
    blocked = {one["name"] for one in host.updates if one["blocked"]}
    for one in host.updates:
        if one["held"]:
            held[one["name"]] = "held on the host"
    ignored = list(host.held_patterns) + sorted(blocked | set(held))
    # Each round leaves out what would have others removed.
    for _round in range(len(host.updates) + 1):
        answer = _ask(host, ["-Su"], ignored, _ANSWERS_FOR_ALL)
        forbidden = [] if allow_removals else _removals(host, answer)
        if answer.problem is not None:
            raise _impossible(answer.problem)
        if not forbidden:
            held.update({name: why for name, why in answer.skipped.items() if name in host.installed})
            return answer
        for name in _culprits(host, answer, forbidden):
            held[name] = "needs the removal of " + ", ".join(forbidden)
            ignored.append(name)
    raise _impossible("it would remove packages whatever is left out")


def _these(host: Host, wants: List[Package], allow_removals: bool) -> Answer:
    if not wants:
        return Answer([], [], [], {}, None)
    targets = [f"{one.repository}/{one.name}" for one in wants]
    answer = _ask(host, ["-S", "--needed"] + targets, sorted({*host.held_patterns, *host.holds}), _ANSWERS)
    if answer.problem is not None:
        raise _impossible(answer.problem)
    forbidden = [] if allow_removals else _removals(host, answer)
    if forbidden:
        raise DriverError(
            "removals_needed",
            "pacman can't plan this: needs the removal of " + ", ".join(forbidden) + ".",
            "Set allow_removals when these removals are wanted.",
        )
    names = _names(host)
    changed = {names[text] for text in answer.coming + answer.going}
    touched = sorted(changed & host.holds)
    if touched:
        raise _impossible("needs a change of held " + ", ".join(touched))
    return answer


def _named(host: Host, names: List[str], held: Dict[str, str]) -> List[Package]:
    asked = [text.partition("=") for text in names]
    wrong = [
        "".join(parts)
        for parts in asked
        if not _NAME.match(parts[0]) or (parts[1] and not _VERSION.match(parts[2]))
    ]
    if wrong:
        raise DriverError(
            "bad_arguments", "Not a package name or version: " + ", ".join(map(repr, wrong)) + "."
        )
    unknown = sorted(name for name, _sign, _version in asked if name not in host.offered)
    if unknown:
        raise DriverError(
            "package_unknown",
            "The host's repositories have no package " + ", ".join(unknown) + ".",
            "Check the spelling and the host's repositories. Groups can't be named.",
        )
    wants = []
    for name, _sign, version in asked:
        offer, present = host.offered[name], host.installed.get(name)
        if present is not None and present.version == (version or offer.version):
            continue
        if version not in ("", offer.version):
            raise _not_offered(offer, version)
        if name in host.holds:
            held[name] = "held on the host"
        elif present is not None and versions.compare(offer.version, present.version) < 0:
            raise DriverError(
                "downgrade_needed",
                f"A newer version is installed already: {name}={offer.version} "
                f"(installed: {present.version}).",
                "Use state: reverted to go back to what a transaction replaced.",
            )
        elif not _is_blocked(host, name):
            wants.append(offer)
    return wants


def _members(host: Host, patch_set: Dict[str, Any], held: Dict[str, str]) -> List[Package]:
    wants, missing = [], []
    for member in patch_set["packages"]:
        present, offer = host.installed.get(member["name"]), host.offered.get(member["name"])
        if present is None or versions.compare(present.version, member["version"]) >= 0:
            continue
        if offer is None or offer.version != member["version"]:
            missing.append("{name} {version}".format(**member))
        elif member["name"] in host.holds:
            held[member["name"]] = "held on the host"
        elif not _is_blocked(host, member["name"]):
            wants.append(offer)
    if missing:
        raise DriverError(
            "member_missing",
            "The host's repositories no longer have: " + ", ".join(missing) + ".",
            "Serve the proven versions (a snapshot or a mirror that keeps them), or prove a new set.",
        )
    return wants


def _is_blocked(host: Host, name: str) -> bool:
    return any(one["name"] == name and one["blocked"] for one in host.updates)


def _removals(host: Host, answer: Answer) -> List[str]:
    """Return the names of what would go and is not replaced by what comes."""
    names, replaced = _names(host), _replaced(host, answer)
    return [names[text] for text in answer.going if names[text] not in replaced]


def _replaced(host: Host, answer: Answer) -> Dict[str, str]:
    """Return what takes the place of packages that go: {old name: new name}."""
    offers = _offers(host)
    return {
        versions.without_condition(replaces): offers[text].name
        for text in answer.coming
        for replaces in offers[text].replaces
    }


def _culprits(host: Host, answer: Answer, forbidden: List[str]) -> List[str]:
    names = _names(host)
    # pacman 6.1 began to name versions in its question.
    conflicts = [(names.get(comes, comes), names.get(goes, goes)) for comes, goes in answer.conflicts]
    found = [comes for comes, goes in conflicts if goes in forbidden]
    if not found:
        raise _impossible("needs the removal of " + ", ".join(forbidden) + ", without saying for what")
    return found


def _offers(host: Host) -> Dict[str, Package]:
    return {f"{one.name}-{one.version}": one for one in host.offered.values()}


def _names(host: Host) -> Dict[str, str]:
    """Return the names of all packages by how pacman lists them: ``name-version``."""
    known = list(host.installed.values()) + list(host.offered.values())
    return {f"{one.name}-{one.version}": one.name for one in known}


def _changes(host: Host, answer: Answer) -> List[Dict[str, Any]]:
    offers, names, replaced = _offers(host), _names(host), _replaced(host, answer)
    changes = [_coming(host, offers[text]) for text in answer.coming]
    going = [host.installed[names[text]] for text in answer.going]
    return changes + [_going(one, replaced.get(one.name)) for one in going]


def _coming(host: Host, offer: Package) -> Dict[str, Any]:
    if not offer.sha256:
        raise DriverError(
            "repository_unsigned",
            f"The repository {offer.repository} gives no SHA-256 for {offer.name} {offer.version}.",
            "Use a repository whose database carries SHA-256 sums.",
        )
    present = host.installed.get(offer.name)
    change = {
        "name": offer.name,
        "arch": offer.arch,
        "action": "install" if present is None else "upgrade",
        "from": present.version if present is not None else None,
        "to": offer.version,
        "origin": offer.repository,
        "suite": offer.repository,
        "security": False,
        "size": offer.download_size,
        "sha256": offer.sha256,
        "disk_bytes": offer.size - (present.size if present is not None else 0),
    }
    if present is not None and present.arch != offer.arch:
        change["from_arch"] = present.arch
    if offer.name in host.kernels:
        change["kernel"] = True
    return change


def _going(present: Package, replaced_by: Any) -> Dict[str, Any]:
    return {
        "name": present.name,
        "arch": present.arch,
        "action": "remove",
        "from": present.version,
        "to": None,
        "origin": "",
        "suite": None,
        "security": False,
        "size": 0,
        "sha256": None,
        "disk_bytes": -present.size,
        "replaced_by": replaced_by,
    }


def _not_offered(offer: Package, version: str) -> DriverError:
    return DriverError(
        "version_unknown",
        f"The host's repositories have no {offer.name}={version}; they have {offer.version}.",
        "Check the version; mirrors drop superseded ones.",
    )


def _impossible(problem: str) -> DriverError:
    return DriverError(
        "unsatisfiable",
        f"pacman can't plan this: {problem}.",
        "Run pacman -Su or pacman -S with the same packages on the host, without --noconfirm, to see what is "
        "in the way.",
    )
