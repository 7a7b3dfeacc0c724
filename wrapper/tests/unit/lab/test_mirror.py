# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror serves files, and misbehaves when told to; ssh gets its connection from connect."""

import functools
import http.client
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from patchops_lab import connect
from patchops_lab.mirror import _Handler


@pytest.fixture
def fault(tmp_path: Path) -> Path:
    return tmp_path / "fault.json"


@pytest.fixture
def server(tmp_path: Path, fault: Path) -> Iterator[ThreadingHTTPServer]:
    (tmp_path / "served").mkdir()
    (tmp_path / "served/list").write_text("x" * 1000)
    handler = functools.partial(_Handler, directory=str(tmp_path / "served"), fault_file=fault)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def _get(server: ThreadingHTTPServer, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=120)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def test_files_are_served(server: ThreadingHTTPServer) -> None:
    assert _get(server, "/list") == (200, b"x" * 1000)


def test_nothing_beside_the_served_directory_can_be_had(server: ThreadingHTTPServer, fault: Path) -> None:
    fault.write_text("{}")
    assert _get(server, "/../fault.json")[0] == 404


def test_a_list_is_sent_again_also_to_who_has_it(server: ThreadingHTTPServer) -> None:
    later = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert _get(server, "/list", **later)[0] == 200


def test_a_broken_mirror_answers_with_the_status_it_was_told(
    server: ThreadingHTTPServer, fault: Path
) -> None:
    fault.write_text('{"status": 503}')
    assert _get(server, "/list")[0] == 503


def test_a_slow_mirror_sends_everything_in_the_end(server: ThreadingHTTPServer, fault: Path) -> None:
    fault.write_text('{"bytes_per_second": 5000}')
    assert _get(server, "/list") == (200, b"x" * 1000)


def test_ssh_gets_an_open_connection_from_the_helper(server: ThreadingHTTPServer) -> None:
    ours, its = socket.socketpair()
    command = [sys.executable, "-I", "-S", str(connect.__file__), "127.0.0.1", str(server.server_port)]
    with ours, its:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=its.fileno(), check=True)
        _data, descriptors, _flags, _address = socket.recv_fds(ours, 1, 1)
    with socket.socket(fileno=descriptors[0]) as connection:
        connection.sendall(b"GET /list HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").read().endswith(b"x" * 1000)


def test_a_host_that_does_not_answer_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = str(unused.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(connect.__file__), "127.0.0.1", port],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"lab host 127.0.0.1 port {port}: ")
