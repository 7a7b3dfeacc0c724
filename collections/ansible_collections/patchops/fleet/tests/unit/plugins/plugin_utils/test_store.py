# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import (
    DirectoryStore,
    HttpStore,
    NoStore,
    StoreError,
    host_document_key,
    host_findings_key,
    host_key,
    open_store,
    patch_set_key,
    read_host_document,
    report_key,
    transaction_key,
)

DOCUMENT = {"kind": "patchops.host", "schema": 1}
# Halves of characters too: JSON carries them, and bytes that are not UTF-8 become such.
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
@example("")
@example("\ud800")
def test_every_name_becomes_one_safe_word(name: str) -> None:
    word = host_key(name)
    assert 0 < len(word) <= 180
    assert "/" not in word
    assert not word.startswith((".", "-"))
    assert NoStore().read(word) is None


@given(ANY_TEXT, ANY_TEXT)
@example("", "\x00")
@example("", "%")
@example("\x80", "\udcc2\udc80")
@example("x" * 181, "x" * 182)
def test_different_names_become_different_words(one: str, other: str) -> None:
    assert (host_key(one) == host_key(other)) == (one == other)


def test_usual_names_stay_readable() -> None:
    assert host_key("web-1.example.com") == "web-1.example.com"
    assert host_key("../etc/passwd") == "%2E.%2Fetc%2Fpasswd"


def test_names_that_differ_far_behind_stay_apart() -> None:
    assert host_key("x" * 500) != host_key("x" * 501)


def test_keys_lie_where_the_layout_says() -> None:
    assert host_document_key(HostKey("", "web1")) == "hosts/web1/host"
    assert host_document_key(HostKey("prod", "web1")) == "hosts/web1@prod/host"
    assert host_findings_key(HostKey("/inv.yml", "web1")) == "hosts/web1@%2Finv.yml/findings"
    assert transaction_key(HostKey("prod", "web1"), "t1") == "hosts/web1@prod/transactions/t1"
    assert patch_set_key("abc") == "patch_sets/abc"
    assert report_key("run 1") == "runs/run%201/report"


@given(st.text(), st.text(), st.text(), st.text())
def test_hosts_share_a_document_only_when_name_and_inventory_are_equal(
    name: str, inventory: str, other_name: str, other_inventory: str
) -> None:
    one, other = HostKey(inventory, name), HostKey(other_inventory, other_name)
    assert (host_document_key(one) == host_document_key(other)) == (one == other)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_folder_of_a_host_has_a_name_that_file_systems_take(name: str, inventory: str) -> None:
    _hosts, folder, _document = host_document_key(HostKey(inventory * 50, name * 50)).split("/")
    assert len(folder.encode()) <= 255


def test_inventories_whose_long_paths_differ_in_the_middle_stay_apart() -> None:
    one, other = ("/srv/" + letter + "/inventories" * 9 for letter in "ab")
    assert host_document_key(HostKey(one, "web1")) != host_document_key(HostKey(other, "web1"))


def test_hosts_of_one_name_keep_a_document_each(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    for inventory in ("prod", "staging"):
        host = HostKey(inventory, "web1")
        store.write(host_document_key(host), {**DOCUMENT, "inventory": inventory})

    for inventory in ("prod", "staging"):
        found = read_host_document(store, HostKey(inventory, "web1"))
        assert found is not None
        assert found["inventory"] == inventory
    assert len(store.host_documents()) == 2


def test_a_document_of_the_former_layout_is_read_until_there_is_a_newer_one(tmp_path: Path) -> None:
    store, host = DirectoryStore(tmp_path), HostKey("prod", "web1")
    store.write("hosts/web1/host", {**DOCUMENT, "run_id": "former"})
    assert (read_host_document(store, host) or {})["run_id"] == "former"

    store.write(host_document_key(host), {**DOCUMENT, "run_id": "newer"})
    assert (read_host_document(store, host) or {})["run_id"] == "newer"


def test_a_document_is_kept_in_a_directory_for_its_owner_alone(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "documents")
    reference = store.write("hosts/web1/host", DOCUMENT)
    assert reference == str(tmp_path / "documents/hosts/web1/host.json")
    assert store.read("hosts/web1/host") == DOCUMENT
    assert stat.S_IMODE((tmp_path / "documents/hosts/web1/host.json").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "documents/hosts/web1").iterdir()] == ["host.json"]


def test_every_folder_of_the_store_is_its_owners_alone_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        DirectoryStore(tmp_path / "home/documents").write("hosts/web1/transactions/t1", DOCUMENT)
    finally:
        os.umask(before)
    for folder in ("", "hosts", "hosts/web1", "hosts/web1/transactions"):
        assert stat.S_IMODE((tmp_path / "home/documents" / folder).stat().st_mode) == 0o700


def test_a_host_that_makes_up_transactions_can_not_fill_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{DirectoryStore.__module__}._MOST_TRANSACTIONS", 3)
    store = DirectoryStore(tmp_path)
    for number in range(6):
        reference = store.write(f"hosts/web1/transactions/t{number}", DOCUMENT)
        os.utime(str(reference), (number, number))
    store.write("hosts/web1/transactions/t6", DOCUMENT)
    kept = sorted(path.name for path in (tmp_path / "hosts/web1/transactions").iterdir())
    assert kept == ["t4.json", "t5.json", "t6.json"]


