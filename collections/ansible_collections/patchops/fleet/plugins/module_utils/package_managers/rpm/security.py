# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether "no security update is pending" can be believed on a host with rpm. Pure."""

import re
from typing import Any, Dict, List, Tuple

# A host that has not read its repositories for longer than this can't say what is pending.
STALE_SECONDS = 7 * 86400
_NOT_ENTITLED = re.compile(
    r"\b(401|403)\b|unauthorized|forbidden|not entitled"
    r"|permission to access .* denied|authentication required",
    re.IGNORECASE,
)


def judge(repositories: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return {status, reason, repositories: [id]} of the repositories that carry advisories."""
    security = [one for one in repositories if one["security"]]
    status, reason = _status(repositories, security)
    return {"status": status, "reason": reason, "repositories": [one["id"] for one in security]}


def _status(repositories: List[Dict[str, Any]], security: List[Dict[str, Any]]) -> Tuple[str, str]:
    if not repositories:
        return "absent", "no repository is enabled"
    if not security:
        return (
            "absent",
            "no enabled repository has advisories (updateinfo): security updates can't be told",
        )
    faulty = next((one for one in security if one["error"]), None)
    if faulty and faulty["expired"]:
        return "expired", "{id}: {error}".format(**faulty)
    if faulty:
        entitled = _NOT_ENTITLED.search(faulty["error"]) is None
        return "unreadable" if entitled else "unentitled", "{id}: {error}".format(**faulty)
    age = max(one["read_seconds_ago"] or 0 for one in security)
    if age > STALE_SECONDS:
        return "stale", "the repositories were last read {} days ago".format(age // 86400)
    return "ok", ""
