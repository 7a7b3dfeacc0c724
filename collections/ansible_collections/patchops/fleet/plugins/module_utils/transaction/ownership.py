# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a transaction is: the run that changed the host and has not proven it yet.

The journal names the owner, and for how many seconds it counts without another call of its run. They are
counted by the host's clock since its boot, and anew after a reboot: a clock on the wall may be wrong, and
while the host is down nobody can call it. Meanwhile other runs may look at the host, and join in what the
owner does. They may not release, take back, replace or reboot over it.
"""

import os
import time
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils import times
from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text
from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import (
    Entry,
    Journal,
    View,
    boot_id,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import fencing, requests, survey

DEFAULT_SECONDS = 7200
_LIMITS = (60, 30 * 86400)
# An owner that calls every minute need not be written down every minute.
_FRESH = 0.95
# time.CLOCK_BOOTTIME, which Python 3.6 doesn't name.
_CLOCK_BOOTTIME = 7

Owner = NamedTuple("Owner", [("inventory", str), ("run_id", str), ("controller", str)])

# Who makes a call. `owner` is None for one that belongs to no run: it owns nothing. `seconds`: how long its
# run may leave the host alone.
Claim = NamedTuple("Claim", [("owner", Optional[Owner]), ("seconds", int), ("take_over", bool)])

# The host's clock: its boot, and the seconds since then.
Clock = NamedTuple("Clock", [("boot", str), ("uptime", float)])

# An owner that counts: since when (UTC), for how many more seconds of how many.
Hold = NamedTuple("Hold", [("owner", Owner), ("since", str), ("left", float), ("seconds", int)])

# A transaction that somebody owns.
Held = NamedTuple("Held", [("id", str), ("digest", str), ("view", View), ("hold", Hold)])

NOBODY = Claim(None, DEFAULT_SECONDS, False)

ARGUMENTS = {
    "type": "dict",
    "options": {
        "inventory": {"type": "str", "default": ""},
        "controller": {"type": "str", "default": ""},
        "seconds": {"type": "int", "default": DEFAULT_SECONDS},
        "take_over": {"type": "bool", "default": False},
    },
}  # type: Dict[str, Any]


def read_claim(claim: Optional[Dict[str, Any]], run_id: Optional[str]) -> Claim:
    """Return who calls, from a module's arguments; raises DriverError (bad_arguments)."""
    told = claim or {}
    seconds = int(told.get("seconds") or DEFAULT_SECONDS)
    shortest, longest = _LIMITS
    if not shortest <= seconds <= longest:
        raise DriverError(
            "bad_arguments",
            f"claim.seconds is {seconds}: {shortest} to {longest} are possible. Nothing was changed.",
            "Correct the task.",
        )
    owner = Owner(told.get("inventory") or "", run_id, told.get("controller") or "") if run_id else None
    return Claim(owner, seconds, bool(told.get("take_over")))


def read_clock() -> Clock:
    """Return the host's clock; raises OSError. A container's boot is the start of its first process."""
    fields = read_text("/proc/1/stat").rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return Clock(boot_id(), max(0.0, time.clock_gettime(_CLOCK_BOOTTIME) - started))


def holder(entries: Iterable[Entry], clock: Clock) -> Optional[Hold]:
    """Return who owns a transaction by its journal, None where nobody does any more. Pure."""
    owned: Optional[Entry] = None
    since = ""
    for entry in entries:
        if entry["event"] == "owned":
            since = since if owned is not None and _owner_of(owned) == _owner_of(entry) else entry["at"]
            owned = entry
        elif entry["event"] == "disowned" or _is_over(entry):
            owned = None
    if owned is None:
        return None
    passed = clock.uptime - owned["uptime"] if owned["boot"] == clock.boot else clock.uptime
    if passed < 0:
        # The outer host's boot id stays when a container is restarted, and its first process starts anew.
        passed = clock.uptime
    left = owned["seconds"] - passed
    return Hold(_owner_of(owned), since, left, owned["seconds"]) if left > 0 else None


def in_the_way(
    claim: Claim, wanted: str, decision: requests.Decision, digest: Optional[str], held: List[Held]
) -> List[Held]:
    """Return the transactions of other runs that a call would act on or over. Pure.

    `digest`: of the selection that the call names, None where it names none.
    """
    return [
        one
        for one in _concerned(claim, wanted, decision, held)
        if not _joins_in(wanted, decision, digest, one)
    ]


def joined(
    claim: Claim, wanted: str, decision: requests.Decision, digest: Optional[str], held: List[Held]
) -> List[Held]:
    """Return the transactions of other runs that the caller owns from now on. Pure."""
    concerned = _concerned(claim, wanted, decision, held)
    return [one for one in concerned if claim.take_over or _joins_in(wanted, decision, digest, one)]


def _concerned(claim: Claim, wanted: str, decision: requests.Decision, held: List[Held]) -> List[Held]:
    others = [one for one in held if one.hold.owner != claim.owner]
    if wanted in (states.COMMITTED, states.REVERTED):
        acts = decision.action in (requests.CLOSE, requests.LAUNCH, requests.ATTACH)
        return [one for one in others if acts and one.id in decision.ids]
    return [] if decision.action == requests.RETURN else others


