# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.verification.checks import name_check, run_checks


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()
        self.wfile.write(b"ready")

    def log_message(self, *_ignored: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server on loopback: /health answers 200 and `ready`, anything else 503."""
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def run_one(check: dict[str, Any]) -> tuple[bool, str]:
    (finding,) = run_checks([check], deadline=0)
    return finding["ok"], finding["detail"]


def http(port: int, path: str = "/health", **more: Any) -> dict[str, Any]:
    return {"http": {"url": f"http://127.0.0.1:{port}{path}", "status": 200, "validate_certs": True, **more}}


def test_a_port_that_answers_passes(port: int) -> None:
    assert run_one({"tcp": {"host": "127.0.0.1", "port": port}}) == (True, "accepts connections")


def test_a_port_that_nobody_listens_on_fails() -> None:
    ok, detail = run_one({"tcp": {"host": "127.0.0.1", "port": 1}})
    assert not ok
    assert detail.startswith("no connection: ")


def test_a_page_with_status_and_text_passes(port: int) -> None:
    assert run_one(http(port, contains="ready")) == (True, "status 200")


def test_another_status_fails_and_is_told(port: int) -> None:
    assert run_one(http(port, "/other")) == (False, "status 503, expected 200")


def test_a_status_that_is_an_error_can_be_the_expected_one(port: int) -> None:
    assert run_one(http(port, "/other", status=503)) == (True, "status 503")


def test_a_page_without_the_text_fails(port: int) -> None:
    assert run_one(http(port, contains="sorry"))[0] is False


def test_an_address_that_is_no_web_address_is_not_opened() -> None:
    ok, detail = run_one({"http": {"url": "file:///etc/passwd", "status": 200, "validate_certs": True}})
    assert (ok, detail) == (False, "file:///etc/passwd is neither http nor https")


def test_a_command_that_ends_with_0_passes() -> None:
    assert run_one({"command": ["true"]}) == (True, "exit code 0")


def test_a_command_that_fails_tells_what_it_said() -> None:
    ok, detail = run_one({"command": ["ls", "/nonexistent"]})
    assert not ok
    assert detail.startswith("exit code 2: ls: cannot access")


def test_a_check_that_does_not_pass_is_tried_again(tmp_path: Any) -> None:
    marker = tmp_path / "ready"
    threading.Timer(0.3, marker.touch).start()
    check = {"command": ["test", "-e", str(marker)]}
    assert run_checks([check], time.monotonic() + 120, pause=0.1)[0]["ok"]


def test_the_name_of_a_command_does_not_show_its_arguments() -> None:
    assert name_check({"command": ["curl", "-u", "me:secret"]}) == "command curl"
