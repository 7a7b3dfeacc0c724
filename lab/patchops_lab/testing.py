# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests on lab hosts; a conftest.py imports those it offers from here."""

import os
from collections.abc import Callable, Iterator

import pytest

from patchops_lab import requirements
from patchops_lab.distributions import DEBIAN_RELEASES
from patchops_lab.errors import LabError
from patchops_lab.lab import Lab, take_down
from patchops_lab.mirror_faults import put_mirror_right
from patchops_lab.paths import LabPaths
from patchops_lab.spec import HostSpec, LabSpec
from patchops_lab.state import known_labs

MakeLab = Callable[..., Lab]
_PREFIX = "test-"


@pytest.fixture(scope="session")
def lab_machine() -> None:
    """Skips where no lab can be made, and removes the labs of test runs that were killed."""
    missing = requirements.missing()
    if missing:
        pytest.skip("NO LAB ON THIS MACHINE, its tests do not run: " + "; ".join(missing))
    for paths in known_labs():
        owner = paths.state.name.removeprefix(_PREFIX).partition("-")[0]
        if paths.state.name.startswith(_PREFIX) and owner.isdecimal() and not _runs(int(owner)):
            _take_down(paths)


@pytest.fixture(scope="module")
def make_lab(lab_machine: None) -> Iterator[MakeLab]:
    """Makes labs, make_lab(HostSpec(...), ..., old_gone=False), that go down after the module."""
    made: list[Lab] = []

    def make(*hosts: HostSpec, old_gone: bool = False) -> Lab:
        missing = requirements.missing_for(host.release for host in hosts)
        if missing:
            pytest.skip("NO SUCH HOSTS ON THIS MACHINE: " + "; ".join(missing))
        lab = Lab.up(LabSpec(_new_name(), hosts, old_gone))
        made.append(lab)
        return lab

    yield make
    for lab in made:
        lab.down()


@pytest.fixture(scope="session")
def shared_lab(lab_machine: None) -> Iterator[Lab]:
    """One lab for the whole session: a host of each release, named after it.

    Each has lab-goodapp, lab-heldapp on hold, lab-heldback, which waits for it, lab-libuser, which executes
    lab-library, and lab-exactuser, which needs just its own version of lab-exactbase.
    """
    hosts = tuple(
        HostSpec(release, release, apps=("goodapp", "heldback", "libuser", "exactuser"))
        for release in DEBIAN_RELEASES
    )
    lab = Lab.up(LabSpec(_new_name(), hosts))
    yield lab
    lab.down()


@pytest.fixture
def fresh_lab(shared_lab: Lab) -> Lab:
    """The shared lab with every host and the mirror as new."""
    renew(shared_lab)
    return shared_lab


def renew(lab: Lab) -> None:
    """Make every host and the mirror of a lab new again; takes about half a second a host."""
    put_mirror_right(lab)
    lab.fresh()


def _take_down(paths: LabPaths) -> None:
    try:
        take_down(paths.state.name)
    except LabError:
        # Another test run that starts at the same moment may have been faster.
        if paths.state.exists():
            raise


def _new_name() -> str:
    number = 1
    while (known := f"{_PREFIX}{os.getpid()}-{number}") in {paths.state.name for paths in known_labs()}:
        number += 1
    return known


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
