# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX runs them: transmitted to a worker that keeps nothing and may write nowhere else.

Each job has a new directory; what it knows of earlier ones is the artifact that AWX hands on, and the hosts.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import pytest

from patchops_lab.lab import Lab
from patchops_lab.plays import COLLECTIONS, kill_tree, wait_until
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("awx")]

RUNNER = str(Path(sys.executable).with_name("ansible-runner"))
AWX_ADDRESS = "https://AWX.example.org/"
# Root without these obeys the modes of files, as the user of an execution environment does.
PRIVILEGES = "-dac_override,-dac_read_search,-fowner"


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("first", groups=("canary",), apps=("goodapp",)),
        HostSpec("second", groups=("broad",), apps=("goodapp",)),
    )


@dataclass(frozen=True)
class Job:
    """What AWX keeps of a job: its status, its artifacts and what it printed."""

    status: str
    artifacts: dict[str, Any]
    output: str


class Awx:
    """Runs job templates on a lab; the worker's project and home are not its own to write."""

    def __init__(self, lab: Lab, directory: Path, sockets: Path) -> None:
        self.lab = lab
        self.sockets = sockets
        self.directory = directory
        self.image = directory / "image"
        shutil.copytree(COLLECTIONS / "ansible_collections", self.image / "collections/ansible_collections")
        (self.image / "home").mkdir()
        (self.image / "project").mkdir()
        for playbook in ("scan", "patch", "verify", "rollback", "reboot", "cleanup"):
            job = f"---\n- import_playbook: patchops.fleet.{playbook}\n"
            (self.image / "project" / f"{playbook}.yml").write_text(job, encoding="utf-8")
        shutil.copy(lab.paths.known_hosts, self.image / "known_hosts")
        for directory_of_image in (self.image, *(path for path in self.image.rglob("*") if path.is_dir())):
            directory_of_image.chmod(0o555)

    def job(self, name: str, playbook: str, extra_vars: dict[str, Any]) -> Job:
        """Launch a job from nothing but its template, the inventory and its extra variables."""
        kept = self.directory / name / "kept"
        with self._worker(name, playbook, extra_vars) as (command, stream):
            # Its status is the playbook's.
            worked = subprocess.run(command, stdin=stream, check=False, stdout=subprocess.PIPE).stdout
        subprocess.run([RUNNER, "process", str(kept)], input=worked, check=True, stdout=subprocess.DEVNULL)
        return _read(kept / "artifacts")

    def kill_job_when(
        self, reached: Callable[[], bool], name: str, playbook: str, extra_vars: dict[str, Any]
    ) -> None:
        """Launch a job, and end its container hard once `reached` is true."""
        with self._worker(name, playbook, extra_vars) as (command, stream):
            process = subprocess.Popen(command, stdin=stream, stdout=subprocess.DEVNULL)
            wait_until(lambda: reached() or process.poll() is not None)
            assert process.poll() is None, "the job ended before it could be killed"
            kill_tree(process.pid)
            process.wait()

    @contextmanager
    def _worker(
        self, name: str, playbook: str, extra_vars: dict[str, Any]
    ) -> Iterator[tuple[list[str], BinaryIO]]:
        """The command of a job's worker, and what is transmitted to it."""
        sent, work = (self.directory / name / part for part in ("sent", "work"))
        self._write_private_data(sent, extra_vars)
        work.mkdir()
        stream = self.directory / name / "stream"
        with stream.open("wb") as transmitted:
            subprocess.run(
                [
                    RUNNER,
                    "transmit",
                    str(sent),
                    "--playbook",
                    str(self.image / "project" / f"{playbook}.yml"),
                ],
                check=True,
                stdout=transmitted,
            )
        command = self.lab.inside(
            *("setpriv", f"--bounding-set={PRIVILEGES}", f"--inh-caps={PRIVILEGES}"),
            *("env", "-i", f"PATH={Path(RUNNER).parent}:/usr/bin:/bin", f"HOME={self.image / 'home'}"),
            f"ANSIBLE_COLLECTIONS_PATH={self.image / 'collections'}",
            f"AWX_HOST={AWX_ADDRESS}",
            # Ansible itself needs some place for sockets and temporary files, and AWX gives it one.
            *(f"ANSIBLE_HOME={work / 'ansible'}", f"ANSIBLE_SSH_CONTROL_PATH_DIR={self.sockets}"),
            *(RUNNER, "worker", "--private-data-dir", str(work)),
        )
        with stream.open("rb") as transmitted:
            yield command, transmitted

    def _write_private_data(self, sent: Path, extra_vars: dict[str, Any]) -> None:
        hosts: dict[str, Any] = {}
        for host in self.lab.hosts:
            for group in host.record.spec.groups:
                hosts.setdefault(group, {"hosts": {}})["hosts"][host.name] = {"ansible_host": host.address}
        variables = {
            "ansible_user": "admin",
            "ansible_become": True,
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={self.image / 'known_hosts'}",
        }
        files = {
            "inventory/hosts.json": json.dumps({"all": {"vars": variables, "children": hosts}}),
            "env/extravars": json.dumps(extra_vars),
            "env/ssh_key": self.lab.paths.ssh_key.read_text(encoding="ascii"),
        }
        for path, content in files.items():
            (sent / path).parent.mkdir(parents=True, exist_ok=True)
            (sent / path).write_text(content, encoding="utf-8")


