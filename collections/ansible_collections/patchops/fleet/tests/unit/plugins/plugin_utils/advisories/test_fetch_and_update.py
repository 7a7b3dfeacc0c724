# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds from a real HTTP server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.catalogue import CATALOGUE, FeedSpec
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.fetch import fetch
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.update import update

KEV = "cveID,vulnerabilityName,dateAdded,dueDate\nCVE-2024-1001,curl,2024-02-01,2024-02-22\n"
MORNING = datetime(2026, 11, 22, 8, tzinfo=timezone.utc)
NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


class _Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        if self.path == "/moved":
            self._answer(302, b"", Location=self.server.moved_to)
        elif self.path == "/cut":
            self._answer(200, b"half", **{"Content-Length": "4000"})
        elif self.path != "/kev.csv":
            self._answer(404, b"")
        elif self.headers.get("If-None-Match") == self.server.etag:
            self._answer(304, b"")
        else:
            body = self.server.body.encode()
            self._answer(200, body, ETag=self.server.etag, **{"Content-Length": str(len(body))})

    def _answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_details: object) -> None:
        """Nothing: the tests look at what was asked."""


class Publisher(ThreadingHTTPServer):
    """Serves one feed with an ETag, and some misbehaviour."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body, self.etag = KEV, '"one"'
        self.moved_to = "ftp://127.0.0.1/"
        self.asked: list[dict[str, str]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Publisher()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_feed_is_fetched_with_what_tells_it_from_a_newer_one(publisher: Publisher, tmp_path: Path) -> None:
    fetched = fetch(publisher.url("kev.csv"), tmp_path / "kev", allow_http=True)

    assert (fetched.modified, fetched.etag) == (True, '"one"')
    assert (tmp_path / "kev").read_text() == KEV
    assert publisher.asked[0]["User-Agent"].startswith("patchops/")


def test_a_feed_that_has_not_changed_is_not_sent_again(publisher: Publisher, tmp_path: Path) -> None:
    fetched = fetch(publisher.url("kev.csv"), tmp_path / "kev", etag='"one"', allow_http=True)

    assert not fetched.modified
    assert not (tmp_path / "kev").exists()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", "the server answered 404 Not Found"),
        ("cut", "the transfer ended after 4 of 4000 bytes"),
        ("moved", r"redirected to ftp://127.0.0.1/.: is not an https address .ftp.; refused"),
    ],
)
def test_what_is_no_whole_feed_is_refused_with_its_address(
    publisher: Publisher, tmp_path: Path, path: str, message: str
) -> None:
    with pytest.raises(FeedError, match=message) as refused:
        fetch(publisher.url(path), tmp_path / "feed", allow_http=True)

    assert publisher.url(path) in str(refused.value)


def test_a_feed_of_endless_size_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="serves more than 10 bytes; refused"):
        fetch(publisher.url("kev.csv"), tmp_path / "kev", allow_http=True, max_bytes=10)


@pytest.mark.parametrize(
    "url", ["http://user:secret@127.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1/", "x"]
)
def test_only_https_is_fetched_and_no_password_is_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(FeedError, match="is not an https address") as refused:
        fetch(url, tmp_path / "feed")

    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_named(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"http://127.0.0.1:1/: could not be fetched: .*refused"):
        fetch("http://127.0.0.1:1/", tmp_path / "feed", allow_http=True)


@pytest.fixture
def spec(publisher: Publisher) -> FeedSpec:
    return FeedSpec("kev", "kev", publisher.url("kev.csv"))


def test_an_update_imports_what_is_new_and_asks_for_changes_only(
    publisher: Publisher, tmp_path: Path, spec: FeedSpec
) -> None:
    database = tmp_path / "db"

    first = update(database, [spec], allow_http=True, now=MORNING)
    second = update(database, [spec], allow_http=True, now=NOON)

    assert [(one.state, one.records) for one in first + second] == [("updated", 1), ("unchanged", 1)]
    assert publisher.asked[1]["If-None-Match"] == '"one"'
    with AdvisoryDatabase.open(database) as opened:
        (source,) = opened.sources()
    assert (source.imported_at, source.checked_at) == ("2026-11-22T08:00:00Z", "2026-11-22T12:00:00Z")
    assert source.location == spec.location


def test_a_changed_feed_replaces_the_former_one(publisher: Publisher, tmp_path: Path, spec: FeedSpec) -> None:
    update(tmp_path / "db", [spec], allow_http=True)
    publisher.body, publisher.etag = KEV + "CVE-2024-1002,b,2024-03-01,\n", '"two"'

    (result,) = update(tmp_path / "db", [spec], allow_http=True)

    assert (result.state, result.records) == ("updated", 2)


def test_a_feed_that_fails_leaves_its_content_and_does_not_stop_the_next(
    publisher: Publisher, tmp_path: Path, spec: FeedSpec
) -> None:
    update(tmp_path / "db", [spec], allow_http=True)
    publisher.body, publisher.etag = "<html>maintenance</html>", '"three"'
    local = tmp_path / "own.csv"
    local.write_text(KEV)

    broken, own = update(tmp_path / "db", [spec, FeedSpec("own", "kev", str(local))], allow_http=True)

    assert (broken.state, broken.records, own.state) == ("failed", 1, "updated")
    assert "this is no KEV catalogue" in broken.problem
    with AdvisoryDatabase.open(tmp_path / "db") as opened:
        assert opened.kev("CVE-2024-1001") is not None


def test_a_local_file_is_imported_again_only_when_its_bytes_changed(tmp_path: Path) -> None:
    local = tmp_path / "own.csv"
    local.write_text(KEV)
    own = FeedSpec("own", "kev", str(local))

    states = [update(tmp_path / "db", [own], force=force)[0].state for force in (False, False, True)]

    assert states == ["updated", "unchanged", "updated"]


def test_the_known_feeds_are_of_known_kinds_and_come_over_tls() -> None:
    assert {spec.kind for spec in CATALOGUE.values()} <= set(KINDS)
    assert all(spec.location.startswith("https://") for spec in CATALOGUE.values())
