# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let apt make the plan of a transaction: what it would install, upgrade and remove, and what is left out."""

from typing import Any, Dict, List, NamedTuple, Optional, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import commands, simulation
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import how_ended

# What the host says before anything is planned.
Host = NamedTuple(
    "Host",
    [
        ("native", str),
        ("installed", Dict[str, Dict[str, Any]]),  # by name:arch, `all` counted as native
        ("holds", Set[str]),
        ("updates", List[Dict[str, Any]]),
    ],
)

# One version that is asked for.
Want = NamedTuple("Want", [("name", str), ("arch", str), ("version", str), ("group", str)])

# Answers of one simulation; `problem` is None when apt found a plan.
Answer = NamedTuple("Answer", [("changes", List[simulation.Change]), ("problem", Optional[Dict[str, str]])])

_EXPLAINED = 50


def look_at(driver: Any) -> Host:
    """Ask the driver for what a plan is based on; raises DriverError."""
    native = driver.platform_arch()
    installed = {_key(one["name"], one["arch"], native): one for one in driver.installed()}
    return Host(native, installed, set(driver.holds()), driver.updates())


def make_plan(host: Host, selection: Dict[str, Any], allow_removals: bool) -> Dict[str, Any]:
    """Return {packages, held, download_bytes, disk_bytes} for `selection` (see transaction/requests.py).

    Raises DriverError where the selection can't be had as asked for. Changes nothing.
    """
    held: List[Dict[str, str]] = []
    if selection.get("select") == "all":
        changes = _upgrade_all(host, allow_removals, held)
    else:
        if selection.get("select") == "security":
            wants = _security_wants(host, held)
            required = False
        elif "packages" in selection:
            wants = _named_wants(host, selection["packages"], held)
            required = True
        else:
            wants = _member_wants(host, selection["patch_set"], held)
            required = True
        changes = _resolve(host, wants, allow_removals, required, held)
    planned = [_planned(host, change) for change in changes]
    _complete(host, planned)
    return {
        "packages": sorted(planned, key=lambda one: (one["name"], one["arch"])),
        "held": sorted(held, key=lambda one: one["name"]),
        "download_bytes": sum(one["size"] for one in planned),
        "disk_bytes": 1024 * sum(one.pop("_kib") for one in planned),
    }


def _key(name: str, arch: Optional[str], native: str) -> str:
    return f"{name}:{native if arch in (None, '', 'all') else arch}"


def _ask(arguments: List[str]) -> Answer:
    result = commands.apt_get(["-s"] + arguments)
    if result.rc == 0:
        return Answer(simulation.parse_changes(result.stdout), None)
    messages = [without_credentials(text) for text in simulation.errors(result.stderr)]
    problem = simulation.classify_error(messages)
    problem["message"] = "; ".join(messages + simulation.unmet(result.stdout)[:5]) or (
        f"apt-get {how_ended(result.rc)}"
    )
    return Answer([], problem)


def _ask_for(host: Host, wants: List[Want], allow_removals: bool) -> Answer:
    specs = [commands.spec(want.name, want.arch, want.version, host.native) for want in wants]
    answer = _ask(["install"] + specs)
    if answer.problem:
        return answer
    removed = [change.name for change in answer.changes if change.after is None]
    if removed and not allow_removals:
        return Answer(
            [], {"code": "removals_needed", "message": "needs the removal of " + ", ".join(removed)}
        )
    held = sorted({change.name for change in answer.changes} & host.holds)
    if held:
        return Answer([], {"code": "held", "message": "needs a change of held " + ", ".join(held)})
    return answer


def _upgrade_all(host: Host, allow_removals: bool, held: List[Dict[str, str]]) -> List[simulation.Change]:
    answer = _ask(["dist-upgrade"] if allow_removals else ["--with-new-pkgs", "upgrade"])
    if answer.problem:
        raise _unsatisfiable(answer.problem)
    taken = {_key(change.name, change.arch, host.native) for change in answer.changes}
    phased = {one["name"]: one["phased"] for one in host.updates if one.get("phased") is not None}
    left = [
        Want(one["name"], one["arch"], one["candidate"], one["name"])
        for one in host.updates
        if not one["blocked"] and _key(one["name"], one["arch"], host.native) not in taken
    ]
    for number, want in enumerate(left):
        if want.name in host.holds:
            held.append({"name": want.name, "reason": "held on the host"})
            continue
        if want.name in phased:
            reason = f"phased: the distribution offers it to {phased[want.name]} % of its hosts so far"
            held.append({"name": want.name, "reason": reason})
            continue
        # One question each: enough to say why, but not for hundreds of them.
        answer_for_one = _ask_for(host, [want], allow_removals) if number < _EXPLAINED else None
        problem = answer_for_one.problem if answer_for_one else None
        held.append({"name": want.name, "reason": problem["message"] if problem else "kept back by apt"})
    return answer.changes


