# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call asks for, and what it means given the transactions that the host already has. Pure."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.patchops.fleet.plugins.module_utils.canonical import digest
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import Rule

# What the caller does next.
CREATE = "create"  # make a plan; a new transaction unless it is empty
LAUNCH = "launch"  # start a worker for an existing transaction
ATTACH = "attach"  # a worker does it already
RETURN = "return"  # it is as asked
CLOSE = "close"  # release what the transactions keep
REFUSE = "refuse"

Decision = NamedTuple(
    "Decision",
    [("action", str), ("ids", List[str]), ("code", str), ("message", str), ("remedy", str)],
)

# One transaction of the host. `alive`: a worker holds the lock for it, or waits for the lock.
Known = NamedTuple(
    "Known",
    [
        ("id", str),
        ("digest", str),
        ("generation", int),
        ("state", str),
        ("host_state", Optional[str]),
        ("was_applied", bool),
        ("goal", Optional[str]),
        ("alive", bool),
    ],
)


def make_request(
    selection: Dict[str, Any],
    allow_removals: bool,
    way_back: str,
    generation: int,
    way_back_classes: Sequence[Rule] = (),
    without_snapshot: str = "refuse",
) -> Dict[str, Any]:
    """Return a request as it is kept on the host.

    `selection` is one of ``{"select": "security"|"all"}``, ``{"packages": [name or name=version]}`` and
    ``{"patch_set": {"id", "packages": [member], "removals": [{name, arch}]}}`` (one platform's part).
    """
    content = {
        "selection": _sorted(selection),
        "allow_removals": allow_removals,
        "way_back": way_back,
        "way_back_classes": [rule._asdict() for rule in way_back_classes],
        "without_snapshot": without_snapshot,
    }
    return dict(content, digest=digest(content), generation=generation)


def _sorted(selection: Dict[str, Any]) -> Dict[str, Any]:
    if "packages" in selection:
        return {"packages": sorted(set(selection["packages"]))}
    if "patch_set" in selection:
        part = selection["patch_set"]
        return {
            "patch_set": {
                "id": part["id"],
                "packages": sorted(part["packages"], key=lambda p: (p["name"], p["arch"], p["version"])),
                "removals": sorted(part.get("removals", []), key=lambda p: (p["name"], p["arch"])),
            }
        }
    return {"select": selection["select"]}


def kept_away(request: Dict[str, Any], blocked: List[Dict[str, str]]) -> List[Dict[str, str]]:
    """Return those of `blocked` ({name, version, transaction}) that the request asks for."""
    selection = request["selection"]
    if "select" in selection:
        return blocked
    if "packages" in selection:
        names = {name.partition("=")[0].partition(":")[0] for name in selection["packages"]}
    else:
        names = {one["name"] for one in selection["patch_set"]["packages"]}
    return [one for one in blocked if one["name"] in names]


def transaction_id(machine_id: str, request: Dict[str, Any], earlier: int) -> str:
    """Return the id of a new transaction: two calls at the same moment get the same one.

    `earlier`: how many transactions the host has had.
    """
    named = [machine_id, request["digest"], request["generation"], earlier]
    return digest(named)[:16]


def decide(
    wanted: str,
    given_id: Optional[str],
    request: Optional[Dict[str, Any]],
    known: List[Known],
    supersede_staged: bool = False,
) -> Decision:
    """Return what a call for the state `wanted` does.

    `request` is None when the call names no selection. `known` is ordered from the oldest to the newest.
    """
    if wanted == states.COMMITTED:
        return _decide_commit(given_id, known)
    if wanted == states.REVERTED:
        return _decide_revert(given_id, known)
    return _decide_forward(wanted, given_id, request, known, supersede_staged)


def _decide_forward(
    wanted: str,
    given_id: Optional[str],
    request: Optional[Dict[str, Any]],
    known: List[Known],
    supersede_staged: bool,
) -> Decision:
    target = _target(given_id, request, known)
    if target is None and request is None:
        return _unknown_id(given_id, "Name what to install by packages, patch_set or select.")
    if target is not None and request is not None and target.digest != request["digest"]:
        return _refuse(
            "transaction_live" if states.is_live(target.state, target.host_state) else "transaction_state",
            target,
            f"Transaction {target.id} is {target.state} and holds other content than this call asks for.",
            "Use another id, or none, for another selection.",
        )
    others = [one for one in known if one is not target and states.is_live(one.state, one.host_state)]
    for other in others:
        replaced = other.state == states.STAGED and not other.goal and supersede_staged and target is None
        if not replaced:
            return _refuse(
                "transaction_live",
                other,
                f"Transaction {other.id} with other content is {other.state}{_host(other)}.",
                "Apply it, take it back (state: reverted) or discard it (state: committed) first"
                + (", or set supersede_staged." if other.state == states.STAGED else "."),
            )
    if target is None:
        return Decision(CREATE, [other.id for other in others], "", "", "")
    return _go_on(wanted, given_id, target)


