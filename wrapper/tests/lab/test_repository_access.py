# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories behind passwords, proxies and client certificates, and hosts that can't be written to."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from patchops_lab import doors, network
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab

MIRROR = network.MIRROR_NAME
SECRETS = (doors.PASSWORD, doors.PROXY_PASSWORD)
GOODAPP = {"state": "applied", "packages": ["lab-goodapp"]}
NAMES = ("bookworm", "rocky")
SOURCES = {"bookworm": "/etc/apt/sources.list", "rocky": "/etc/yum.repos.d/lab.repo"}
UNWRITABLE = {
    "bookworm": "bookworm-security/main: apt can't write to /var/lib/apt/lists, where it keeps",
    "rocky": "the security source is unreadable",
}
PASSWORDS = {
    "bookworm": {
        "/etc/apt/auth.conf.d/lab.conf": f"machine http://{MIRROR}:{doors.PASSWORD_PORT}/debian/ "
        f"login {doors.USER} password {doors.PASSWORD}\n",
        "/etc/apt/apt.conf.d/90lab": f'Acquire::http::Proxy "http://{doors.PROXY_USER}:{doors.PROXY_PASSWORD}'
        f'@{MIRROR}:{doors.PROXY_PORT}";\n',
    },
    "rocky": {
        "/etc/dnf/added": f"username={doors.USER}\npassword={doors.PASSWORD}\n"
        f"proxy=http://{MIRROR}:{doors.PROXY_PORT}\nproxy_username={doors.PROXY_USER}\n"
        f"proxy_password={doors.PROXY_PASSWORD}\n"
    },
}
CERTIFICATES = {
    "bookworm": {
        "/etc/apt/apt.conf.d/90lab": 'Acquire::https { CaInfo "/etc/lab/ca.pem"; '
        'SslCert "/etc/lab/client.pem"; SslKey "/etc/lab/client.key"; };\n'
    },
    "rocky": {
        "/etc/dnf/added": "sslcacert=/etc/lab/ca.pem\nsslclientcert=/etc/lab/client.pem\n"
        "sslclientkey=/etc/lab/client.key\n"
    },
}
# Reads the arguments of every process, over and over, until it is told to end.
LISTEN = "while [ ! -e /run/lab-enough ]; do cat /proc/[0-9]*/cmdline 2> /dev/null; sleep 0.05; done"


@pytest.fixture(scope="module")
def made_lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("bookworm", apps=("goodapp",)), HostSpec("rocky", "rocky9", apps=("goodapp",)))


@pytest.fixture
def lab(made_lab: Lab) -> Lab:
    renew(made_lab)
    return made_lab


