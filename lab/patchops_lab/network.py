# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own network: a namespace with one bridge, the same addresses in every lab."""

import ipaddress
import subprocess

from patchops_lab.commands import run
from patchops_lab.paths import LabPaths

NETWORK = ipaddress.IPv4Network("10.99.0.0/20")
BRIDGE = "lab0"
MIRROR_NAME = "mirror.lab"
_FIRST_HOST = 11
# So many of the packets of a line that loses some.
_LOSS = 0.1


def mirror_address() -> str:
    """The bridge's own address, where the repository is served."""
    return str(NETWORK[1])


def host_address(number: int) -> str:
    """The address of the host with this number, counted from 0."""
    return str(NETWORK[_FIRST_HOST + number])


def interface(machine: str) -> str:
    """The host's network interface, as it is called on the bridge."""
    return f"vb-{machine}"


def inside(paths: LabPaths) -> list[str]:
    """The words to put before a command so that it runs in the lab's network.

    nsenter and not "ip netns exec": that mounts another /sys, in which the control groups are missing.
    """
    return ["nsenter", f"--net={paths.namespace}", "--"]


def create_bridge() -> None:
    """Make the bridge in the caller's own network namespace."""
    for words in (
        ["link", "set", "lo", "up"],
        ["link", "add", BRIDGE, "type", "bridge"],
        ["address", "add", f"{mirror_address()}/{NETWORK.prefixlen}", "dev", BRIDGE],
        ["link", "set", BRIDGE, "up"],
    ):
        run(["ip", *words], doing="set up the lab's bridge")


def set_cut(paths: LabPaths, machine: str, cut: bool) -> None:
    """Pull a host's cable, or plug it in again."""
    run(
        [*inside(paths), "ip", "link", "set", interface(machine), "down" if cut else "up"],
        doing=f"{'cut' if cut else 'reconnect'} {machine}",
    )


def set_loss(paths: LabPaths, address: str, lossy: bool) -> None:
    """Have the line between a host and this side of the bridge lose packets, or none any more."""
    chance = ["-m", "statistic", "--mode", "random", "--probability", str(_LOSS), "-j", "DROP"]
    for rule in (["INPUT", "-s", address, *chance], ["OUTPUT", "-d", address, *chance]):
        run(
            [*inside(paths), "iptables", "--wait", "--append" if lossy else "--delete", *rule],
            doing=f"{'make' if lossy else 'mend'} the bad line to {address}",
        )


def close_shared_connections(paths: LabPaths) -> None:
    """End the ssh processes that wait in the background to share their connection to a host."""
    for socket in paths.ssh_sockets.glob("*"):
        # One that is stale already has nobody to answer, and nothing to end.
        subprocess.run(
            ["ssh", "-F", "none", "-O", "exit", "-o", f"ControlPath={socket}", "lab"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
