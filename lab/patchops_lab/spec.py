# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab as the lab file describes it: dataclasses without a rule of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class HostSpec:
    """One host of a lab.

    :ivar release: Debian's code name (bullseye, bookworm, trixie), or another of patchops_lab.distributions
    :ivar groups: inventory groups besides the one of its release
    :ivar variables: inventory variables of the host
    :ivar bastion: the host through which alone it can be reached by ssh
    :ivar sudo_password: what sudo asks the user "admin" for; None: nothing
    :ivar noexec_tmp: /tmp is mounted noexec
    :ivar third_party_repo: it has a vendor's repository, and lab-vendortool 1.0 from it
    :ivar security_repo: its sources name the security suite
    :ivar python: Python is installed
    :ivar python_apt: Python's bindings to apt are installed
    :ivar disk_mib: the size of its disk, a file of its own; None: as large as this machine's
    :ivar kernel: a kernel package is installed, and unattended-upgrades (for its reboot-required)
    :ivar packages: further Debian packages in the image
    :ivar apps: the lab's own packages it starts with in version 1.0 (see patchops_lab.distributions)
    """

    name: str
    release: str = "bookworm"
    groups: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    bastion: str | None = None
    sudo_password: str | None = None
    noexec_tmp: bool = False
    third_party_repo: bool = False
    security_repo: bool = True
    python: bool = True
    python_apt: bool = False
    disk_mib: int | None = None
    kernel: bool = False
    packages: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabSpec:
    """A lab: its hosts, and whether its mirror has dropped the superseded versions."""

    name: str
    hosts: tuple[HostSpec, ...]
    old_gone: bool = False
