# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of a host owns a directory that root works in, and swaps names between root's check and its use."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils import untrusted_paths
from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text
from ansible_collections.patchops.fleet.plugins.module_utils.files import sha256_of, write_file
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import rebuild
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import pacnew
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import etc_files
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.etc_survey import (
    UNREADABLE,
    Entries,
    look,
)

NOBODY = 65534
_TRIES = 1500
# Exchanges two names for ever: there is no moment at which either of them is missing.
_SWAPPER = """
import ctypes, os, sys
libc, (one, other) = ctypes.CDLL(None), [os.fsencode(path) for path in sys.argv[1:]]
print("at work", flush=True)
while True:
    libc.renameat2(-100, one, -100, other, 2)
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


class Host:
    """A host's /etc with a directory `app` that a user owns, and a directory of root's that he is after."""

    def __init__(self, root: Path) -> None:
        self.root, self.etc, self.victim = root, root / "etc", root / "victim"
        self.app, self.archive = self.etc / "app", root / "kept.tar.gz"
        for path in (self.app / "conf.d", self.victim):
            path.mkdir(parents=True)
        (self.app / "conf.d" / "conf").write_text("former")
        (self.victim / "conf").write_text("root's own")
        (self.victim / "secret").write_text("secret")
        (self.victim / "secret").chmod(0o600)
        self.before: Entries = {}
        self.state = self._victim_now()

    def give_to_user(self) -> None:
        for path in [self.app, *self.app.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        self.state = self._victim_now()

    def keep(self) -> None:
        self.before = look(str(self.etc))
        etc_files.pack(str(self.etc), self.before, str(self.archive))

    def put_back(self, *paths: str) -> list[str]:
        contents = etc_files.unpack(
            str(self.archive), {self.before[path]["content"] for path in paths if path in self.before}
        )
        return etc_files.put_back(str(self.etc), list(paths), self.before, contents)

    def is_unharmed(self) -> bool:
        return self._victim_now() == self.state

    def _victim_now(self) -> dict[str, tuple[int, int, str]]:
        return {
            path.name: (path.lstat().st_mode, path.lstat().st_uid, path.read_text())
            for path in sorted(self.victim.iterdir())
        }


@pytest.fixture
def host() -> Iterator[Host]:
    root = Path(tempfile.mkdtemp(prefix="patchops-hostile-"))
    root.chmod(0o755)  # the user gets to his directory
    yield Host(root)
    shutil.rmtree(root)


@pytest.fixture
def swapping() -> Iterator[Callable[[Path, Path], None]]:
    """Start processes of the user that exchange two names for ever."""
    running: list[subprocess.Popen[bytes]] = []

    def start(one: Path, other: Path) -> None:
        user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        # The interpreter of the checkout may lie where the user can't read.
        interpreter = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
        process = subprocess.Popen(
            [interpreter, "-c", _SWAPPER, str(one), str(other)], stdout=subprocess.PIPE, **user
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"at work\n"

    yield start
    for process in running:
        process.kill()
        process.communicate()


def swap_once(monkeypatch: pytest.MonkeyPatch, call: str, name: str, swap: Callable[[], None]) -> None:
    """Have `swap` happen right after root's first call of ``os.<call>`` for a name."""
    real = getattr(os, call)
    done: list[str] = []

    def watched(*arguments: Any, **named: Any) -> Any:
        result = real(*arguments, **named)
        if not done and name in arguments:
            done.append(name)
            swap()
        return result

    monkeypatch.setattr(os, call, watched)


# With a user's process that swaps for ever


@as_root
def test_root_never_writes_through_a_directory_that_is_swapped_for_a_link(
    host: Host, swapping: Callable[[Path, Path], None]
) -> None:
    (host.app / "link").symlink_to(host.victim)
    host.give_to_user()
    host.keep()
    swapping(host.app / "conf.d", host.app / "link")
    for _try in range(_TRIES):
        host.put_back("app/conf.d/conf")
    assert host.is_unharmed()


