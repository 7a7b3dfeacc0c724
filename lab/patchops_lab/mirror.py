# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's package mirror: an HTTP server on the bridge, which can be told to be slow, to stall or to fail.

Run as "python -m patchops_lab.mirror ADDRESS DIRECTORY FAULT_FILE" by the supervisor.
"""

import functools
import json
import sys
import time
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

PORT = 80


class _Handler(SimpleHTTPRequestHandler):
    # apt keeps one connection for all its requests.
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any, fault_file: Path, **options: Any) -> None:
        self._fault_file = fault_file
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        # Times have whole seconds; a list that changed twice within one would count as unchanged.
        del self.headers["If-Modified-Since"]
        status = self._fault().get("status")
        if status is not None:
            self.send_error(HTTPStatus(status))
            return
        super().do_GET()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        rate = self._fault().get("bytes_per_second")
        if rate is None:
            super().copyfile(source, outputfile)
        else:
            _copy_slowly(source, outputfile, int(rate))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are not logged: hundreds for each update of a host."""

    def _fault(self) -> dict[str, Any]:
        try:
            fault: dict[str, Any] = json.loads(self._fault_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return fault


def _copy_slowly(source: BinaryIO, target: BinaryIO, bytes_per_second: int) -> None:
    piece = max(1, bytes_per_second // 10)
    while data := source.read(piece):
        target.write(data)
        time.sleep(0.1)


def main() -> None:
    """Serve until ended."""
    address, directory, fault_file = sys.argv[1:]
    handler = functools.partial(_Handler, directory=directory, fault_file=Path(fault_file))
    ThreadingHTTPServer.request_queue_size = 128
    with ThreadingHTTPServer((address, PORT), handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
