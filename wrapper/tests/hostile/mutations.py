# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change one place of an honest answer, or of the document in it, at random but repeatably."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.payload import decode, encode

_PAYLOAD = "patchops_payload"
_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**12,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "x",
    "ok",
    "applied",
    "failed",
    "2026-99-99T99:99:99Z",
    "0001-01-01T00:00:00Z",
    "\udc80",
    "\x1b[2J\u202e\x00",
    "../../etc/shadow",
    "{{ lookup('pipe', 'id') }}",
    "x" * 200_000,
    [],
    {},
    [None],
    [[[[]]]],
    {"x": 1},
    [{"x": {"y": []}}],
)

Place = tuple[Any, Any]


def mutated(answer: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """Return a copy of an answer with one place changed; a third of the changes are in its document."""
    changed = copy.deepcopy(answer)
    if _PAYLOAD in changed and draw.random() < 0.33:
        document = decode(changed[_PAYLOAD])
        _change(document, draw)
        try:
            changed[_PAYLOAD] = encode(document)
        except (ValueError, UnicodeEncodeError):  # what no encoder takes does not arrive either
            changed[_PAYLOAD] = changed[_PAYLOAD][: draw.randrange(len(changed[_PAYLOAD]))]
        return changed
    _change(changed, draw)
    return changed


def _change(data: Any, draw: random.Random) -> None:
    container, key = draw.choice(list(_places(data)))
    act = draw.random()
    if act < 0.15 and isinstance(container, dict):
        del container[key]
    elif act < 0.2 and isinstance(container, list):
        container.extend([container[key]] * draw.choice((1, 1000)))
    elif act < 0.25 and isinstance(container, dict):
        container[draw.choice(("ansible_facts", "failed", "x" * 500, "patchops_verify_result"))] = {"x": 1}
    elif act < 0.3:
        deep: Any = []
        for _level in range(draw.choice((5, 50, 400))):
            deep = [deep]
        container[key] = deep
    else:
        container[key] = copy.deepcopy(draw.choice(_VALUES))


def _places(data: Any) -> Iterator[Place]:
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in entries:
        yield data, key
        if isinstance(value, (dict, list)):
            yield from _places(value)
