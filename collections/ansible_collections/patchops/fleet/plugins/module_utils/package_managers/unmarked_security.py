# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can be believed to miss no security update where no repository marks them. Pure.

There, every pending update may be one. Only a host without any can be believed.
"""

from typing import Any, Dict, List, Optional, Tuple

# A host that has not read its repositories for longer than this can't say what is pending.
STALE_SECONDS = 7 * 86400


def judge(repositories: List[Dict[str, Any]], pending: Optional[int], distribution: str) -> Dict[str, Any]:
    """Return {status, reason, repositories: [id]}.

    `pending`: how many updates there are, held and blocked ones included; None where that can't be told.
    """
    status, reason = _status(repositories, pending, distribution)
    return {"status": status, "reason": reason, "repositories": [one["id"] for one in repositories]}


def _status(repositories: List[Dict[str, Any]], pending: Optional[int], distribution: str) -> Tuple[str, str]:
    if not repositories:
        return "absent", "no repository is enabled"
    faulty = next((one for one in repositories if one["error"]), None)
    if faulty:
        return "unreadable", "{id}: {error}".format(**faulty)
    if pending is None:
        return "unreadable", "what is pending could not be read"
    age = max(one["read_seconds_ago"] or 0 for one in repositories)
    if age > STALE_SECONDS:
        return "stale", f"the repositories were last read {age // 86400} days ago"
    if pending:
        return "absent", f"{distribution}'s repositories don't say which updates mend security holes"
    return "ok", ""
