# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One spelling for equal values, so that a digest names content."""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """Return `value` as UTF-8 JSON: sorted keys, no spaces, no NaN (ValueError)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def digest(value: Any) -> str:
    """Return the SHA-256 of `canonical_json(value)` as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
