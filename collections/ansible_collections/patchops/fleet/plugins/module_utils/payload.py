# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents on the wire: JSON, gzip, base64. 4,000 packages are 64 KB this way instead of 771 KB."""

import base64
import binascii
import json
import zlib
from typing import Any

# More than the document of a host with 10,000 packages; less than what would hurt a controller.
MAX_BYTES = 64 * 1024 * 1024

# A list or a text costs memory however short it is: 87 KB of compressed brackets become 2 GB of lists.
MAX_VALUES = 2000000

_GZIP = 16 + zlib.MAX_WBITS


class PayloadError(ValueError):
    """The text is not a payload, is damaged, or would unpack to more than was allowed."""


def compress(data: bytes) -> bytes:
    """Return `data` (bytes) as gzip without a time stamp: equal documents give equal bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return packer.compress(data) + packer.flush()


def decompress(data: bytes, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the bytes of a gzip stream; raises PayloadError beyond `max_bytes` or for damaged data."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(data, max_bytes)
    except zlib.error as error:
        raise PayloadError(f"damaged: {error}")
    if unpacker.unconsumed_tail:
        raise PayloadError(f"larger than {max_bytes} bytes when unpacked")
    if not unpacker.eof:
        raise PayloadError("damaged: it ends too early")
    return plain


def encode(document: Any) -> str:
    """Return `document` (anything JSON can hold) as one line of ASCII text."""
    plain = json.dumps(document, separators=(",", ":"), sort_keys=True).encode("utf-8")
    return base64.b64encode(compress(plain)).decode("ascii")


def decode(text: str, max_bytes: int = MAX_BYTES) -> Any:
    """Return what `encode` was given. `text` is untrusted: raises PayloadError, and nothing else."""
    if len(text) > max_bytes:
        raise PayloadError(f"larger than {max_bytes} bytes")
    try:
        packed = base64.b64decode(text, validate=True)
        return load_json(decompress(packed, max_bytes))
    except (binascii.Error, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(f"damaged: {error}")
    except ValueError as error:
        raise PayloadError(str(error))


def load_json(plain: bytes) -> Any:
    """Return the value of untrusted JSON; raises PayloadError where it holds too many values.

    What is no JSON raises ValueError, and what is too deep RecursionError, as `json.loads` does.
    """
    # Each value but the first stands behind one of these; those within texts are counted too.
    if sum(plain.count(sign) for sign in (b",", b"[", b"{", b":")) > MAX_VALUES:
        raise PayloadError(f"more than {MAX_VALUES} values")
    return json.loads(plain.decode("utf-8"))
