# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix as data: what is broken, when, on which package managers, and what comes of it.

test_matrix.py runs every row on real hosts, and `make docs` writes the table from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from patchops_lab.distributions import DISTRIBUTIONS

# When a fault strikes.
BEFORE = "before the call"
DOWNLOADING = "while packages are downloaded"
UNPACKING = "while packages are unpacked"
INSTALLING = "while packages are installed"
TAKING_BACK = "while they are taken back"
REBOOTING = "at the reboot"
AFTER_INSTALL = "when its service starts"

# What the host has then. Unfinished: the call can't say, and the second one ends what the first began.
FORMER, PLANNED, UNFINISHED = "former", "planned", "unfinished"

# Where every row runs, and where those do that depend on the package manager most.
EVERYTHING = ("bookworm", "rocky9")
REPRESENTATIVE = ("bullseye", "trixie", "fedora42", "sles15", "arch")


def manager_of(release: str) -> str:
    """The package manager of a distribution."""
    return DISTRIBUTIONS[release].package_manager


@dataclass(frozen=True)
class Expected:
    """What comes of a fault.

    :ivar code: the outcome of the call, or several with | where chance decides; empty: its caller is dead
    :ivar packages: what the host has after it: FORMER, PLANNED or UNFINISHED
    :ivar names: what the message names (a regular expression)
    :ivar again: the outcome of the same call once the fault is gone
    :ivar at_last: what the host has then
    """

    code: str
    packages: str
    names: str
    again: str = "applied"
    at_last: str = PLANNED

    @property
    def codes(self) -> list[str]:
        """The outcomes of the call; one that is empty: its caller is dead."""
        return self.code.split("|")

    @property
    def ends(self) -> list[tuple[str, str]]:
        """The outcome of the second call and what the host has then; several where chance decides."""
        return list(zip(self.again.split("|"), self.at_last.split("|"), strict=True))


@dataclass(frozen=True)
class Row:
    """One fault.

    :ivar fault: for people
    :ivar kind: what patchops_lab.faults or trial.py make; empty: the package brings it
    :ivar target: of that fault; {host}, {updates} and {installed} are filled in
    :ivar apps: the lab's packages that are asked for; empty: the kernel
    :ivar host: which one of the lab (trial.py)
    :ivar play: the playbook `patch` runs, and not the module alone
    :ivar options: of the call
    :ivar differs: where a package manager comes to something else
    :ivar not_on: package managers that can't suffer it, and why
    :ivar representative: it runs on every distribution, not only on EVERYTHING
    :ivar quick: the distributions where `make test` has it
    """

    fault: str
    when: str
    expected: Expected
    kind: str = ""
    target: str = "{host}"
    apps: tuple[str, ...] = ("goodapp", "slowapp")
    host: str = "victim"
    play: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    differs: Mapping[str, Expected] = field(default_factory=dict)
    not_on: Mapping[str, str] = field(default_factory=dict)
    representative: bool = False
    quick: frozenset[str] = frozenset()

    def expected_on(self, release: str) -> Expected:
        """What comes of it on a distribution."""
        return self.differs.get(manager_of(release), self.expected)

    def releases(self) -> Iterator[str]:
        """Where it runs."""
        for release in EVERYTHING + (REPRESENTATIVE if self.representative else ()):
            if manager_of(release) not in self.not_on:
                yield release


_QUICK = frozenset({"bookworm"})
_NO_DATES = "whose repositories have no date after which their lists are void"
# A host that stays away: the caller gives up before the host is back.
_IMPATIENT = {"timeout": 20}


def _refused(code: str, names: str) -> Expected:
    return Expected(code, FORMER, names)


# Without room some package managers can't even say what is installed.
_FULL = Expected(
    "state_mixed|outcome_unknown",
    UNFINISHED,
    "No space left on device|Write error|dnf ended without an answer",
)
_TAKEN_BACK = Expected("install_taken_back", FORMER, "", "still_blocked", FORMER)
_DONE = Expected("applied", PLANNED, "packages changed as planned", "nothing_to_do")
_LOST = Expected("outcome_unknown", UNFINISHED, "can't be asked any more")
_NOT_TAKEN_BACK_YET = Expected("outcome_unknown", UNFINISHED, "can't be asked any more", "taken_back", FORMER)