def _go_on(wanted: str, given_id: Optional[str], target: Known) -> Decision:
    if target.alive and target.goal:
        if target.goal == states.REVERTED:
            return _refuse(
                "transaction_live",
                target,
                f"Transaction {target.id} is being taken back.",
                "Wait until it is reverted (transaction_info).",
            )
        covered = target.goal == wanted or target.goal == states.APPLIED
        return _act(ATTACH if covered else LAUNCH, target)
    if states.next_step(target.state, target.host_state, target.was_applied, wanted):
        return _act(LAUNCH, target)
    if target.state == states.STAGED or target.state == states.APPLIED:
        done = given_id or target.state == wanted == states.STAGED
        return _act(RETURN, target) if done else Decision(CREATE, [], "", "", "")
    if target.state == states.COMMITTED and target.was_applied and given_id:
        return _act(RETURN, target)
    if given_id or states.is_live(target.state, target.host_state):
        return _refuse(
            "transaction_state",
            target,
            f"Transaction {target.id} is {target.state}{_host(target)}; it can't become {wanted}.",
            f"Look at its journal. With its id ({target.id})"
            + ("" if target.was_applied else " state: applied goes on,")
            + " state: reverted takes it back, and state: committed closes it when all is repaired by hand."
            if states.is_live(target.state, target.host_state)
            else "Look at its journal; start anew without an id or with another one.",
        )
    return Decision(CREATE, [], "", "", "")


def _target(
    given_id: Optional[str], request: Optional[Dict[str, Any]], known: List[Known]
) -> Optional[Known]:
    if given_id:
        return next((one for one in known if one.id == given_id), None)
    if not known or request is None or known[-1].digest != request["digest"]:
        return None
    newest = known[-1]
    # A later attempt attaches to what is under way, and starts anew where the earlier one has ended.
    if request["generation"] > newest.generation and not states.is_live(newest.state, newest.host_state):
        return None
    return newest


def _decide_revert(given_id: Optional[str], known: List[Known]) -> Decision:
    target: Optional[Known] = None
    if given_id:
        target = next((one for one in known if one.id == given_id), None)
        if target is None:
            return _unknown_id(given_id, "transaction_info lists the transactions of the host.")
    else:
        touched = [one for one in known if _touched(one) or one.state == states.REVERTED]
        target = touched[-1] if touched else None
    if target is None:
        return Decision(RETURN, [], "nothing_to_do", "No transaction changed this host.", "")
    for newer in known[known.index(target) + 1 :]:
        if newer.alive or states.is_live(newer.state, newer.host_state) or _touched(newer):
            return _refuse(
                "newer_transaction",
                newer,
                f"Transaction {newer.id} is newer than {target.id} and is {newer.state}.",
                f"Take {newer.id} back first"
                + (" or discard it (state: committed)." if newer.state == states.STAGED else "."),
            )
    if target.alive and target.goal == states.REVERTED:
        return _act(ATTACH, target)
    if target.alive and target.goal:
        return _act(LAUNCH, target)  # waits for the lock, then takes back what was applied
    if target.state == states.STAGING:
        return Decision(RETURN, [target.id], "nothing_to_do", f"Transaction {target.id} changed nothing.", "")
    if states.next_step(target.state, target.host_state, target.was_applied, states.REVERTED):
        return _act(LAUNCH, target)
    if target.state == states.COMMITTED:
        return _refuse(
            "transaction_state",
            target,
            f"Transaction {target.id} is committed: its way back was released.",
            "Install the versions you want by a new transaction.",
        )
    if target.state == states.REVERTED:
        return _act(RETURN, target)
    return Decision(RETURN, [target.id], "nothing_to_do", f"Transaction {target.id} changed nothing.", "")


def _decide_commit(given_id: Optional[str], known: List[Known]) -> Decision:
    if given_id and not any(one.id == given_id for one in known):
        return _unknown_id(given_id, "transaction_info lists the transactions of the host.")
    chosen = [one for one in known if given_id in (None, "", one.id) and one.state not in states.CLOSED]
    for one in chosen:
        if one.alive or one.state in (states.APPLYING, states.REVERTING):
            return _refuse(
                "transaction_live",
                one,
                f"Transaction {one.id} is {one.state}.",
                "Wait for it; if its worker died, call state: applied or state: reverted with its id.",
            )
    if not chosen:
        return Decision(RETURN, [given_id] if given_id else [], "nothing_to_do", "Nothing is kept.", "")
    return Decision(CLOSE, [one.id for one in chosen], "", "", "")


def _touched(one: Known) -> bool:
    if one.state == states.REVERTED or (one.state == states.FAILED and one.host_state == states.FORMER):
        return False
    return one.was_applied or one.state in (states.APPLYING, states.REVERTING, states.FAILED)


def _act(action: str, target: Known) -> Decision:
    return Decision(action, [target.id], "", "", "")


def _refuse(code: str, about: Known, message: str, remedy: str) -> Decision:
    return Decision(REFUSE, [about.id], code, message, remedy)


def _unknown_id(given_id: Optional[str], remedy: str) -> Decision:
    message = f"The host has no transaction {given_id}." if given_id else "The call names no selection."
    return Decision(REFUSE, [], "transaction_unknown" if given_id else "bad_arguments", message, remedy)


def _host(one: Known) -> str:
    return f" (host state: {one.host_state})" if one.host_state else ""
