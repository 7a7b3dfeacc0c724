# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SUSE Linux Enterprise Server 15: hosts with zypper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from patchops_lab.distributions.rpm import KEY_FILE, RpmDistribution
from patchops_lab.distributions.rpm_repository import ID
from patchops_lab.network import MIRROR_NAME
from patchops_lab.spec import HostSpec

_TWICE = "rpm -qa --queryformat '%{NAME}.%{ARCH}\\n' | grep -v ^kernel-core | sort | uniq --repeated"
# zypper takes no key that nobody has imported; on real hosts the installation did. Once: while packages are
# changed an import waits, and sshd with it.
_IMPORT_KEY = f"[Service]\nExecStartPre=sh -c 'rpm -q gpg-pubkey || rpm --import /{KEY_FILE}'\n"


class Sles(RpmDistribution):
    """SUSE Linux Enterprise Server 15, by its looks: zypper and rpm are Debian's."""

    release = "sles15"
    suite = "bookworm"
    image_packages = ("zypper", "libzypp-config", "rpm", "python3", "ca-certificates")
    os_release = """\
NAME="SLES"
VERSION="15-SP6"
VERSION_ID="15.6"
PRETTY_NAME="SUSE Linux Enterprise Server 15 SP6"
ID="sles"
ID_LIKE="suse"
CPE_NAME="cpe:/o:suse:sles:15:sp6"
"""
    package_manager = "zypper"
    package_cache = "/var/cache/zypp"
    lock_pids = ("/run/zypp.pid",)
    changing = "^(zypper|rpm) "
    auditing = ("sh", "-c", f"rpm -Va --nofiles; {_TWICE}")
    refreshing = ("zypper", "--non-interactive", "refresh")
    # zypper 1.14.42 has no command for it.
    listing_reasons = ("sh", "-c", "sort /var/lib/zypp/AutoInstalled | sed '/^#/d'")
    release_package = ("sles-release", "15.6")
    # Without glibc zypper takes every change for one that breaks the system.
    provides = ("product() = SLES", "glibc", *("/bin/sh", "python3", "systemd"))
    files: ClassVar[Mapping[str, str]] = {
        # Nothing came for others. Where the file is missing zypper guesses.
        "var/lib/zypp/AutoInstalled": "# AutoInstalled\n",
    }

    def upgrading(self, package: str) -> list[str]:
        # 4: a lock keeps it away. Named, the package is asked for; without names zypper would pass it over.
        return ["sh", "-c", f"zypper --non-interactive update {package} || test $? = 4"]

    def holding(self, package: str) -> list[str]:
        return ["zypper", "--non-interactive", "addlock", package]

    def host_files(self, host: HostSpec, public_key: str) -> dict[str, tuple[str, int]]:
        key = {"etc/systemd/system/ssh.service.d/lab-key.conf": (_IMPORT_KEY, 0o644)}
        return {**super().host_files(host, public_key), **key}

    def repository_file(self) -> tuple[str, str]:
        return "etc/zypp/repos.d/lab.repo", (
            f"[{ID}]\nname=SLES 15 - Updates\nbaseurl=http://{MIRROR_NAME}/{self.place}\n"
            f"enabled=1\nautorefresh=1\ngpgcheck=1\ngpgkey=file:///{KEY_FILE}\n"
        )
