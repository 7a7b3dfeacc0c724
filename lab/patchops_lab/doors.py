# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Further ways to the lab's repository: with a password, for clients with a certificate, and through a proxy.

Run as "python -m patchops_lab.doors ADDRESS DIRECTORY CERTIFICATES" in the lab's network. CERTIFICATES is a
directory that `make_certificates` has filled.
"""

import base64
import functools
import http.client
import ssl
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from patchops_lab.commands import run
from patchops_lab.patience import PATIENCE_SECONDS

USER, PASSWORD = "lab", "s3cret-of-the-mirror"
PROXY_USER, PROXY_PASSWORD = "proxylab", "s3cret-of-the-proxy"
PASSWORD_PORT, CERTIFICATE_PORT, PROXY_PORT = 8001, 8443, 3128


def _credentials(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


class _Files(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        # Times have whole seconds; a list that changed twice within one would count as unchanged.
        del self.headers["If-Modified-Since"]
        super().do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are not logged."""


class _WithPassword(_Files):
    def do_GET(self) -> None:
        if self.headers["Authorization"] == _credentials(USER, PASSWORD):
            super().do_GET()
            return
        self.send_response(HTTPStatus.UNAUTHORIZED)
        self.send_header("WWW-Authenticate", 'Basic realm="lab"')
        self.send_header("Content-Length", "0")
        self.end_headers()


class _Proxy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.headers["Proxy-Authorization"] != _credentials(PROXY_USER, PROXY_PASSWORD):
            self.send_response(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED)
            self.send_header("Proxy-Authenticate", 'Basic realm="lab"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        # Hosts know the repository by name; here it has none, and nothing else is asked for.
        target, address = urlsplit(self.path), str(self.connection.getsockname()[0])
        onwards = http.client.HTTPConnection(address, target.port or 80, timeout=PATIENCE_SECONDS)
        headers = {name: value for name, value in self.headers.items() if not name.startswith("Proxy-")}
        onwards.request("GET", target.path, headers={**headers, "Connection": "close"})
        answer = onwards.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name not in ("Connection", "Content-Length", "Date", "Server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are not logged."""


def make_certificates(directory: Path, server: str) -> None:
    """Make ca.pem, and server.pem and client.pem with their .key, for a server of this name."""
    directory.mkdir(parents=True, exist_ok=True)

    def file(name: str) -> str:
        return str(directory / name)

    def openssl(*words: str) -> None:
        run(["openssl", *words], doing="make the lab's certificates")

    new = ["-newkey", "rsa:2048", "-nodes"]
    authority = ["-keyout", file("ca.key"), "-out", file("ca.pem")]
    openssl("req", "-x509", *new, "-days", "2", "-subj", "/CN=lab CA", *authority)
    (directory / "names").write_text(f"subjectAltName=DNS:{server}\n", encoding="ascii")
    signed = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "2"]
    for name in ("server", "client"):
        request = ["-keyout", file(f"{name}.key"), "-out", file(f"{name}.csr")]
        openssl("req", *new, "-subj", f"/CN=lab {name}", *request)
        certificate = ["-extfile", file("names"), "-out", file(f"{name}.pem")]
        openssl("x509", "-req", "-in", file(f"{name}.csr"), *signed, *certificate)


def main() -> None:
    """Serve all three until ended."""
    address, directory, certificates = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    ThreadingHTTPServer.request_queue_size = 128
    behind_certificate = ThreadingHTTPServer(
        (address, CERTIFICATE_PORT), functools.partial(_Files, directory=directory)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    behind_certificate.socket = context.wrap_socket(behind_certificate.socket, server_side=True)
    behind_password = ThreadingHTTPServer(
        (address, PASSWORD_PORT), functools.partial(_WithPassword, directory=directory)
    )
    for server in (behind_certificate, behind_password):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ThreadingHTTPServer((address, PROXY_PORT), _Proxy).serve_forever()


if __name__ == "__main__":
    main()