@as_root
def test_root_never_removes_through_a_directory_that_is_swapped_for_a_link(
    host: Host, swapping: Callable[[Path, Path], None]
) -> None:
    (host.app / "link").symlink_to(host.victim)
    names = [f"new-{number}" for number in range(_TRIES)]
    for directory in (host.app / "conf.d", host.victim):
        for name in names:
            (directory / name).write_text("x")
    host.give_to_user()
    swapping(host.app / "conf.d", host.app / "link")
    for name in names:
        host.put_back(f"app/conf.d/{name}")
    assert host.is_unharmed()


@as_root
def test_root_never_gives_a_directory_of_its_own_away(
    host: Host, swapping: Callable[[Path, Path], None]
) -> None:
    host.give_to_user()
    host.keep()
    roots = host.app / "of-root"
    roots.mkdir(mode=0o700)
    (roots / "key").write_text("secret")
    (host.app / "conf.d").chmod(0o700)  # to be put back to 0755
    held = os.open(roots, os.O_RDONLY)
    try:
        swapping(host.app / "conf.d", roots)
        for _try in range(_TRIES):
            host.put_back("app/conf.d")
        found = os.fstat(held)
    finally:
        os.close(held)
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (0, 0o700)


@as_root
def test_a_secret_is_never_copied_and_no_fifo_is_waited_for(
    host: Host, swapping: Callable[[Path, Path], None]
) -> None:
    (host.app / "link").symlink_to(host.victim / "secret")
    os.mkfifo(host.app / "fifo")
    (host.app / "plain").write_text("plain")
    host.give_to_user()
    swapping(host.app / "conf.d" / "conf", host.app / "link")
    swapping(host.app / "plain", host.app / "fifo")
    secret = sha256_of(str(host.victim / "secret"))
    assert secret is not None
    for _try in range(_TRIES // 5):
        host.keep()
        assert all(entry.get("content") != secret for entry in host.before.values())
        assert etc_files.unpack(str(host.archive), {secret}) == {}


# One swap, exactly between a check and its use


def test_a_directory_that_is_swapped_when_root_has_looked_leads_nowhere_else(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.keep()

    def swap() -> None:
        (host.app / "conf.d").rename(host.app / "moved")
        (host.app / "conf.d").symlink_to(host.victim)

    swap_once(monkeypatch, "stat", "conf", swap)
    host.put_back("app/conf.d/conf")
    assert host.is_unharmed()


def test_a_link_that_is_planted_under_the_name_of_the_draft_is_not_written_through(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.keep()
    planted = host.app / "conf.d" / "conf.patchops-new"
    planted.write_text("")
    swap_once(monkeypatch, "unlink", planted.name, lambda: planted.symlink_to(host.victim / "secret"))
    assert host.put_back("app/conf.d/conf") == ["app/conf.d/conf"]
    assert host.is_unharmed()


@as_root
def test_a_file_that_takes_the_place_of_a_new_link_is_not_given_away(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    (host.app / "link").symlink_to("conf.d")
    host.give_to_user()
    host.keep()
    (host.app / "link").unlink()
    draft = host.app / "link.patchops-new"

    def swap() -> None:
        draft.unlink()
        os.link(host.victim / "secret", draft)

    swap_once(monkeypatch, "symlink", draft.name, swap)
    assert host.put_back("app/link") == ["app/link"]
    assert host.is_unharmed()


@as_root
def test_a_directory_of_roots_that_takes_the_place_of_a_new_one_is_not_given_away(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.give_to_user()
    host.keep()
    shutil.rmtree(host.app / "conf.d")
    roots = host.app / "of-root"
    roots.mkdir(mode=0o700)
    (roots / "key").write_text("secret")

    def swap() -> None:
        (host.app / "conf.d").rmdir()
        roots.rename(host.app / "conf.d")

    swap_once(monkeypatch, "mkdir", "conf.d", swap)
    assert host.put_back("app/conf.d") == ["app/conf.d"]
    assert (host.app / "conf.d").stat().st_uid == 0


def test_a_file_that_becomes_a_fifo_when_root_has_looked_is_not_waited_for(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = host.app / "conf.d" / "conf"

    def swap() -> None:
        conf.unlink()
        os.mkfifo(conf)

    swap_once(monkeypatch, "stat", "conf", swap)
    assert look(str(host.etc))["app/conf.d/conf"] == UNREADABLE


def test_a_file_that_becomes_a_link_to_a_secret_after_the_survey_is_not_copied(host: Host) -> None:
    before = look(str(host.etc))
    conf = host.app / "conf.d" / "conf"
    conf.unlink()
    conf.symlink_to(host.victim / "secret")
    etc_files.pack(str(host.etc), before, str(host.archive))
    secret = sha256_of(str(host.victim / "secret"))
    assert etc_files.unpack(str(host.archive), {str(secret), before["app/conf.d/conf"]["content"]}) == {}


# Everywhere else


@pytest.mark.parametrize("read", [sha256_of, untrusted_paths.open_file])
def test_a_fifo_in_the_place_of_a_file_is_an_error_at_once(host: Host, read: Callable[[str], Any]) -> None:
    os.mkfifo(host.root / "fifo")
    with pytest.raises(OSError, match="not a plain file"):
        read(str(host.root / "fifo"))


def test_a_fact_that_is_a_fifo_is_read_as_empty(host: Host) -> None:
    os.mkfifo(host.root / "fifo")
    assert read_text(str(host.root / "fifo")) == ""


def test_a_planted_draft_of_our_own_files_is_not_written_through(host: Host) -> None:
    (host.root / f"state.new-{os.getpid()}").symlink_to(host.victim / "secret")
    write_file(str(host.root / "state"), b"ours")
    assert ((host.root / "state").read_bytes(), host.is_unharmed()) == (b"ours", True)


def test_a_rebuilt_package_has_no_file_from_behind_a_link_that_a_user_made(host: Host) -> None:
    """What is copied into a package keeps its owner and its mode; a link of root's leads on (/bin)."""
    host.app.chmod(0o777)
    (host.app / "link").symlink_to(host.victim)
    (host.etc / "bin").symlink_to("app")
    tree = host.root / "tree"
    tree.mkdir()
    listed = [str(host.etc / "bin" / "conf.d" / "conf")]
    rebuild._copy_files([(path, path) for path in listed], str(tree))
    assert (tree / listed[0][1:]).read_text() == "former"
    for planted in ("secret", "conf"):
        path = str(host.app / "link" / planted)
        with pytest.raises(OSError, match=r"directory|symbolic links"):
            rebuild._copy_files([(path, path)], str(tree))


def test_a_rebuilt_package_has_the_link_that_a_user_put_in_the_place_of_a_file(host: Host) -> None:
    conf = host.app / "conf.d" / "conf"
    conf.unlink()
    conf.symlink_to(host.victim / "secret")
    tree = host.root / "tree"
    tree.mkdir()
    rebuild._copy_files([(str(conf), str(conf))], str(tree))
    assert os.readlink(f"{tree}{conf}") == str(host.victim / "secret")


def test_a_noted_pacnew_is_not_removed_through_a_link_that_a_user_made(host: Host) -> None:
    host.app.chmod(0o777)
    (host.victim / "conf.pacnew").write_text("root's")
    host.state = host._victim_now()
    (host.app / "conf.d").rename(host.app / "moved")
    (host.app / "conf.d").symlink_to(host.victim)
    log = host.root / "log"
    log.write_text(f"+ new beside an edited file: {host.app}/conf.d/conf.pacnew\n")
    pacnew.remove(str(log))
    assert host.is_unharmed()
