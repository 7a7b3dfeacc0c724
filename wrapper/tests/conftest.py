# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test can use: the tree, its tools, the collection as users get it, other ansible-cores."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Tool = Callable[..., str]

COLLECTION = Path("ansible_collections/patchops/fleet")
CORE_NEEDS_PYTHON = {
    "2.16": ("3.11", "3.12"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.21": ("3.12", "3.13", "3.14"),
}


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where what is dear to make outlives a run: outside of the checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "patchops"


@pytest.fixture(scope="session")
def tool() -> Tool:
    """Run a command of this Python environment and return its output; a failure shows all that it printed.

    `bin` names the `bin` directory of another environment to run it from.
    """

    def run(*argv: str | Path, cwd: Path, env: dict[str, str] | None = None, bin: Path | None = None) -> str:
        search_path = os.pathsep.join([str(bin or Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, "PATH": search_path, "NO_COLOR": "1", **(env or {})}
        done = subprocess.run(
            [shutil.which(argv[0], path=search_path) or argv[0], *argv[1:]],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            command = " ".join(map(str, argv))
            printed = done.stdout + done.stderr
            pytest.fail(f"{command} (in {cwd}) ended with {done.returncode}:\n{printed}", pytrace=False)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def working_copy(repository: Path, tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a git repository of its own that holds the tree as it is now, uncommitted files included."""
    copy = tmp_path_factory.mktemp("working-copy") / "patchops"
    listed = tool("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=repository)
    for name in filter(None, listed.split("\0")):
        source, target = repository / name, copy / name
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    tool("git", "init", "--quiet", "--initial-branch=main", cwd=copy)
    tool("git", "add", "--all", cwd=copy)
    author = ["-c", "user.name=PatchOps tests", "-c", "user.email=tests@localhost"]
    tool("git", *author, "commit", "--quiet", "--no-gpg-sign", "--message=The tree under test", cwd=copy)
    return copy


@pytest.fixture(scope="session")
def artifact(working_copy: Path, tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the collection's release artifact, built from the inner path as releases are."""
    output = tmp_path_factory.mktemp("artifact")
    source = working_copy / "collections" / COLLECTION
    tool("ansible-galaxy", "collection", "build", "--output-path", output, cwd=source)
    (built,) = output.glob("patchops-fleet-*.tar.gz")
    return built


@pytest.fixture(scope="session")
def built_collection(artifact: Path, working_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an unpacked artifact with the tests beside it, at .../ansible_collections/patchops/fleet."""
    unpacked = tmp_path_factory.mktemp("built") / COLLECTION
    unpacked.mkdir(parents=True)
    shutil.unpack_archive(artifact, unpacked, filter="data")
    source = working_copy / "collections" / COLLECTION
    shutil.copytree(source / "tests", unpacked / "tests", symlinks=True, dirs_exist_ok=True)
    return unpacked


@pytest.fixture(scope="session")
def ansible_core(cache: Path, tool: Tool) -> Callable[[str], Path]:
    """Return a function from a version of ansible-core, say "2.16", to the `bin` directory that holds it.

    The environments are cached. The test is skipped where no Python fits that version.
    """

    def provide(version: str) -> Path:
        python = _find_python(CORE_NEEDS_PYTHON[version])
        if python is None:
            pytest.skip(f"ansible-core {version} needs one of Python {', '.join(CORE_NEEDS_PYTHON[version])}")
        environment = cache / "venvs" / f"ansible-core-{version}-{python.name}"
        environment.parent.mkdir(parents=True, exist_ok=True)
        with environment.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (environment / "complete").exists():
                tool(python, "-m", "venv", "--clear", environment, cwd=cache)
                pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
                tool(*pip, f"ansible-core=={version}.*", "ansible-runner>=2.4", cwd=cache)
                (environment / "complete").touch()
        return environment / "bin"

    return provide


def _find_python(versions: tuple[str, ...]) -> Path | None:
    """Return an interpreter that runs: on PATH, else among pyenv's, whose shims can be there without it."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in versions:
        installed = [f"python{version}", *sorted(map(str, pyenv.glob(f"{version}.*/bin/python{version}")))]
        for path in filter(None, map(shutil.which, installed)):
            if subprocess.run([path, "-c", "import venv"], capture_output=True, check=False).returncode == 0:
                return Path(path)
    return None


@pytest.fixture(scope="session")
def python36() -> Path:
    """A Python 3.6 of this machine; skips where there is none."""
    in_pyenv = sorted((Path.home() / ".pyenv/versions").glob("3.6.*/bin/python3.6"))
    python = shutil.which(str(in_pyenv[0]) if in_pyenv else "python3.6")
    if python is None:
        pytest.skip("no Python 3.6 on this machine: the host side was parsed as 3.6, and not run under it")
    return Path(python)
