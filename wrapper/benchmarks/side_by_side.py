# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchOps beside plain Ansible, on the same lab hosts in one run.

    python -m benchmarks.side_by_side [--quick] [--part apt] [--json]

Prints figures and no verdict. A contender that did not do its work is an error and not a figure.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.contenders import Contender
from benchmarks.figures import Result, Sample, document, ratio, rows, table
from benchmarks.measure import CommandFailed, measure
from benchmarks.parts import NAMES, Part, Size, parts
from benchmarks.traffic import SshTraffic
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab
from patchops_lab.plays import COLLECTIONS
from patchops_lab.spec import LabSpec

_MARKER = "/run/reboot-required"
# A host that goes down while a question is on its way never answers. PatchOps has ssh notice; without these
# Ansible's own reboot was seen to wait for ever.
_KEEP_ALIVE = ("Host *", "  ServerAliveInterval 15", "  ServerAliveCountMax 4")


class WorkNotDone(Exception):
    """A contender ended well, but its hosts are not as they have to be after it."""


class Course:
    """The hosts and the conditions, the same for all contenders."""

    def __init__(self, lab: Lab, directory: Path, part: Part) -> None:
        self._lab = lab
        self._directory = directory
        self._part = part
        self._traffic = SshTraffic(lab)
        self._patched: dict[str, set[tuple[str, str, str]]] = {}
        settings: dict[str, dict[str, object]] = {
            "defaults": {"forks": part.size.forks, "collections_path": COLLECTIONS, "nocolor": True},
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
        starts, sent = self._starts(), self._traffic.total()
        program, *arguments = contender.words
        there = ["-i", str(self._lab.paths.inventory), "-e", self._connection()]
        sample = measure(
            self._lab.inside(str(Path(sys.executable).with_name(program)), *arguments, *there),
            self._directory,
            {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        )
        if contender.patches:
            self._check(contender, starts)
        return replace(sample, bytes=self._traffic.total() - sent)

    def _connection(self) -> str:
        return json.dumps({"ansible_ssh_common_args": f"-F {self._directory / 'ssh_config'}"})

    def _renew(self) -> None:
        self._lab.fresh()
        for host in self._lab.hosts:
            # What is still starting would take the time of whoever runs first.
            host.try_run("systemctl", "is-system-running", "--wait")
            host.run("sh", "-c", f"echo {self._part.size.seconds} > /etc/lab-slowapp.seconds")
            if self._part.marked:
                host.run("touch", _MARKER)

    def _starts(self) -> dict[str, int]:
        return {host.name: host.state().starts for host in self._lab.hosts}

    def _check(self, contender: Contender, starts: Mapping[str, int]) -> None:
        for host in self._lab.hosts:
            if (host.state().starts != starts[host.name]) != contender.reboots:
                wrong = "was not rebooted" if contender.reboots else "was rebooted"
                raise WorkNotDone(f"{host.name} {wrong} by: {contender.label}.")
            packages = host.packages()
            expected = self._patched.setdefault(host.name, packages)
            if packages != expected:
                differing = ", ".join(sorted(" ".join(package) for package in packages ^ expected))
                raise WorkNotDone(
                    f"{host.name} has other packages after {contender.label!r} than after the one before: "
                    f"{differing}."
                )


@click.command()
@click.option("--part", "names", type=click.Choice(NAMES), multiple=True, default=NAMES, help="Which tables.")
@click.option("--hosts", default=8, show_default=True, help="How many hosts.")
@click.option("--runs", default=5, show_default=True, help="How often each contender runs.")
@click.option("--forks", default=10, show_default=True, help="Ansible's forks, for all contenders.")
@click.option("--many", default=50, show_default=True, help="How many hosts for a few forks.")
@click.option("--seconds", default=15, show_default=True, help="How long the slow package takes.")
@click.option("--quick", is_flag=True, help="Two hosts and one run: shows that it works, not how fast.")
@click.option("--lab", "name", default="bench", show_default=True, help="The name of the lab that is made.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(
    names: tuple[str, ...],
    hosts: int,
    runs: int,
    forks: int,
    many: int,
    seconds: int,
    quick: bool,
    name: str,
    as_json: bool,
) -> None:
    """Measure PatchOps beside plain Ansible on lab hosts made for it."""
    size = Size(hosts, many, runs, forks, seconds)
    if quick:
        size = Size(hosts=2, many=4, runs=1, forks=2, seconds=5)
    results = []
    try:
        with tempfile.TemporaryDirectory() as directory:
            for part in parts(names, size, Path(directory) / "documents"):
                _say(f"--- {part.title}")
                with _lab(name, part) as lab:
                    results.append(compare(lab, part, Path(directory)))
    except (LabError, CommandFailed, WorkNotDone) as error:
        raise click.ClickException(str(error)) from error
    tables = "\n\n".join(table(result) for result in results)
    click.echo(json.dumps(document(results), indent=2) if as_json else f"\n{tables}")


def compare(lab: Lab, part: Part, directory: Path) -> Result:
    """Run the contenders of a part in turn and return what came of it; their files go to `directory`."""
    before = os.getloadavg()[0]
    course = Course(lab, directory, part)
    samples: dict[str, list[Sample]] = {one.label: [] for contenders in part.rounds for one in contenders}
    for contenders in part.rounds:
        _warm_up(course, contenders)
        for number in range(1, part.size.runs + 1):
            for contender in contenders:
                sample = course.run(contender)
                samples[contender.label].append(sample)
                took = f"{sample.wall:.1f} s, CPU {sample.cpu:.1f} s"
                _say(f"run {number} of {part.size.runs}: {contender.label}: {took}")
    return Result(
        title=part.title,
        hosts=part.size.hosts,
        runs=part.size.runs,
        forks=part.size.forks,
        load=(before, os.getloadavg()[0]),
        rows=rows(samples, part.size.hosts),
        ratios=tuple(ratio(samples, first, second) for first, second in part.ratios),
    )


def _warm_up(course: Course, contenders: Sequence[Contender]) -> None:
    """Have what changes nothing run once without counting: it fills the caches of controller and hosts."""
    for contender in contenders:
        if not (contender.fresh or contender.patches):
            course.run(contender)


@contextmanager
def _lab(name: str, part: Part) -> Iterator[Lab]:
    lab = Lab.up(LabSpec(name, part.specs), _say)
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