@pytest.fixture(scope="module")
def certificates(made_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The lab's certificates, while the repository is served behind its further doors."""
    directory = tmp_path_factory.mktemp("certificates")
    doors.make_certificates(directory, MIRROR)
    arguments = [network.mirror_address(), str(made_lab.paths.repository), str(directory)]
    process = subprocess.Popen(made_lab.inside(sys.executable, "-m", "patchops_lab.doors", *arguments))
    yield directory
    process.terminate()
    process.wait()


def write(host: LabHost, files: dict[str, str]) -> None:
    for path, text in files.items():
        host.run("mkdir", "-p", str(Path(path).parent))
        host.run("tee", path, stdin=text)
        host.run("chmod", "0644", path)


def point_to(host: LabHost, base: str) -> None:
    """Have the host's sources lead to the mirror at `base`; rocky's get what was added to them."""
    host.run("sed", "-i", f"s#http://{MIRROR}/#{base}/#", SOURCES[host.name])
    host.run("sh", "-c", f"[ ! -e /etc/dnf/added ] || cat /etc/dnf/added >> {SOURCES[host.name]}")


def speak_german(host: LabHost) -> None:
    """Have every login on the host speak German from now on."""
    host.run("sh", "-c", "printf 'LC_ALL=C.UTF-8\\nLANGUAGE=de\\n' >> /etc/environment")
    assert "nicht möglich" in host.ssh("ls /missing 2>&1; true")


@contextmanager
def listening(host: LabHost, path: Path) -> Iterator[None]:
    """Keep the arguments of every process of the host in a file."""
    with path.open("wb") as file, subprocess.Popen(host.command("sh", "-c", LISTEN), stdout=file):
        try:
            yield
        finally:
            host.run("touch", "/run/lab-enough")


def everything_told(lab: Lab, host: LabHost, result: dict[str, Any]) -> str:
    """All that PatchOps said and kept about a host: results, documents, journals, logs, units."""
    told = json.dumps([result, run_module(lab, host.name, "host_info", {"refresh": True})])
    kept = host.run(
        "sh", "-c", "cat /var/lib/patchops/transactions/*/*.json* /var/lib/patchops/transactions/*/*.log"
    )
    document = host.run("zcat", "/var/lib/patchops/host.json.gz")
    return told + kept + document + host.run("journalctl", "--no-pager", "--output=cat")


def test_passwords_of_repositories_and_proxies_work_and_are_told_nowhere(
    lab: Lab, certificates: Path, tmp_path: Path
) -> None:
    for host in map(lab.host, NAMES):
        write(host, PASSWORDS[host.name])
        point_to(host, f"http://{MIRROR}:{doors.PASSWORD_PORT}")
        in_uri = f"s#http://{MIRROR}:[0-9]*/debian-security#http://{doors.USER}:{doors.PASSWORD}@&#"
        host.run("sed", "-i", f"{in_uri}; s#@http://#@#", SOURCES[host.name])
        with listening(host, tmp_path / host.name):
            result = run_module(lab, host.name, "transaction", GOODAPP)
        assert result["outcome"]["code"] == "applied", result["outcome"]
        told = everything_told(lab, host, result)
        arguments = (tmp_path / host.name).read_text(errors="replace")
        assert "patchops" in arguments
        assert [secret for secret in SECRETS if secret in told + arguments] == []


def test_a_repository_that_asks_for_a_password_we_do_not_have_is_unreadable_and_says_no_secret(
    lab: Lab, certificates: Path
) -> None:
    for host in map(lab.host, NAMES):
        wrong = {
            path: text.replace(doors.PASSWORD, "wr0ng-one") for path, text in PASSWORDS[host.name].items()
        }
        write(host, wrong)
        speak_german(host)
        point_to(host, f"http://{MIRROR}:{doors.PASSWORD_PORT}")
        result = run_module(lab, host.name, "transaction", GOODAPP)
        assert result["outcome"]["code"] == "repository_unreadable", result["outcome"]
        assert "wr0ng-one" not in json.dumps(result)
        assert doors.PROXY_PASSWORD not in json.dumps(result)


def test_a_client_certificate_opens_a_repository_whatever_language_the_host_speaks(
    lab: Lab, certificates: Path
) -> None:
    shown = {
        f"/etc/lab/{name}": (certificates / name).read_text()
        for name in ("ca.pem", "client.pem", "client.key")
    }
    for host in map(lab.host, NAMES):
        write(host, {**shown, **CERTIFICATES[host.name]})
        speak_german(host)
        point_to(host, f"https://{MIRROR}:{doors.CERTIFICATE_PORT}")
        result = run_module(lab, host.name, "transaction", GOODAPP)
        assert result["outcome"]["code"] == "applied", result["outcome"]


def test_what_can_not_be_written_is_refused_before_anything_is_fetched(lab: Lab) -> None:
    for host in map(lab.host, NAMES):
        before = host.packages()
        host.run("mount", "--bind", "/usr", "/usr")
        host.run("mount", "-o", "remount,bind,ro", "/usr")
        started = time.monotonic()
        result = run_module(lab, host.name, "transaction", GOODAPP)
        assert result["outcome"]["code"] == "read_only", result["outcome"]
        assert "/usr" in result["outcome"]["message"]
        assert time.monotonic() - started < 60
        assert host.packages() == before


def test_a_host_that_can_not_be_written_at_all_is_refused_and_never_called_clean(lab: Lab) -> None:
    for host in map(lab.host, NAMES):
        before = host.packages()
        host.run("journalctl", "--relinquish-var")  # it writes there, and keeps / from becoming read-only
        host.run("mount", "-o", "remount,bind,ro", "/")
        result = run_module(lab, host.name, "transaction", GOODAPP)
        assert result["outcome"]["code"] == "read_only", result["outcome"]
        assert "Read-only on this host: /, " in result["outcome"]["message"]
        scanned = run_module(lab, host.name, "host_info", {"refresh": True})
        assert UNWRITABLE[host.name] in scanned["outcome"]["message"]
        host.run("mount", "-o", "remount,bind,rw", "/")
        assert (host.packages(), host.try_run("ls", "/var/lib/patchops").returncode) == (before, 2)


def test_a_state_directory_that_executes_nothing_is_good_enough(lab: Lab) -> None:
    host = lab.host("rocky")
    for path in ("/var/lib/patchops", "/tmp", "/var/tmp"):
        host.run("mkdir", "-p", path)
        host.run("mount", "-t", "tmpfs", "-o", "noexec,nosuid,size=256m,mode=1777", "lab", path)
    result = run_module(lab, "rocky", "transaction", GOODAPP)
    assert result["outcome"]["code"] == "applied", result["outcome"]
