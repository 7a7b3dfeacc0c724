# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database of each kind: a SQLite file, and a schema on a PostgreSQL server that the tests start."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import Engine

from patchops.store.database import open_database

Where = Path | str
_SCHEMAS = count(1)


def _server_programs() -> Path | None:
    """Debian keeps the server's programs off PATH, in a folder for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    return found[-1].parent if found else None


def _as_server_user() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return [
        shutil.which("setpriv") or "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
    ]


@pytest.fixture(scope="session")
def postgresql_socket() -> Iterator[Path]:
    """The folder with the socket of a PostgreSQL server, which listens nowhere else."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    root = Path(tempfile.mkdtemp(prefix="patchops-postgresql-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(root, "postgres", "postgres")
    data = root / "data"
    initdb: list[str | Path] = [
        programs / "initdb",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-sync",
    ]
    subprocess.run([*_as_server_user(), *initdb, "-D", data], check=True, capture_output=True, cwd=root)
    settings = ["listen_addresses=", f"unix_socket_directories={root}", "fsync=off", "log_destination=stderr"]
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                *_as_server_user(),
                programs / "postgres",
                "-D",
                data,
                *(word for setting in settings for word in ("-c", setting)),
            ],
            stdout=log,
            stderr=log,
            cwd=root,
        )
    try:
        _wait_for(root, server)
        yield root
    finally:
        server.terminate()
        server.wait(timeout=120)
        shutil.rmtree(root, ignore_errors=True)


def _wait_for(root: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(host=str(root), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            assert server.poll() is None, (root / "log").read_text()
            assert time.monotonic() < deadline, (root / "log").read_text()
            time.sleep(0.1)
        else:
            return


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """Where an empty database can be opened: a file, or an address on a server."""
    if request.param == "sqlite":
        return tmp_path / "db"
    socket: Path = request.getfixturevalue("postgresql_socket")
    schema = f"test_{next(_SCHEMAS)}"
    with psycopg.connect(host=str(socket), user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    search_path = quote(f"-csearch_path={schema}", safe="")
    return f"postgresql://postgres@/postgres?host={quote(str(socket), safe='')}&options={search_path}"


@pytest.fixture
def engine(where: Where) -> Iterator[Engine]:
    engine = open_database(where)
    yield engine
    engine.dispose()
