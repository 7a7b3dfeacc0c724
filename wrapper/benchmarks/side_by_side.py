# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchOps beside plain Ansible, on the same lab hosts in one run.

    python -m benchmarks.side_by_side [--quick] [--json]

Prints figures and no verdict. A contender that did not do its work is an error and not a figure.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.contenders import RATIOS, Contender, looking, patching
from benchmarks.figures import Result, Sample, ratio, rows, table
from benchmarks.measure import CommandFailed, measure
from patchops.lab.errors import LabError
from patchops.lab.lab import Lab
from patchops.lab.plays import COLLECTIONS
from patchops.lab.spec import HostSpec, LabSpec

_MARKER = "/run/reboot-required"
# A host that goes down while a question is on its way never answers. PatchOps has ssh notice; without these
# Ansible's own reboot was seen to wait for ever.
_KEEP_ALIVE = ("Host *", "  ServerAliveInterval 15", "  ServerAliveCountMax 4")


class WorkNotDone(Exception):
    """A contender ended well, but its hosts are not as they have to be after it."""


class Course:
    """The hosts and the conditions, the same for all contenders."""

    def __init__(self, lab: Lab, directory: Path, forks: int) -> None:
        self._lab = lab
        self._directory = directory
        self._patched: dict[str, set[tuple[str, str, str]]] = {}
        settings: dict[str, dict[str, object]] = {
            "defaults": {"forks": forks, "collections_path": COLLECTIONS, "nocolor": True},
            "ssh_connection": {"pipelining": True},
        }
        (directory / "ansible.cfg").write_text(_ini(settings), encoding="utf-8")
        # From within the lab's network ssh needs no helper to get there, whose time would be counted too.
        config = lab.paths.ssh_config.read_text(encoding="utf-8").splitlines()
        direct = [line for line in config if not line.lstrip().startswith("Proxy")]
        (directory / "ssh_config").write_text("\n".join([*direct, *_KEEP_ALIVE]), encoding="utf-8")

    def run(self, contender: Contender) -> Sample:
        """Let a contender run and return what it took.

        :raises CommandFailed: it failed
        :raises WorkNotDone: it left hosts unpatched, or not rebooted, or with other packages than another one
        """
        if contender.fresh:
            self._renew()
        starts = self._starts()
        program, *arguments = contender.words
        there = ["-i", str(self._lab.paths.inventory), "-e", self._connection()]
        sample = measure(
            self._lab.inside(str(Path(sys.executable).with_name(program)), *arguments, *there),
            self._directory,
            {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        )
        if contender.patches:
            self._check(contender.label, starts)
        return sample

    def _connection(self) -> str:
        return json.dumps({"ansible_ssh_common_args": f"-F {self._directory / 'ssh_config'}"})

    def _renew(self) -> None:
        self._lab.fresh()
        for host in self._lab.hosts:
            # What is still starting would take the time of whoever runs first.
            host.try_run("systemctl", "is-system-running", "--wait")
            host.run("touch", _MARKER)

    def _starts(self) -> dict[str, int]:
        return {host.name: host.state().starts for host in self._lab.hosts}

    def _check(self, label: str, starts: Mapping[str, int]) -> None:
        for host in self._lab.hosts:
            if host.state().starts == starts[host.name]:
                raise WorkNotDone(f"{host.name} was not rebooted by: {label}.")
            packages = host.packages()
            expected = self._patched.setdefault(host.name, packages)
            if packages != expected:
                differing = ", ".join(sorted(" ".join(package) for package in packages ^ expected))
                raise WorkNotDone(
                    f"{host.name} has other packages after {label!r} than after the one before: {differing}."
                )


@click.command()
@click.option("--hosts", default=10, show_default=True, help="How many hosts (Debian 12).")
@click.option("--runs", default=5, show_default=True, help="How often each contender runs.")
@click.option("--forks", default=10, show_default=True, help="Ansible's forks, for all contenders.")
@click.option("--quick", is_flag=True, help="Two hosts and one run: shows that it works, not how fast.")
@click.option("--lab", "name", default="bench", show_default=True, help="The name of the lab that is made.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(hosts: int, runs: int, forks: int, quick: bool, name: str, as_json: bool) -> None:
    """Measure PatchOps beside plain Ansible on lab hosts made for it."""
    if quick:
        hosts, runs = 2, 1
    try:
        with _lab(name, hosts) as lab, tempfile.TemporaryDirectory() as directory:
            result = compare(lab, Path(directory), runs, forks)
    except (LabError, CommandFailed, WorkNotDone) as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(result.document(), indent=2) if as_json else f"\n{table(result)}")


def compare(lab: Lab, directory: Path, runs: int, forks: int) -> Result:
    """Run all contenders in turn, `runs` times, and return what came of it; their files go to `directory`."""
    before = os.getloadavg()[0]
    course = Course(lab, directory, forks)
    looks, patches = looking(directory / "documents"), patching(directory / "documents")
    _say("warming up (not counted)")
    for contender in looks:
        course.run(contender)
    samples: dict[str, list[Sample]] = {contender.label: [] for contender in (*looks, *patches)}
    for contenders in (looks, patches):
        for number in range(1, runs + 1):
            for contender in contenders:
                sample = course.run(contender)
                samples[contender.label].append(sample)
                _say(
                    f"run {number} of {runs}: {contender.label}: {sample.wall:.1f} s, CPU {sample.cpu:.1f} s"
                )
    return Result(
        hosts=len(lab.hosts),
        runs=runs,
        forks=forks,
        load=(before, os.getloadavg()[0]),
        rows=rows(samples, len(lab.hosts)),
        ratios=tuple(ratio(samples, first, second) for first, second in RATIOS),
    )


@contextmanager
def _lab(name: str, hosts: int) -> Iterator[Lab]:
    # With Python's bindings to apt: Ansible's apt module would install them first.
    wanted = tuple(HostSpec(f"host{number}", python_apt=True) for number in range(1, hosts + 1))
    lab = Lab.up(LabSpec(name, wanted), _say)
    try:
        yield lab
    finally:
        lab.down()


def _ini(settings: Mapping[str, Mapping[str, object]]) -> str:
    lines = []
    for section, values in settings.items():
        lines += [f"[{section}]", *(f"{name} = {value}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
