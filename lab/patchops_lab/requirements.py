# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine needs so that a lab can be made on it, and what it can still do without."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from patchops_lab.cgroups import hierarchies
from patchops_lab.commands import search_path
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.errors import LabError
from patchops_lab.qemu import QEMU

# Program to the Debian package that brings it.
PROGRAMS = {
    "apt-ftparchive": "apt-utils",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "gpgconf": "gnupg",
    "ip": "iproute2",
    "iptables": "iptables",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "mount": "mount",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
    "useradd": "passwd",
}
# What emulated machines take besides; their images are those of Debian on this architecture.
MACHINE_PROGRAMS = {"debugfs": "e2fsprogs", "mke2fs": "e2fsprogs", QEMU: "qemu-system-x86"}
MACHINE_ARCHITECTURE = "x86_64"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
WITHOUT = (
    "Without a lab everything else works: scanning, patching and verifying hosts of your own inventory. "
    "Only the demo on lab hosts and the tests marked lab need one."
)
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
# Each host's systemd takes several; with the kernel's 128 about 15 hosts come up.
_INOTIFY_INSTANCES = 8192
_CAP_SYS_ADMIN = 21


def missing() -> list[str]:
    """What keeps this machine from making a lab, each with its remedy; empty when nothing does."""
    return [*_missing_system(), *_missing_programs()]


def missing_packages() -> list[str]:
    """The names of the Debian packages that bring what is missing here, for hosts of every kind."""
    of_distributions = [_missing_for(one.programs) for one in DISTRIBUTIONS.values()]
    of_machines = _missing_for(MACHINE_PROGRAMS) if os.uname().machine == MACHINE_ARCHITECTURE else []
    return sorted({*_missing_for(PROGRAMS), *of_machines, *chain.from_iterable(of_distributions)})


def demand() -> None:
    """Check that a lab can be made here.

    :raises LabError: it can't; says all that is missing and what works without it
    """
    found = missing()
    if found:
        listed = "\n".join(f"  - {line}" for line in found)
        raise LabError(f"A lab can't be made on this machine:\n{listed}\n{WITHOUT}")


def missing_for(releases: Iterable[str]) -> list[str]:
    """What keeps a machine that can make other hosts from making some of these releases."""
    found = []
    for release in sorted(set(releases)):
        packages = _missing_for(DISTRIBUTIONS[release].programs)
        if packages:
            found.append(f"hosts of {release} take more programs: apt-get install {' '.join(packages)}")
    return found


def missing_for_machines() -> list[str]:
    """What keeps a machine that can make other hosts from emulating one that boots from a disk."""
    if os.uname().machine != MACHINE_ARCHITECTURE:
        return [f"only machines of {MACHINE_ARCHITECTURE} are emulated, and this one is {os.uname().machine}"]
    packages = _missing_for(MACHINE_PROGRAMS)
    found = (
        [f"emulated machines take more programs: apt-get install {' '.join(packages)}"] if packages else []
    )
    return found if Path("/dev/net/tun").exists() else [*found, "the kernel has no /dev/net/tun"]


def demand_for(releases: Iterable[str]) -> None:
    """Check that hosts of these releases can be made here.

    :raises LabError: they can't; names the packages
    """
    for line in missing_for(releases):
        raise LabError(f"The lab can't be made on this machine: {line}")


def allow_many_hosts() -> None:
    """Raise the kernel's limit of inotify instances if it is low; it stays raised, other labs may need it."""
    if int(_INOTIFY.read_text(encoding="ascii")) < _INOTIFY_INSTANCES:
        _INOTIFY.write_text(str(_INOTIFY_INSTANCES), encoding="ascii")


def _missing_system() -> Iterator[str]:
    if not Path("/etc/debian_version").exists():
        yield "it is neither Debian nor Ubuntu: images are built with apt and mmdebstrap"
    if os.geteuid() != 0:
        yield "you are not root: run the command with sudo"
    elif not _has_capability(_CAP_SYS_ADMIN):
        yield "root lacks the capability SYS_ADMIN here (a container?): namespaces and mounts can't be made"
    elif not hierarchies() or not all(os.access(hierarchy, os.W_OK) for hierarchy in hierarchies()):
        yield "control groups can't be made below /sys/fs/cgroup (a container?)"
    known = Path("/proc/filesystems").read_text(encoding="ascii")
    if "overlay" not in known and _absent("modprobe"):
        yield "the kernel has no overlay file system"
    for name in ("mnt", "pid", "net"):
        if not Path("/proc/self/ns", name).exists():
            yield f"the kernel has no {name} namespaces"


def _missing_programs() -> Iterator[str]:
    packages = _missing_for(PROGRAMS)
    if packages:
        absent = ", ".join(sorted(program for program in PROGRAMS if _absent(program)))
        reason = f"programs are missing ({absent})" if absent else f"{KEYRING} is missing"
        yield f"{reason}: apt-get install {' '.join(packages)}"


def _missing_for(programs: Mapping[str, str]) -> list[str]:
    packages = {package for program, package in programs.items() if _absent(program)}
    if not KEYRING.exists():
        packages.add("debian-archive-keyring")
    return sorted(packages)


def _absent(program: str) -> bool:
    return shutil.which(program, path=search_path()) is None


def _has_capability(number: int) -> bool:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False