def _security_wants(host: Host, held: List[Dict[str, str]]) -> List[Want]:
    wants = []
    for one in host.updates:
        if not one["security"] or one["blocked"]:
            continue
        if one["name"] in host.holds:
            held.append({"name": one["name"], "reason": "held on the host"})
        else:
            wants.append(Want(one["name"], one["arch"], one["candidate"], one.get("source") or one["name"]))
    return wants


def _named_wants(host: Host, names: List[str], held: List[Dict[str, str]]) -> List[Want]:
    asked = [text.partition("=") for text in names]
    wrong = [
        "".join(parts)
        for parts in asked
        if not commands.valid_name(parts[0]) or (parts[1] and not commands.valid_version(parts[2]))
    ]
    if wrong:
        raise DriverError(
            "bad_arguments", "Not a package name or version: " + ", ".join(map(repr, wrong)) + "."
        )
    candidates: Dict[str, Dict[str, Any]] = {}
    shown = commands.apt_cache_show(["--no-all-versions"] + sorted({name for name, _sign, _version in asked}))
    for one in simulation.records(shown):
        candidates.setdefault(_key(one["name"], one["arch"], host.native), one)
    wants: List[Want] = []
    unknown: List[str] = []
    older: List[str] = []
    for name, _sign, version in asked:
        key = name if ":" in name else f"{name}:{host.native}"
        record = candidates.get(key)
        if record is None:
            unknown.append(name)
            continue
        version = version or record["version"]
        present = host.installed.get(key)
        if present and present["version"] == version:
            continue
        if record["name"] in host.holds:
            held.append({"name": record["name"], "reason": "held on the host"})
        elif present and commands.is_older(version, present["version"]):
            older.append(f"{name}={version} (installed: {present['version']})")
        else:
            wants.append(Want(record["name"], record["arch"], version, record["name"]))
    if unknown:
        raise DriverError(
            "package_unknown",
            "The host's repositories have no package " + ", ".join(sorted(unknown)) + ".",
            "Check the spelling and the host's repositories.",
        )
    if older:
        raise DriverError(
            "downgrade_needed",
            "A newer version is installed already: " + ", ".join(older) + ".",
            "Use state: reverted to go back to what a transaction replaced.",
        )
    return wants


def _member_wants(host: Host, patch_set: Dict[str, Any], held: List[Dict[str, str]]) -> List[Want]:
    wants = []
    for member in patch_set["packages"]:
        present = host.installed.get(_key(member["name"], member["arch"], host.native))
        if present is None or not commands.is_older(present["version"], member["version"]):
            continue
        if member["name"] in host.holds:
            held.append({"name": member["name"], "reason": "held on the host"})
        else:
            wants.append(Want(member["name"], member["arch"], member["version"], member["name"]))
    served = _records(host, [(want.name, want.arch, want.version) for want in wants])
    missing = [
        f"{want.name} {want.version}"
        for want in wants
        if not served.get((want.name, want.arch, want.version))
    ]
    if missing:
        raise DriverError(
            "member_missing",
            "The host's repositories no longer have: " + ", ".join(missing) + ".",
            "Serve the proven versions (a snapshot or a mirror that keeps them), or prove a new set.",
        )
    return _with_new_members(host, patch_set, wants)


def _with_new_members(host: Host, patch_set: Dict[str, Any], wants: List[Want]) -> List[Want]:
    """Ask for the set's own version of what apt would newly install for it."""
    answer = _ask_for(host, wants, True) if wants else Answer([], None)
    members = {_key(one["name"], one["arch"], host.native): one for one in patch_set["packages"]}
    chosen = {_key(want.name, want.arch, host.native) for want in wants}
    for change in answer.changes:
        key = _key(change.name, change.arch, host.native)
        if change.before is None and key in members and key not in chosen:
            member = members[key]
            wants = wants + [Want(member["name"], member["arch"], member["version"], member["name"])]
    return wants


