# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the hosts the doctor's questions, with ansible-runner as every run does."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore
from patchops.doctor.findings import Finding
from patchops.doctor.hosts import Answer, HostAnswers, diagnose
from patchops.errors import PatchOpsError
from patchops.paths import DataDirectory
from patchops.runner import process
from patchops.runner.inventory import Unlocked, absolute_sources, resolve_hosts
from patchops.runner.process import AttemptFiles, Launch
from patchops.runner.secrets import Secret
from patchops.runs.ansible_options import PassedThrough
from patchops.text import plain

_KINDS = {"runner_on_ok": "ok", "runner_on_failed": "failed", "runner_on_unreachable": "unreachable"}


@dataclass(frozen=True)
class Access:
    """How hosts are reached; as in a run's request."""

    secrets: Sequence[Secret]
    vault_options: Sequence[str]
    connection_options: Sequence[str]
    passed_through: PassedThrough


def examine_hosts(
    inventories: Sequence[str],
    pattern: str,
    access: Access,
    data: DataDirectory,
    environment: Mapping[str, str],
) -> list[Finding]:
    """The findings on every host that matches. Nothing is kept, on the hosts or here."""
    sources = absolute_sources(inventories)
    data.make()
    vault = [secret for secret in access.secrets if secret.option == "--vault-password-file"]
    options = [*access.vault_options, *access.passed_through.vault_options]
    hosts = resolve_hosts(sources, pattern, environment, Unlocked(vault, options, data.root))
    folder = Path(tempfile.mkdtemp(prefix="doctor-", dir=data.root))
    try:
        answers = _ask(hosts, _launch(sources, access, environment, folder, pattern), AttemptFiles(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [finding for host in hosts for finding in diagnose(host, answers[host])]


def _launch(
    sources: Sequence[str], access: Access, environment: Mapping[str, str], folder: Path, pattern: str
) -> Launch:
    files = AttemptFiles(folder)
    store = {"kind": "directory", "path": str(_documents(folder))}
    variables = {"patchops_hosts": pattern, "patchops_run_id": folder.name, "patchops_document_store": store}
    files.variables.touch(mode=0o600)
    files.variables.write_text(json.dumps(variables), encoding="utf-8")
    return Launch(
        playbook=str(Path(__file__).parent / "probe.yml"),
        inventories=sources,
        options=[
            "-e",
            f"@{files.variables}",
            *access.vault_options,
            *access.connection_options,
            *access.passed_through.options,
        ],
        environment=environment,
        working_directory=Path.cwd(),
        secrets=access.secrets,
    )


def _ask(hosts: Sequence[str], launch: Launch, files: AttemptFiles) -> dict[str, HostAnswers]:
    answers = {host: HostAnswers() for host in hosts}

    def note(event: Mapping[str, object]) -> None:
        data = event.get("event_data")
        kind = _KINDS.get(str(event.get("event")))
        if kind is None or not isinstance(data, Mapping) or data.get("host") not in answers:
            return
        result = data.get("res")
        answer = Answer(kind, result if isinstance(result, Mapping) else {})
        host = answers[str(data["host"])]
        host.probes[str(data.get("task")).lower()] = answer

    ended = process.run(launch, files, note, lambda: False)
    if not any(host.probes for host in answers.values()):
        printed = files.log.read_text(encoding="utf-8", errors="replace") if files.log.exists() else ""
        raise PatchOpsError(
            f"Ansible asked no host (it ended with {ended.returncode}): {plain(printed[-500:])}",
            "Correct what it says and run the doctor again.",
        )
    # From where the probe keeps them: what a host says of a path is opened nowhere.
    for path in DirectoryStore(_documents(files.root)).host_documents():
        document = json.loads(path.read_bytes())
        if document["host"] in answers:
            answers[document["host"]].document = document
    return answers


def _documents(folder: Path) -> Path:
    return folder / "documents"
