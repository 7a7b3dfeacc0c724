# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetching a feed over the network: bounded, over verified TLS, and only when it has changed."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError

_CHUNK = 1 << 18
_MAX_BYTES = 1 << 30
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the server said. modified: False when it has nothing newer, and then nothing was written."""

    modified: bool
    etag: str
    last_modified: str


def fetch(
    url: str,
    destination: Path,
    *,
    etag: str = "",
    last_modified: str = "",
    allow_http: bool = False,
    max_bytes: int = _MAX_BYTES,
    timeout: float = _TIMEOUT,
) -> Fetched:
    """Write what a URL serves to a file, unless it is what etag or last_modified stand for.

    allow_http: also without TLS, for mirrors inside of a house. timeout: seconds without any answer. Proxies
    are taken from the environment. Raises FeedError with the URL (without a password in it) and the cause.
    """
    shown = _without_password(url)
    _check_scheme(url, shown, allow_http)
    request = urllib.request.Request(url, headers={"User-Agent": f"patchops/{ENGINE_VERSION}"})  # noqa: S310
    if etag:
        request.add_header("If-None-Match", etag)
    if last_modified:
        request.add_header("If-Modified-Since", last_modified)
    with _response(request, shown, allow_http, timeout) as response:
        if response is None:
            return Fetched(False, etag, last_modified)
        _save(response, destination, shown, max_bytes)
        headers = response.headers
        return Fetched(True, headers.get("ETag", ""), headers.get("Last-Modified", ""))


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to where a feed may come from, and nowhere else."""

    def __init__(self, shown: str, allow_http: bool) -> None:
        self._shown, self._allow_http = shown, allow_http

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        shown = f"{self._shown} (redirected to {_without_password(newurl)})"
        try:
            _check_scheme(newurl, shown, self._allow_http)
        except FeedError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def _response(request: urllib.request.Request, shown: str, allow_http: bool, timeout: float) -> Iterator[Any]:
    """The response, None for "not modified"."""
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        _CheckedRedirects(shown, allow_http),
    )
    try:
        with opener.open(request, timeout=timeout) as response:
            yield response
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 304:
            raise FeedError(shown, "", f"the server answered {error.code} {error.reason}") from error
        yield None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        cause = getattr(error, "reason", None) or error
        raise FeedError(shown, "", f"could not be fetched: {cause}") from error


def _save(response: Any, destination: Path, shown: str, max_bytes: int) -> None:
    expected = response.headers.get("Content-Length")
    written = 0
    with destination.open("wb") as file:
        while chunk := response.read(_CHUNK):
            written += len(chunk)
            if written > max_bytes:
                raise FeedError(shown, "", f"serves more than {max_bytes} bytes; refused")
            file.write(chunk)
    if expected is not None and expected.isdigit() and written != int(expected):
        raise FeedError(shown, "", f"the transfer ended after {written} of {expected} bytes")


def _check_scheme(url: str, shown: str, allow_http: bool) -> None:
    scheme = urlsplit(url).scheme
    if scheme != "https" and not (allow_http and scheme == "http"):
        raise FeedError(shown, "", f"is not an https address ({scheme or 'no scheme'}); refused")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
