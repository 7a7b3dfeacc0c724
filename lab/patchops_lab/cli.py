# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands "patchops lab ..."."""

import os
import sys
from pathlib import Path

import click

from patchops_lab import control, faults, network, requirements, snapshots
from patchops_lab.distributions import DEBIAN_RELEASES, DISTRIBUTIONS
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab, take_down
from patchops_lab.lab_file import read_lab_file
from patchops_lab.spec import HostSpec, LabSpec
from patchops_lab.state import known_labs, read_record


class _LabGroup(click.Group):
    """Commands whose errors are told as a message and end with status 2."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LabError as error:
            click.echo(str(error), err=True)
        except OSError as error:
            if error.filename is None:
                raise
            remedy = (
                "; labs are root's, run the command with sudo" if isinstance(error, PermissionError) else ""
            )
            click.echo(f"Could not use {error.filename}: {error.strerror}{remedy}.", err=True)
        raise click.exceptions.Exit(2)


@click.group(cls=_LabGroup, context_settings={"help_option_names": ["-h", "--help"]})
def lab() -> None:
    """Real hosts on this machine, to try things on: Debian with systemd, ssh, reboots and pending updates."""


@lab.command()
@click.argument("name", required=False)
@click.option("-f", "--file", "lab_file", type=click.Path(path_type=Path), help="Lab file (YAML).")
@click.option("--hosts", "count", type=click.IntRange(1, 250), help="This many hosts, without a lab file.")
@click.option(
    "--release",
    type=click.Choice(list(DISTRIBUTIONS)),
    multiple=True,
    help="Their releases, in turn. [all of Debian]",
)
@click.option("--old-gone", is_flag=True, help="The mirror has dropped superseded versions, as real ones do.")
def up(
    name: str | None, lab_file: Path | None, count: int | None, release: tuple[str, ...], old_gone: bool
) -> None:
    """Make the lab NAME and wait until its hosts are up.

    Without a lab file: one host of each Debian release, or as many as --hosts says.
    """
    if lab_file is not None:
        if count or release:
            raise click.UsageError(
                "--hosts and --release make hosts without a lab file; the lab file names its own."
            )
        spec = read_lab_file(lab_file, name)
        spec = LabSpec(spec.name, spec.hosts, spec.old_gone or old_gone)
    else:
        releases = release or DEBIAN_RELEASES
        hosts = tuple(
            HostSpec(f"host{number + 1}", releases[number % len(releases)])
            for number in range(count or len(releases))
        )
        spec = LabSpec(name or "lab", hosts, old_gone)
    made = Lab.up(spec, lambda line: click.echo(line, err=True))
    click.echo(made.paths.inventory)


@lab.command()
@click.argument("name", default="lab")
def down(name: str) -> None:
    """Take the lab NAME down; nothing of it stays. Also cleans up after one that crashed."""
    take_down(name)


@lab.command("list")
def list_labs() -> None:
    """List the labs and their hosts."""
    for paths in known_labs():
        try:
            record = read_record(paths)
            states = control.ask(paths, "status")
        except LabError:
            click.echo(
                f"{paths.state.name}: down; 'patchops lab down {paths.state.name}' removes what is left"
            )
            continue
        click.echo(f"{record.spec.name}: inventory {paths.inventory}")
        for host in record.hosts:
            state = states[host.name]
            kept = snapshots.labels(Lab(paths, record).host(host.name))
            told = "up" if state.running else "down"
            with_snapshots = f"  snapshots: {', '.join(kept)}" if kept else ""
            click.echo(f"  {host.name:<16} {host.address:<12} {host.spec.release:<9} {told}{with_snapshots}")


@lab.command()
@click.argument("name")
@click.argument("host")
@click.argument("command", nargs=-1)
def ssh(name: str, host: str, command: tuple[str, ...]) -> None:
    """Log in to HOST of the lab NAME, or run COMMAND there."""
    words = Lab.open(name).host(host).ssh_command(command)
    _become(words)


@lab.command()
@click.argument("name", default="lab")
@click.option("--path", is_flag=True, help="Print the path of the file and not its content.")
def inventory(name: str, path: bool) -> None:
    """Print the Ansible inventory of the lab NAME."""
    file = Lab.open(name).paths.inventory
    click.echo(file if path else file.read_text(encoding="utf-8"), nl=path)


@lab.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(name: str, command: tuple[str, ...]) -> None:
    """Run COMMAND in the network of the lab NAME, where its addresses can be reached directly."""
    opened = Lab.open(name)
    if not opened.paths.namespace.exists():
        raise LabError(f"The lab {name} has no network any more; 'patchops lab down {name}' cleans up.")
    _become([*network.inside(opened.paths), *command])


@lab.command()
@click.argument("name")
@click.argument("host")
@click.argument("label")
def snapshot(name: str, host: str, label: str) -> None:
    """Keep the disk of HOST as LABEL; the host is shut down for it and started again."""
    snapshots.take(Lab.open(name).host(host), label)


@lab.command()
@click.argument("name")
@click.argument("host")
@click.argument("label", required=False)
def restore(name: str, host: str, label: str | None) -> None:
    """Put HOST back to the snapshot LABEL; without one, to what it was when the lab was made."""
    chosen = Lab.open(name).host(host)
    if label is None:
        chosen.fresh()
    else:
        snapshots.restore(chosen, label)


@lab.command(epilog="\b\n" + faults.description())
@click.argument("name")
@click.argument("kind", type=click.Choice(sorted(faults.KINDS)), metavar="KIND")
@click.argument("target")
@click.option("--clear", is_flag=True, help="Put it right again.")
def fault(name: str, kind: str, target: str, clear: bool) -> None:
    """Break something in the lab NAME: KIND at TARGET (a host, a suite or a package)."""
    opened = Lab.open(name)
    (faults.clear if clear else faults.inject)(opened, kind, target)


@lab.command()
def doctor() -> None:
    """Say whether a lab can be made on this machine, and what is missing."""
    requirements.demand()
    click.echo("A lab can be made on this machine.")


def _become(command: list[str]) -> None:
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606
    except FileNotFoundError as error:
        raise LabError(f"The program {command[0]} is missing.") from error
