# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that can be made in a lab, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from patchops_lab import host_faults
from patchops_lab.distributions.base import BrokenSuite
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.mirror_faults import answer_with, put_mirror_right, slow_down, suite_of

_Action = Callable[[Lab, str], None]


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    :ivar target: what it happens to: HOST, SUITE, SUITE/PACKAGE or a number
    """

    target: str
    what: str
    inject: _Action
    clear: _Action


def _of_host(what: str, inject: Callable[[LabHost], None], clear: Callable[[LabHost], None]) -> Fault:
    return Fault(
        "HOST", what, lambda lab, name: inject(lab.host(name)), lambda lab, name: clear(lab.host(name))
    )


def _of_suite(target: str, what: str, inject: Callable[[BrokenSuite], None]) -> Fault:
    return Fault(
        target,
        what,
        lambda lab, name: inject(suite_of(lab, name)),
        lambda lab, name: suite_of(lab, name.partition("/")[0]).put_right(),
    )


def _of_mirror(target: str, what: str, inject: _Action) -> Fault:
    return Fault(target, what, inject, lambda lab, _target: put_mirror_right(lab))


KINDS: dict[str, Fault] = {
    "cut": _of_host("nothing reaches the host; it runs on", host_faults.cut, host_faults.reconnect),
    "power-cut": _of_host("the host loses its power", host_faults.power_cut, host_faults.power_on),
    "no-return": _of_host("it stays down after its next reboot", host_faults.no_return, host_faults.power_on),
    "bastion-dead": _of_host(
        "the host through which it is reached loses its power",
        host_faults.kill_bastion,
        host_faults.start_bastion,
    ),
    "loss": _of_host("every tenth packet is lost", host_faults.lose_packets, host_faults.keep_packets),
    "lock": _of_host(
        "another program holds the locks of its package manager",
        host_faults.hold_lock,
        host_faults.release_lock,
    ),
    "package-manager-killed": _of_host(
        "what changes packages is killed", host_faults.kill_package_manager, lambda host: None
    ),
    "disk-full": _of_host(
        "no room for downloaded packages", host_faults.fill_cache, host_faults.make_room_in_cache
    ),
    "root-full": _of_host(
        "its disk, which has to be its own, is full",
        lambda host: host_faults.fill_disk(host, 0),
        host_faults.make_room_on_disk,
    ),
    "root-nearly-full": _of_host(
        "the same, but for 4 MiB",
        lambda host: host_faults.fill_disk(host, 4 * 1024 * 1024),
        host_faults.make_room_on_disk,
    ),
    "boot-full": _of_host(
        "no room in /boot",
        lambda host: host_faults.fill(host, "/boot"),
        lambda host: host_faults.make_room(host, "/boot"),
    ),
    "clock-ahead": _of_host(
        "to its package manager the clock is 40 days ahead",
        lambda host: host_faults.set_clock(host, "+40d"),
        host_faults.set_clock_right,
    ),
    "clock-behind": _of_host(
        "to its package manager the clock is 40 days behind",
        lambda host: host_faults.set_clock(host, "-40d"),
        host_faults.set_clock_right,
    ),
    "bad-signature": _of_suite(
        "SUITE", "the lists are not what was signed", lambda suite: suite.break_signature()
    ),
    "expired": _of_suite("SUITE", "the signed lists are past their date", lambda suite: suite.expire()),
    "missing-file": _of_suite(
        "SUITE/PACKAGE", "the file of a listed package is gone", lambda suite: suite.remove_file()
    ),
    "flipped-bytes": _of_suite(
        "SUITE/PACKAGE", "a file has other bytes than listed", lambda suite: suite.flip_bytes()
    ),
    "withdrawn": _of_suite(
        "SUITE/PACKAGE", "the mirror no longer has the package", lambda suite: suite.withdraw()
    ),
    "old-withdrawn": _of_suite(
        "SUITE/PACKAGE",
        "the mirror has the newest version of the package only",
        lambda suite: suite.withdraw_old(),
    ),
    "rebuilt": _of_suite(
        "SUITE/PACKAGE", "the same version, with other bytes", lambda suite: suite.rebuild()
    ),
    "newer": _of_suite(
        "SUITE/PACKAGE", "one of the lab's packages appears as 1.2", lambda suite: suite.publish_newer()
    ),
    "slow-mirror": _of_mirror("BYTES_A_SECOND", "the mirror is slow", slow_down),
    "mirror-error": _of_mirror("HTTP_STATUS", "the mirror answers with an error", answer_with),
}


def inject(lab: Lab, kind: str, target: str) -> None:
    """Make a fault (a key of KINDS).

    :raises LabError: the target doesn't exist or doesn't fit the kind
    """
    KINDS[kind].inject(lab, target)


def clear(lab: Lab, kind: str, target: str) -> None:
    """Put a fault right again; for a suite, all of its faults."""
    KINDS[kind].clear(lab, target)


def description() -> str:
    """A line for each kind, for people."""
    return "\n".join(f"{name} {fault.target}: {fault.what}" for name, fault in KINDS.items())
