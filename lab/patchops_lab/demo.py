# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: six real hosts are scanned and patched ring by ring, and a bad update is taken back.

Everything is done by the command `patchops`, as a person would do it; what is claimed at the end is read from
the hosts' disks and not from PatchOps' own journal.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from patchops_lab import requirements
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab, take_down
from patchops_lab.spec import HostSpec, LabSpec
from patchops_lab.state import known_labs

NAME = "demo"
BROKEN = "shop3"
APP = "choosyapp"
SPEC = LabSpec(
    NAME,
    tuple(
        HostSpec(name, release, groups=(ring,), apps=(APP,))
        for name, release, ring in (
            ("shop1", "bullseye", "canary"),
            ("mail1", "bookworm", "canary"),
            ("data1", "trixie", "canary"),
            ("shop2", "bullseye", "broad"),
            (BROKEN, "bookworm", "broad"),
            ("data2", "trixie", "broad"),
        )
    ),
)
_DONE, _HOSTS_FAILED = 0, 4
# Six hosts on a machine that is busy with other things: sudo may take longer than Ansible's ten seconds.
_PATIENT = {"ANSIBLE_TIMEOUT": "120"}

Packages = set[tuple[str, str, str]]


class DemoFailed(Exception):
    """Something did not go as the demo says it does."""


@click.command()
@click.option("--keep", is_flag=True, help="Leave the lab up at the end.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where reports and history are kept.",
)
def main(keep: bool, data: Path) -> None:
    """Show PatchOps on six real hosts that are made on this machine."""
    os.environ["PATCHOPS_DATA"] = str(data.resolve())
    missing = requirements.missing()
    try:
        if missing:
            _without_hosts("; ".join(missing))
        else:
            _with_hosts(keep)
    except (DemoFailed, LabError) as error:
        click.secho(f"\nThe demo stopped: {error}", fg="red", err=True)
        sys.exit(1)


def _with_hosts(keep: bool) -> None:
    started = time.monotonic()
    with _lab(keep) as lab:
        inventory = str(lab.paths.inventory)
        broken = lab.host(BROKEN)
        # The setting that lab-choosyapp 1.1 no longer starts with; no canary has it.
        broken.run("touch", f"/etc/lab-{APP}.legacy")
        before = broken.packages()

        _heading("Scan: what is pending?")
        _patchops("scan", "-i", inventory, expected=_DONE)

        _heading(
            "Ring 1, canary: one host of each release gets the security updates; what it proves is sealed"
        )
        _patchops(
            "patch", "-i", inventory, "--limit", "canary", "--select", "security", "--seal", expected=_DONE
        )
        sealed = _newest_report()["patch_set"]["id"]
        click.echo(f"Sealed as {sealed}")

        _heading(
            "Ring 2, broad: exactly that patch set, in batches of 1 and 2, with a budget of one lost host"
        )
        _patchops(
            *("patch", "-i", inventory, "--limit", "broad", "--patch-set", sealed),
            *("--serial", "1,100%", "--budget", "1"),
            expected=_HOSTS_FAILED,
        )

        _heading("What became of it, read from the hosts' disks")
        stays = _check_broken(_newest_report(), before, broken.packages())
        for name in ("shop2", "data2"):
            if (f"lab-{APP}", "1.1", "all") not in lab.host(name).packages():
                raise DemoFailed(f"{name} did not get the patch set.")
        click.echo(
            f"{BROKEN}: lab-{APP} 1.1 installed, failed to start, and was taken back; "
            f"its {len(before)} packages are those from before, but for {stays}, which only go forward.\n"
            "shop2, data2: patched with what the canaries proved; the run went on within its budget."
        )
        _patchops("status", expected=_DONE)
        _closing(inventory if keep else None, time.monotonic() - started)


@contextmanager
def _lab(keep: bool) -> Iterator[Lab]:
    if any(paths.state.name == NAME for paths in known_labs()):
        take_down(NAME)
    _heading("Six hosts: Debian 11, 12 and 13 with systemd, ssh and pending updates (images are cached)")
    lab = Lab.up(SPEC, click.echo)
    finished = False
    try:
        yield lab
        finished = True
    finally:
        if not (keep and finished):
            lab.down()


def _check_broken(report: dict[str, Any], before: Packages, after: Packages) -> str:
    """Make sure that the broken host was taken back; return the names of what stays on it."""
    entry = next(host for host in report["hosts"] if host["host"] == BROKEN)
    outcome = entry["outcome"]
    if outcome["class"] != "reverted":
        raise DemoFailed(
            f"{BROKEN} should have been taken back, but is {outcome['class']}: {outcome['message']}"
        )
    stays = {one["name"] for one in entry["way_back"]["forward_only"]}
    if {one[0] for one in before ^ after} - stays:
        raise DemoFailed(f"{BROKEN} was taken back, but its packages are not those from before.")
    return ", ".join(sorted(stays))


def _without_hosts(reason: str) -> None:
    click.echo(f"No hosts can be made here ({reason}); scanning this machine itself instead.")
    name = platform.node() or "localhost"
    python = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = Path(os.environ["PATCHOPS_DATA"], "this-machine.json")
    inventory.parent.mkdir(parents=True, exist_ok=True)
    inventory.write_text(json.dumps({"all": {"hosts": {name: python}}}), encoding="utf-8")
    target = ("-i", str(inventory), "--limit", name)
    # Who is not root goes by the lists that this machine has; he may not fetch new ones.
    without_root = {
        "ansible_become": False,
        "patchops_discover_refresh": False,
        "patchops_deploy_refresh": False,
    }
    root = () if os.geteuid() == 0 else ("-e", json.dumps(without_root))
    _heading("Scan: what is pending?")
    _patchops("scan", *target, *root)
    _heading("Plan the security updates in check mode; nothing is changed")
    _patchops("patch", *target, *root, "--select", "security", "--check")
    _closing(None, None)


def _patchops(*arguments: str, expected: int | None = None) -> None:
    shown = "patchops " + " ".join(arguments)
    click.secho(f"$ {shown}", dim=True)
    sys.stdout.flush()
    command = [sys.executable, "-m", "patchops", *arguments]
    status = subprocess.run(command, env={**_PATIENT, **os.environ}, check=False).returncode
    if expected is not None and status != expected:
        raise DemoFailed(f"'{shown}' ended with {status} and not {expected}; see above and its log.")


def _newest_report() -> dict[str, Any]:
    report: dict[str, Any] = json.loads(_told("report", "--json"))
    return report


def _told(*arguments: str) -> str:
    command = [sys.executable, "-m", "patchops", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _heading(text: str) -> None:
    click.secho(f"\n== {text}", bold=True)


def _closing(inventory: str | None, seconds: float | None) -> None:
    _heading("Done" if seconds is None else f"Done in {seconds:.0f} seconds")
    data = os.environ["PATCHOPS_DATA"]
    click.echo(f"The report, for a browser: {_told('report', '--path').strip()}")
    click.echo(f"Reports and history: {data}\n\nTry next:")
    show = f"PATCHOPS_DATA={data} .venv/bin/patchops"
    click.echo(f"  {show} report            # the newest report, and the path of its page")
    if inventory:
        click.echo(f"  {show} rollback -i {inventory} --limit data2")
        click.echo(f"  .venv/bin/patchops lab ssh {NAME} {BROKEN}\n  .venv/bin/patchops lab down {NAME}")
    else:
        click.echo("  KEEP=1 make demo            # keeps the hosts up")
        click.echo(f"  {show} scan -i YOUR-INVENTORY")


if __name__ == "__main__":
    main()