def _resolve(
    host: Host, wants: List[Want], allow_removals: bool, required: bool, held: List[Dict[str, str]]
) -> List[simulation.Change]:
    """Return the changes for as many of `wants` as fit together.

    `required`: whatever doesn't fit is an error unless a hold is the reason.
    """
    if not wants:
        return []
    answer = _ask_for(host, wants, allow_removals)
    if answer.problem is None:
        return answer.changes
    accepted: List[Want] = []
    changes: List[simulation.Change] = []
    for group in sorted({want.group for want in wants}):
        members = [want for want in wants if want.group == group]
        answer = _ask_for(host, accepted + members, allow_removals)
        if answer.problem is None:
            accepted, changes = accepted + members, answer.changes
        elif required and answer.problem["code"] != "held" and not _waits_for_a_hold(host, answer.problem):
            raise _unsatisfiable(answer.problem)
        else:
            held.extend({"name": want.name, "reason": answer.problem["message"]} for want in members)
    return changes


def _waits_for_a_hold(host: Host, problem: Dict[str, str]) -> bool:
    return any(f"Depends: {name} " in problem["message"] for name in host.holds)


def _unsatisfiable(problem: Dict[str, str]) -> DriverError:
    remedies = {
        "version_unknown": "Check the version; mirrors drop superseded ones.",
        "package_unknown": "Check the spelling and the host's repositories.",
        "removals_needed": "Set allow_removals when these removals are wanted.",
    }
    code = problem["code"] if problem["code"] != "held" else "unsatisfiable"
    return DriverError(
        code,
        "apt can't plan this: " + problem["message"] + ".",
        remedies.get(code, "Run apt-get -s with the same packages on the host to see what is in the way."),
    )


def _planned(host: Host, change: simulation.Change) -> Dict[str, Any]:
    present = host.installed.get(_key(change.name, change.arch, host.native))
    arch = change.arch or (present["arch"] if present else host.native)
    if change.after is None:
        action = "remove"
    elif change.before is None:
        action = "install"
    else:
        action = "downgrade" if commands.is_older(change.after, change.before) else "upgrade"
    release = change.releases[0] if change.releases else {"label": "", "suite": ""}
    known = next(
        (
            one
            for one in host.updates
            if one["name"] == change.name and one["candidate"] == change.after and one["arch"] == arch
        ),
        None,
    )
    planned = {
        "name": change.name,
        "arch": arch,
        "action": action,
        "from": change.before or (present["version"] if present and change.after is None else None),
        "to": change.after,
        "origin": (known or {}).get("origin") or release["label"],
        "suite": (known or {}).get("suite") or release["suite"],
        "security": known["security"] if known else simulation.is_security(change.releases),
        "size": 0,
        "sha256": None,
        "_kib": 0,
    }
    if present and change.before and present["arch"] != arch:
        planned["from_arch"] = present["arch"]
    return planned


def _complete(host: Host, planned: List[Dict[str, Any]]) -> None:
    """Add sizes and checksums from the signed indexes."""
    coming = [(one["name"], one["arch"], one["to"]) for one in planned if one["to"]]
    going = [(one["name"], one.get("from_arch", one["arch"]), one["from"]) for one in planned if one["from"]]
    records = _records(host, coming + going, served=False)
    for one in planned:
        after = records.get((one["name"], one["arch"], one["to"]))
        before = records.get((one["name"], one.get("from_arch", one["arch"]), one["from"]))
        if one["to"] and (after is None or not after["sha256"]):
            raise DriverError(
                "repository_unsigned",
                f"The repositories give no SHA-256 for {one['name']} {one['to']}.",
                "Use a repository whose index carries SHA256 fields.",
            )
        one["size"] = after["size"] if after else 0
        one["sha256"] = after["sha256"] if after else None
        one["_kib"] = (after["installed_kib"] if after else 0) - (before["installed_kib"] if before else 0)


def _records(host: Host, wanted: List[Any], served: bool = True) -> Dict[Any, Dict[str, Any]]:
    """Return apt's record of each (name, arch, version) that it knows, or only those that are `served`."""
    if not wanted:
        return {}
    shown = commands.apt_cache_show(
        [commands.spec(name, arch, version, host.native) for name, arch, version in wanted]
    )
    found: Dict[Any, Dict[str, Any]] = {}
    for record in simulation.records(shown):
        key = (record["name"], record["arch"], record["version"])
        if (record["served"] or not served) and (key not in found or not found[key]["served"]):
            found[key] = record
    return found
