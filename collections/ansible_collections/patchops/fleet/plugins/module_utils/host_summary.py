# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host document comes down to: one line for people, and what decides the next step. Pure."""

from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils import kept_back_words


def decisive_facts(document: Dict[str, Any]) -> Dict[str, Any]:
    """Return {os, platform, pending, security_source, reboot, interrupted, refreshed, unread, machine}.

    None where not known. `refreshed`: every repository was read anew, without a complaint; `unread`: the
    first complaint, or None. `machine`: what two names share only when they lead to one running machine.
    """
    refresh = document.get("refresh") or {}
    complaints = refresh.get("errors") or [None]
    updates, broken = document.get("updates"), document.get("broken")
    return {
        "os": document.get("os"),
        "pending": None if updates is None else count_pending(updates),
        "security_source": document.get("security_source"),
        "reboot": document.get("reboot"),
        "interrupted": None if broken is None else broken["interrupted"],
        "platform": platform_of(document),
        "refreshed": refresh.get("ok") is True,
        "unread": complaints[0],
        "machine": _identity(document),
    }


def _identity(document: Dict[str, Any]) -> Optional[List[str]]:
    """Return [machine-id, boot id, host name]: clones share the first, containers of a kernel the second."""
    machine, boot = document.get("machine") or {}, document.get("boot") or {}
    identity = [machine.get("machine_id"), boot.get("id"), machine.get("hostname")]
    return [str(part) for part in identity] if all(identity) else None


def platform_of(document: Dict[str, Any]) -> Optional[str]:
    """Return the platform's key, such as `debian-12-amd64`, None when the parts of it are not known."""
    system = document.get("os") or {}
    parts = [system.get("id"), system.get("version_id"), system.get("arch")]
    return "-".join(map(str, parts)) if all(parts) else None


def count_pending(updates: List[Dict[str, Any]]) -> Dict[str, int]:
    """Return {total, security, kept_back} of the updates that there are.

    Held and blocked ones count too; `kept_back`: the security updates among them that won't come.
    """
    security = sum(1 for one in updates if one["security"] or (one.get("kept_back") or {}).get("security"))
    kept_back = len(kept_back_words.of_updates(updates))
    return {"total": len(updates), "security": security, "kept_back": kept_back}


def summarize(document: Dict[str, Any]) -> str:
    """Return the document in one line."""
    facts = decisive_facts(document)
    parts = []
    if facts["pending"] is not None:
        parts.append("{total} updates pending, {security} of them for security".format(**facts["pending"]))
        if facts["pending"]["kept_back"]:
            parts.append(kept_back_words.describe(kept_back_words.of_updates(document["updates"])))
    source = facts["security_source"]
    if source is not None and source["status"] != "ok":
        parts.append("more may be missing, the security source is {status}: {reason}".format(**source))
    elif (source or {}).get("frozen"):
        parts.append("as of {as_of}: {told}".format(as_of=source["as_of"][:10], told=_frozen(source)))
    if facts["unread"] and (source is None or source["status"] == "ok"):
        parts.append("more may be missing, " + _told(facts["unread"]))
    for repository in (source or {}).get("not_believed") or ():
        parts.append(f"not believed to be the security archive, its key is another: {repository}")
    if facts["interrupted"]:
        parts.append(document["broken"]["reason"])
    if facts["reboot"] is not None and facts["reboot"]["required"]:
        parts.append("reboot required")
    if document["errors"]:
        parts.append("not read: " + ", ".join(sorted({error["subset"] for error in document["errors"]})))
    return "; ".join(parts) or "collected: " + ", ".join(document["subsets"])


def _told(complaint: Dict[str, Any]) -> str:
    return "{} could not be read: {}".format(complaint["repository"] or "a repository", complaint["message"])


def _frozen(source: Dict[str, Any]) -> str:
    return "the security repositories are frozen on purpose until {until} ({reason})".format(
        **source["frozen"]
    )
