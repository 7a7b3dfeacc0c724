# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether "no security update is pending" can be believed on this host. Pure."""

import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

# A host that has not read its repositories for longer than this can't say what is pending.
STALE_SECONDS = 7 * 86400
# Suites whose release only their index tells.
_MOVING = {"stable", "oldstable", "oldoldstable", "testing"}
_NOT_ENTITLED = re.compile(r"\b(401|403)\b|unauthorized|forbidden|not entitled", re.IGNORECASE)


def judge(
    repositories: List[Dict[str, Any]],
    codename: Optional[str],
    refresh_errors: List[Dict[str, Any]],
    read_seconds_ago: Optional[float],
    needs_esm: bool = False,
    keys: Sequence[str] = (),
) -> Dict[str, Any]:
    """Return {status, reason, repositories: [id], not_believed: [id]} of the host's security repositories.

    Anybody can write Debian-Security into a Release file: a repository is believed that is signed by one of
    the distribution's own keys, or by one of `keys` (fingerprints).

    `codename` is the release in os-release: a security repository of another release doesn't count.
    `refresh_errors` are those of a refresh that was just made, already told in `repositories` where they name
    one; `read_seconds_ago` is the age of the last refresh, None when it can't be told.
    `needs_esm`: the release is past its regular support and only Ubuntu Pro's repositories still carry fixes.
    """
    claiming = [one for one in repositories if one["security"] and _fits(one, codename)]
    security = [one for one in claiming if _is_believed(one, keys)]
    not_believed = [one for one in claiming if one not in security]
    status, reason = _status(security, refresh_errors, read_seconds_ago)
    if not security and not_believed:
        status, reason = "untrusted", _why_not(not_believed[0])
    if status == "ok" and needs_esm and not any(_is_esm(one) for one in security):
        status, reason = "unentitled", "the regular support has ended and Ubuntu Pro's ESM is not enabled"
    return {
        "status": status,
        "reason": reason,
        "repositories": [one["id"] for one in security],
        "not_believed": [one["id"] for one in not_believed],
    }


def _is_believed(repository: Dict[str, Any], keys: Sequence[str]) -> bool:
    # What is wrong with one that could not be read or checked is told as such.
    if repository["by_distribution"] or repository["error"]:
        return True
    declared = {key.replace(" ", "").upper() for key in keys}
    return bool(declared & set(repository["signers"]))


def _why_not(repository: Dict[str, Any]) -> str:
    signers = ", ".join(repository["signers"])
    by = (
        f"signed by {signers}, which is not a key of the distribution"
        if signers
        else "not signed by the distribution"
    )
    return (
        "{id}: it calls itself the security archive and is {by}. If you sign this mirror yourself, name the "
        "fingerprint of the key in patchops_source_keys"
    ).format(by=by, **repository)


def _status(
    security: List[Dict[str, Any]], refresh_errors: List[Dict[str, Any]], read_seconds_ago: Optional[float]
) -> Tuple[str, str]:
    if not security:
        return "absent", "no enabled repository carries the security updates of this release"
    faulty = next((one for one in security if one["error"]), None)
    if faulty:
        return _status_of(faulty), "{id}: {error}".format(**faulty)
    unnamed = [error["message"] for error in refresh_errors if error["repository"] is None]
    if unnamed:
        return "unreadable", unnamed[0]
    if read_seconds_ago is not None and read_seconds_ago > STALE_SECONDS:
        return "stale", "the repositories were last read {} days ago".format(int(read_seconds_ago // 86400))
    return "ok", ""


def _status_of(repository: Dict[str, Any]) -> str:
    if _NOT_ENTITLED.search(repository["error"]):
        return "unentitled"
    return "expired" if repository["expired"] else "unreadable"


def _is_esm(repository: Dict[str, Any]) -> bool:
    return str(repository["origin"]).startswith("UbuntuESM")


def _fits(repository: Dict[str, Any], codename: Optional[str]) -> bool:
    # Suites may be named by what the release is (stable-security): then the Release file's codename tells.
    names = [repository[key] for key in ("codename", "suite") if repository[key]]
    stems = {re.split(r"[-/]", name)[0] for name in names}
    unfetched = repository["codename"] is None
    return codename is None or codename in stems or (unfetched and bool(stems & _MOVING))