ROWS: tuple[Row, ...] = (
    # The connection
    Row(
        "the connection is cut",
        DOWNLOADING,
        Expected("outcome_unknown", FORMER, "victim can't be asked any more"),
        "cut",
        options=_IMPATIENT,
    ),
    Row(
        "the connection is cut",
        INSTALLING,
        Expected("outcome_unknown", PLANNED, "victim can't be asked any more", "nothing_to_do"),
        "cut",
        options=_IMPATIENT,
        representative=True,
    ),
    Row(
        "the connection is cut",
        TAKING_BACK,
        Expected("outcome_unknown", FORMER, "victim can't be asked any more", "taken_back", FORMER),
        "cut",
        options=_IMPATIENT,
    ),
    Row(
        "the connection is cut for eight seconds",
        INSTALLING,
        Expected("applied", PLANNED, "2 packages changed as planned", "nothing_to_do"),
        "cut-for-a-while",
        quick=_QUICK,
    ),
    Row("every tenth packet is lost", BEFORE, _DONE, "loss"),
    Row(
        "the host's bastion dies",
        INSTALLING,
        Expected("outcome_unknown", PLANNED, "inner can't be asked any more", "nothing_to_do"),
        "bastion-dead",
        host="inner",
        options=_IMPATIENT,
    ),
    # Power
    Row(
        "the host's power is cut",
        DOWNLOADING,
        Expected("outcome_unknown", FORMER, "can't be asked any more"),
        "power-cut",
        options=_IMPATIENT,
    ),
    Row(
        "the host's power is cut",
        INSTALLING,
        _LOST,
        "power-cut",
        options=_IMPATIENT,
        representative=True,
    ),
    Row("the host's power is cut", TAKING_BACK, _NOT_TAKEN_BACK_YET, "power-cut", options=_IMPATIENT),
    Row(
        "the host does not return",
        REBOOTING,
        Expected("reboot_failed", PLANNED, "did not come back within", "verified"),
        "no-return",
        apps=("goodapp",),
        play=True,
        options={"reboot": "always", "reboot_timeout": 20},
    ),
    # Processes
    Row(
        "the package manager is killed",
        INSTALLING,
        _TAKEN_BACK,
        "package-manager-killed",
        representative=True,
    ),
    Row(
        "the package manager is killed",
        TAKING_BACK,
        Expected("taken_back", FORMER, "back at the former versions", "taken_back", FORMER),
        "package-manager-killed",
    ),
    Row(
        "a package kills the package manager",
        INSTALLING,
        _TAKEN_BACK,
        apps=("goodapp", "killapp"),
    ),
    Row("the transaction's worker is killed", INSTALLING, _DONE, "worker-killed"),
    Row("sshd is killed", INSTALLING, _DONE, "sshd-killed"),
    Row(
        "the controller is killed",
        INSTALLING,
        Expected("", UNFINISHED, ""),
        "controller-killed",
        quick=_QUICK,
    ),
    Row(
        "another program holds the package manager's lock",
        BEFORE,
        _refused("lock_held", "python3"),
        "lock",
        options={"lock_timeout": 3},
        representative=True,
        quick=_QUICK,
    ),
    # Packages
    Row(
        "a package's script fails",
        INSTALLING,
        Expected("install_taken_back", FORMER, "lab-failapp", "still_blocked", FORMER),
        apps=("goodapp", "failapp"),
        representative=True,
    ),
    Row(
        "the updated service does not start",
        AFTER_INSTALL,
        Expected("rolled_back", FORMER, "lab-webapp.service", "still_blocked", FORMER),
        apps=("webapp",),
        play=True,
    ),
    # Room
    Row(
        "the package cache is full",
        BEFORE,
        _DONE,
        "disk-full",
        differs={"dnf": _refused("no_space", "could not be had")},
    ),
    Row(
        "/var/lib/patchops is full",
        BEFORE,
        _refused("no_space", "/var/lib/patchops"),
        "state-full",
        quick=_QUICK,
    ),
    Row(
        "/ is full",
        BEFORE,
        # Without a block for the login user Ansible itself has no way in: which comes first is chance.
        _refused("no_space|no_temporary_space", "^Too little room: / is full|: no temporary space"),
        "root-full",
        host="small",
    ),
    Row(
        "/ is full but for 4 MiB",
        BEFORE,
        _refused("no_space", "^Too little room: / "),
        "root-nearly-full",
        host="small",
    ),
    Row(
        "/ fills up",
        UNPACKING,
        _refused("no_space", "No space left on device"),
        "root-full",
        host="small",
        differs={"dnf": _FULL},
    ),
    Row(
        "/ fills up",
        INSTALLING,
        _FULL,
        "root-full",
        host="small",
        # Where its history could not be written it counts as failed, although the packages had come.
        differs={"dnf": replace(_FULL, again="applied|install_taken_back", at_last=f"{PLANNED}|{FORMER}")},
    ),
    Row(
        "/boot is full, and a kernel is to come",
        BEFORE,
        _refused("no_space", "/boot"),
        "boot-full",
        apps=(),
        quick=_QUICK,
    ),
    # Repositories
    Row(
        "the mirror answers with errors",
        BEFORE,
        _refused("repository_unreadable", "503|temporarily unaccessible"),
        "mirror-error",
        "503",
    ),
    Row("the mirror sends 3000 bytes a second", BEFORE, _DONE, "slow-mirror", "3000"),
    Row(
        "the lists are not what was signed",
        BEFORE,
        _refused("repository_unsigned", "(?i)sign"),
        "bad-signature",
        "{updates}",
        representative=True,
    ),
    Row(
        "the signed lists are past their date",
        BEFORE,
        _refused("repository_expired", "expired"),
        "expired",
        "{updates}",
        not_on=dict.fromkeys(("dnf", "dnf5", "zypper", "pacman"), _NO_DATES),
        quick=_QUICK,
        representative=True,
    ),
    Row(
        "the file of a listed package is gone",
        BEFORE,
        _refused("download_failed", "lab-goodapp"),
        "missing-file",
        "{updates}/lab-goodapp",
        representative=True,
    ),
    Row(
        "a package has other bytes than listed",
        BEFORE,
        _refused("checksum_mismatch", "lab-goodapp"),
        "flipped-bytes",
        "{updates}/lab-goodapp",
        # dnf tries the next mirror, and at last says only that there is none left.
        differs={"dnf": _refused("download_failed", "lab-goodapp")},
        representative=True,
    ),
    Row(
        "the mirror has dropped the installed version",
        BEFORE,
        _refused("no_way_back", "lab-goodapp"),
        "old-withdrawn",
        "{installed}/lab-goodapp",
    ),
    # The clock
    Row(
        "to the package manager the clock is 40 days ahead",
        BEFORE,
        _refused("repository_expired", "expired"),
        "clock-ahead",
        host="clock",
        differs={"dnf": _DONE, "zypper": _DONE},
    ),
    Row(
        "to the package manager the clock is 40 days behind",
        BEFORE,
        _refused("repository_expired", "not valid yet"),
        "clock-behind",
        host="clock",
        differs={manager: _refused("repository_unsigned", "baseos") for manager in ("dnf", "zypper")},
    ),
)
