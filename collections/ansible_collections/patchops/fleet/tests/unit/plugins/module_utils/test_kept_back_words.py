# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept back is told with its cause, and what nobody decided comes first."""

from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils import kept_back_words
from ansible_collections.patchops.fleet.plugins.module_utils.host_summary import count_pending, summarize


def update(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "security": False, "held": False, "kept_back": None, **more}


def kept(cause: str, security: bool = True) -> dict[str, Any]:
    return {"version": "2", "cause": cause, "reason": f"because of {cause}", "security": security}


def test_security_updates_that_are_held_or_passed_over_are_counted_apart() -> None:
    updates = [
        update("a", security=True),
        update("b", security=True, held=True),
        update("c", kept_back=kept("priority")),
        update("d", kept_back=kept("exclude", security=False)),
    ]
    assert count_pending(updates) == {"total": 4, "security": 3, "kept_back": 2}


def test_the_reason_of_each_cause_survives_a_long_list_of_names() -> None:
    held = [
        {"name": f"p{number}", "reason": "the setting", "cause": "default_release"} for number in range(40)
    ]
    told = kept_back_words.describe([{"name": "x", "reason": "held", "cause": "hold"}, *held])
    assert told == (
        "40 security updates are kept back by APT::Default-Release: p0 (the setting), p1, p2, p3, p4 and 35 "
        "more; 1 security update is kept back by a hold: x (held)"
    )


def test_a_scan_says_what_keeps_security_updates_back() -> None:
    document = {
        "updates": [update("a", security=True, kept_back=kept("module"))],
        "errors": [],
        "subsets": ["updates"],
    }
    assert summarize(document) == (
        "1 updates pending, 1 of them for security; 1 security update is kept back by module streams: "
        "a (because of module)"
    )