def _joins_in(wanted: str, decision: requests.Decision, digest: Optional[str], held: Held) -> bool:
    if wanted == states.COMMITTED:
        return False
    if wanted == states.REVERTED:
        return held.view.goal == states.REVERTED or held.view.state in (states.REVERTING, states.REVERTED)
    return digest is not None and held.digest == digest


def belonging(held: Held) -> str:
    """Return whose a transaction is, since when and until when, as a sentence."""
    owner, left = held.hold.owner, held.hold.left
    whose = f"run {owner.run_id}" + (f" on {owner.controller}" if owner.controller else "")
    whose += f" (inventory {owner.inventory})" if owner.inventory else ""
    until = times.format_time(time.time() + left)
    return (
        f"It belongs to {whose} since {held.hold.since}, until {until} ({_duration(left)}) unless that run "
        "calls again."
    )


def refusal(held: Held) -> DriverError:
    """Return what a call is told that would act over another run."""
    return DriverError(
        "owned_by_another",
        f"Transaction {held.id} is {held.view.state} and not proven yet. {belonging(held)} "
        "Nothing was changed by this call.",
        "Wait for that run. Where it is gone, start the same patch again: it goes on from there. To act all "
        "the same, name the host: --take-over HOST of patchops, -e patchops_take_over=HOST of a playbook "
        "(take_over in the module's claim).",
    )


def read_held(records: List[survey.Record], clock: Clock) -> List[Held]:
    """Return those transactions that somebody owns: he has something to prove there, and time left for it."""
    found = []
    for one in records:
        if one.view.state in states.CLOSED or _is_proven(one):
            continue  # there is nothing to prove, whatever a journal says of an owner
        hold = holder(Journal(one.directory.journal).entries(), clock)
        if hold is not None:
            found.append(Held(one.directory.id, one.request["digest"], one.view, hold))
    return found


def note(directory: TransactionDirectory, claim: Claim, clock: Clock) -> None:
    """Note that a transaction is the caller's from now on, or still."""
    if claim.owner is None:
        return
    journal = Journal(directory.journal)
    hold = holder(journal.entries(), clock)
    is_fresh = hold is not None and hold.left > _FRESH * hold.seconds
    if hold is not None and is_fresh and (hold.owner, hold.seconds) == (claim.owner, claim.seconds):
        return
    journal.append("owned", seconds=claim.seconds, uptime=round(clock.uptime, 1), **claim.owner._asdict())


def renew(state: StateDirectory, claim: Claim) -> None:
    """Renew what the caller owns on this host."""
    if claim.owner is None:
        return
    clock = read_clock()
    for one in read_held(survey.read_records(state), clock):
        if one.hold.owner == claim.owner:
            note(state.transaction(one.id), claim, clock)


def disown(state: StateDirectory, claim: Claim, reason: str) -> List[str]:
    """Let go of what the caller owns; return the ids."""
    done = []
    for one in read_held(survey.read_records(state), read_clock()):
        if one.hold.owner == claim.owner:
            Journal(state.transaction(one.id).journal).append("disowned", reason=reason)
            done.append(one.id)
    return done


def of_another(state: StateDirectory, claim: Claim, transaction_id: str) -> Optional[Held]:
    """Return a transaction if another run has to prove it, None if the caller may."""
    if claim.take_over:
        return None
    held = read_held(survey.read_records(state), read_clock())
    return next((one for one in held if one.id == transaction_id and one.hold.owner != claim.owner), None)


def prove(state: StateDirectory, claim: Claim, transaction_id: str) -> None:
    """Note that a transaction is as it should be: it belongs to nobody from then on.

    What another run owns stays its own to prove: it may still have to reboot, and looks at more than others.
    """
    record = next(
        (one for one in survey.read_records(state) if one.directory.id == transaction_id),
        None,
    )
    if record is None or not _is_provable(record.view) or of_another(state, claim, transaction_id):
        return
    if not os.path.exists(record.directory.proof):
        write_file(record.directory.proof, b"")
    journal = Journal(record.directory.journal)
    if holder(journal.entries(), read_clock()) is not None:
        journal.append("disowned", reason="verified")


def admit_reboot(state: StateDirectory, claim: Claim, fence: Optional[int], patience: float) -> None:
    """Let a call go on that restarts or reboots the host; raises DriverError where another run owns it."""
    clock = read_clock()
    if fence is None and not read_held(survey.read_records(state), clock):
        return  # nothing to note, on a host that may have no place for it
    with fencing.admitted(state, fence, patience):
        held = read_held(survey.read_records(state), clock)
        for one in held:
            if one.hold.owner != claim.owner and not claim.take_over:
                raise refusal(one)
        for one in held:
            note(state.transaction(one.id), claim, clock)


def _is_proven(record: survey.Record) -> bool:
    # The proof is of what was installed: taking that back has to be proven again.
    return record.view.state == states.APPLIED and os.path.exists(record.directory.proof)


def _is_provable(view: View) -> bool:
    """Tell whether packages were changed and nothing is at work on them."""
    return view.goal is None and view.state in (states.APPLIED, states.REVERTED)


def _owner_of(entry: Entry) -> Owner:
    return Owner(entry["inventory"], entry["run_id"], entry["controller"])


def _is_over(entry: Entry) -> bool:
    if entry["event"] != "state":
        return False
    unchanged = entry["state"] == states.FAILED and entry.get("host_state") == states.FORMER
    return unchanged or entry["state"] in states.CLOSED


def _duration(seconds: float) -> str:
    minutes = int(-(-seconds // 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