@pytest.fixture
def awx(lab: Lab, tmp_path: Path) -> Iterator[Awx]:
    # The path of a socket may have 107 bytes, which a test's own directory leaves too few of.
    with TemporaryDirectory() as sockets:
        yield Awx(lab, tmp_path, Path(sockets))


def _read(artifacts: Path) -> Job:
    events = [json.loads(file.read_text()) for file in (artifacts / "job_events").glob("*.json")]
    stats = [event["event_data"] for event in events if event["event"] == "playbook_on_stats"]
    return Job(
        (artifacts / "status").read_text(encoding="utf-8"),
        stats[0].get("artifact_data", {}) if stats else {},
        (artifacts / "stdout").read_text(encoding="utf-8"),
    )


def test_scan_canary_promote_and_report_need_only_artifacts_and_hosts(lab: Lab, awx: Awx) -> None:
    first, second = lab.host("first"), lab.host("second")
    before = first.packages()

    scan = awx.job("scan", "scan", {"patchops_hosts": "all"})
    assert scan.status == "successful", scan.output
    assert scan.artifacts["patchops_run"]["report"]["totals"]["pending"] == 2
    assert first.packages() == second.packages() == before

    canary = awx.job(
        "canary",
        "patch",
        {**scan.artifacts, "patchops_hosts": "canary", "patchops_select": "security", "patchops_seal": True},
    )
    assert canary.status == "successful", canary.output
    assert ("lab-goodapp", "1.1", "all") in first.packages()
    assert second.packages() == before

    promote = awx.job("promote", "patch", {**canary.artifacts, "patchops_hosts": "broad"})
    assert promote.status == "successful", promote.output
    assert second.packages() == first.packages()

    report = awx.job("report", "verify", {**promote.artifacts, "patchops_hosts": "all"})
    assert report.status == "successful", report.output
    handed_on = report.artifacts["patchops_run"]
    assert handed_on["report"]["totals"]["patched_effective"] == 2
    assert handed_on["patch_set_id"] == canary.artifacts["patchops_run"]["patch_set_id"]


def test_nothing_is_written_outside_of_the_jobs_own_directory(awx: Awx) -> None:
    before = sorted(awx.image.rglob("*"))
    assert awx.job("scan", "scan", {"patchops_hosts": "all"}).status == "successful"
    assert sorted(awx.image.rglob("*")) == before


def test_a_job_that_was_killed_keeps_its_host_until_it_is_launched_again(lab: Lab, awx: Awx) -> None:
    renew(lab)
    patch = {"patchops_hosts": "canary", "patchops_packages": ["lab-goodapp"], "awx_inventory_id": 7}
    awx.kill_job_when(lambda: states(lab).count("applied") == 1, "killed", "patch", patch)

    for playbook, more in (("cleanup", {}), ("rollback", {}), ("reboot", {"patchops_reboot": "always"})):
        other = awx.job(f"other-{playbook}", playbook, {"patchops_hosts": "canary", **more})
        assert other.status == "failed", other.output
        assert other.artifacts["patchops_run"]["report"]["totals"]["refused"] == 1
        assert "(inventory https://awx.example.org/#/inventories/7)" in " ".join(other.output.split())

    again = awx.job("again", "patch", patch)
    assert again.status == "successful", again.output
    assert states(lab).count("applied") == 1
    assert awx.job("cleanup", "cleanup", {"patchops_hosts": "canary"}).status == "successful"
    assert states(lab)[-1] == "committed"


def states(lab: Lab) -> list[str]:
    """The states that the journals of the canary name, oldest first."""
    found = lab.host("first").try_run("sh", "-c", "cat /var/lib/patchops/transactions/*/journal.jsonl")
    entries = [json.loads(line) for line in found.stdout.splitlines() if line.endswith("}")]
    return [entry["state"] for entry in entries if entry["event"] == "state"]
