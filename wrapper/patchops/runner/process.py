# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One `ansible-playbook` under ansible-runner, from start to the last of its processes."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_runner.config.runner import RunnerConfig
from ansible_runner.runner import Runner

from patchops.runner import fence
from patchops.runner.environment import executable
from patchops.runner.secrets import Secret, handed_over
from patchops.text import plain

# Set by ansible-runner for its own callback plugin; everything else in its environment is the shell's.
_RUNNER_SETTINGS = (
    "ANSIBLE_CALLBACK_PLUGINS",
    "ANSIBLE_STDOUT_CALLBACK",
    "ANSIBLE_RETRY_FILES_ENABLED",
    "AWX_ISOLATED_DATA_DIR",
    "RUNNER_OMIT_EVENTS",
    "RUNNER_ONLY_FAILED_EVENTS",
)
_GRACE_SECONDS = 20.0
# Long enough for a result that is printed as JSON on one line.
_LONGEST_LINE = 1_000_000


@dataclass(frozen=True)
class AttemptFiles:
    """The folder of one attempt: ansible-runner's private data directory, fresh each time."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def worker_lock(self) -> Path:
        """Held by the `patchops` process of the attempt as long as it lives."""
        return self.root / "worker.lock"

    @property
    def drain(self) -> Path:
        return self.root / "drain"

    @property
    def variables(self) -> Path:
        return self.root / "variables.json"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def log(self) -> Path:
        """What ansible-playbook printed."""
        return self.artifacts / "ansible" / "stdout"


@dataclass(frozen=True)
class Launch:
    """What to start: a playbook's name, where, and how."""

    playbook: str
    inventories: Sequence[str]
    options: Sequence[str]
    environment: Mapping[str, str]
    working_directory: Path
    secrets: Sequence[Secret]


@dataclass
class Ended:
    """How the process ended.

    `returncode` is ansible-playbook's, None when a signal killed it; `gone` says whether no process of the
    attempt is left; `handler_errors` are defects of our event handler.
    """

    returncode: int | None
    gone: bool = False
    handler_errors: list[str] = field(default_factory=list)


def end(files: AttemptFiles) -> bool:
    """End the playbook of this attempt and all of its workers; whether all are gone."""
    return fence.terminate(files.lock, _GRACE_SECONDS)


def run(
    launch: Launch,
    files: AttemptFiles,
    on_event: Callable[[Mapping[str, object]], None],
    poll: Callable[[], bool],
) -> Ended:
    """Run the playbook and return when no process of it is left.

    `on_event` gets every raw event; what it raises is kept, not spread. `poll` is called about twice a
    second.
    """
    ended = Ended(returncode=None)

    def handle(event: Mapping[str, object]) -> bool:
        try:
            on_event(event)
        except Exception as error:  # an exception here would end the run in the middle
            ended.handler_errors.append(f"{type(error).__name__}: {error}")
        return False

    with handed_over(launch.secrets, files.root) as secret_options:
        runner = Runner(
            _configure(launch, files, secret_options),
            event_handler=handle,
            cancel_callback=poll,
            status_handler=_forget_environment,
        )
        try:
            runner.run()
        finally:
            ended.gone = end(files)
            make_plain(files.log)
    ended.returncode = runner.rc
    return ended


def make_plain(log: Path) -> None:
    """Rewrite what ansible-playbook printed with control characters visible: it carries words of hosts.

    Modules of others, connection plugins and hooks print what a host said, and somebody will show the file on
    a terminal. A log that can't be rewritten stays as it is.
    """
    draft = log.with_suffix(".plain")
    try:
        with (
            log.open(encoding="utf-8", errors="surrogateescape", newline="\n") as raw,
            os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as safe,
        ):
            for line in raw:
                safe.write(plain(line.rstrip("\r\n"), _LONGEST_LINE) + "\n")
        os.replace(draft, log)
    except OSError:
        draft.unlink(missing_ok=True)


def _configure(launch: Launch, files: AttemptFiles, secret_options: Sequence[str]) -> RunnerConfig:
    """ansible-runner's configuration with the environment, the fence and the poll interval set by us.

    It would seed the environment with the whole shell's, and it drops given settings when there is no
    settings file.
    """
    config = RunnerConfig(
        private_data_dir=str(files.root),
        playbook=launch.playbook,
        inventory=list(launch.inventories),
        cmdline=shlex.join([*launch.options, *secret_options]),
        ident="ansible",
        fact_cache_type="memory",
        suppress_env_files=True,
        quiet=True,
    )
    config.prepare()
    config.env = {
        **{name: config.env[name] for name in _RUNNER_SETTINGS if name in config.env},
        **launch.environment,
    }
    config.cwd = str(launch.working_directory)
    config.pexpect_timeout = 0.5
    config.command = fence.fenced(files.lock, [executable("ansible-playbook"), *config.command[1:]])
    return config


def _forget_environment(status: Mapping[str, object], runner_config: RunnerConfig) -> None:
    """Keep only the names of the environment on disk.

    A proxy's value or a passed variable can hold a password.
    """
    if status.get("status") != "running":
        return
    path = Path(runner_config.artifact_dir) / "command"
    record = {"command": runner_config.command, "cwd": runner_config.cwd, "env": sorted(runner_config.env)}
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(record, indent=2), encoding="utf-8")
    os.replace(temporary, path)
