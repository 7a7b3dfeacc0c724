# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of repositories, without the credentials that they may carry."""

import re
from urllib.parse import urlsplit, urlunsplit


def normal_uri(uri: str) -> str:
    """Return a repository's URI without credentials and with one slash at its end.

    What is no URI for Python (`cdrom:[Corp Install 5]/`) is returned as text.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return without_credentials(uri).rstrip("/") + "/"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")).rstrip("/") + "/"


def without_credentials(text: str) -> str:
    """Return `text` with the user and password of every URI in it left out."""
    return re.sub(r"(\w+://)[^/\s]*@", r"\1", text)