def test_a_name_with_dots_keeps_them(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    assert store.write("patch_sets/a.b", DOCUMENT) == str(tmp_path / "patch_sets/a.b.json")


def test_a_document_that_was_never_written_is_none(tmp_path: Path) -> None:
    assert DirectoryStore(tmp_path).read("hosts/web1/host") is None


@pytest.mark.parametrize("key", ["../x", "hosts//x", "/etc/passwd", "hosts/..", "", "hosts/a b"])
def test_keys_that_could_lead_elsewhere_are_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a safe key"):
        DirectoryStore(tmp_path).write(key, DOCUMENT)
    with pytest.raises(StoreError, match="is not a safe key"):
        NoStore().read(key)


def test_a_directory_that_can_not_be_written_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"could not be written on the controller \(Not a directory\)"):
        DirectoryStore(tmp_path / "file").write("hosts/web1/host", DOCUMENT)


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1'])
def test_a_damaged_document_is_told(content: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(StoreError, match="Remove it; the next scan writes it again"):
        DirectoryStore(tmp_path).read("report")


def test_a_document_that_can_not_be_made_json_leaves_the_old_one(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.write("report", DOCUMENT)
    with pytest.raises(TypeError):
        store.write("report", {"a": object()})
    assert store.read("report") == DOCUMENT
    assert len(list(tmp_path.iterdir())) == 1


class _Server(BaseHTTPRequestHandler):
    kept: dict[str, bytes]

    def do_PUT(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self) -> None:
        self._answer(None)

    def _answer(self, body: bytes | None) -> None:
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.replace("/moved/", "/documents/"))
            self.end_headers()
            return
        allowed = self.headers["Authorization"] == "Bearer s3cret"
        if allowed and body is not None:
            self.kept[self.path] = body
        found = self.kept.get(self.path)
        self.send_response(403 if not allowed else 200 if found is not None else 404)
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A document store that wants the token s3cret: its URL and what it keeps."""
    _Server.kept = {}
    with HTTPServer(("127.0.0.1", 0), _Server) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/documents/", _Server.kept
        listening.shutdown()
        thread.join()


@pytest.fixture
def token(tmp_path: Path) -> str:
    (tmp_path / "token").write_text("s3cret\n")
    return str(tmp_path / "token")


def test_a_document_is_kept_behind_a_url(server: tuple[str, dict[str, bytes]], token: str) -> None:
    url, kept = server
    store = HttpStore(url, token)
    assert store.write("hosts/web%2F1/host", DOCUMENT) == f"{url}hosts/web%252F1/host.json"
    assert store.read("hosts/web%2F1/host") == DOCUMENT
    assert json.loads(kept["/documents/hosts/web%252F1/host.json"]) == DOCUMENT


def test_a_url_that_has_no_document_gives_none(server: tuple[str, dict[str, bytes]], token: str) -> None:
    assert HttpStore(server[0], token).read("runs/r1/report") is None


def test_a_server_that_refuses_is_named_and_the_token_is_not(
    server: tuple[str, dict[str, bytes]], tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_text("hunter2")
    with pytest.raises(
        StoreError, match=r"^PUT http://127\.0\.0\.1:\d+/documents/.* was answered with 403"
    ) as told:
        HttpStore(server[0], str(tmp_path / "wrong")).write("report", DOCUMENT)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_redirect_takes_neither_the_token_nor_the_document_elsewhere(
    server: tuple[str, dict[str, bytes]], token: str, method: str
) -> None:
    url, kept = server
    store = HttpStore(url.replace("/documents/", "/moved/"), token)
    with pytest.raises(StoreError, match=r"redirect \(302\), which is not followed"):
        store.read("report") if method == "GET" else store.write("report", DOCUMENT)
    assert kept == {}


def test_a_token_does_not_travel_in_the_clear(token: str) -> None:
    with pytest.raises(StoreError, match="travel in the clear"):
        HttpStore("http://store.example.org/", token)
    HttpStore("http://store.example.org/")
    HttpStore("https://store.example.org/", token)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(StoreError, match=r"GET http://127\.0\.0\.1:1/report\.json failed"):
        HttpStore("http://127.0.0.1:1").read("report")


def test_a_missing_token_file_is_named() -> None:
    with pytest.raises(StoreError, match="token file /no/such/file could not be read"):
        HttpStore("http://127.0.0.1:1", "/no/such/file").read("report")


def test_only_http_urls_are_opened() -> None:
    with pytest.raises(StoreError, match="must start with https:// or http://"):
        HttpStore("file:///etc/passwd")


def test_settings_choose_the_store(tmp_path: Path) -> None:
    assert isinstance(open_store({"kind": "directory", "path": str(tmp_path)}), DirectoryStore)
    assert isinstance(open_store({"kind": "http", "url": "https://store"}), HttpStore)
    assert isinstance(open_store({"kind": "none"}), NoStore)
    assert isinstance(open_store(None), DirectoryStore)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"kind": "directory"},
        {"kind": "http"},
        {"kind": "s3", "url": "x"},
        "/srv/documents",
        ["/srv/documents"],
        {"kind": "directory", "path": 5},
        {"kind": "http", "url": "https://store", "token_file": ["x"]},
    ],
)
def test_settings_that_name_no_store_are_refused_with_the_choices(settings: object) -> None:
    with pytest.raises(StoreError, match=r"Give \{kind: directory, path: /a/directory\}"):
        open_store(settings)


def test_no_store_keeps_nothing() -> None:
    assert NoStore().write("report", DOCUMENT) is None
    assert NoStore().read("report") is None
